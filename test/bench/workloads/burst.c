// Burst: works through all of its memory for about 2.4 s (a fixed amount of work), every 16–20 s with
// 6 % jitter, and times each burst.
// usage: burst [--mib 500] [--visits N] [--period-s 18] [--jitter 0.06] [--seed 2] [--cgroup DIR]
// commands: report (the bursts since the last one)
#include "workload.h"

#define MAX_BURSTS 256
static double bursts_ms[MAX_BURSTS];
static int burst_count = 0;

static int handle(const char *line) {
  if (strcmp(line, "report") != 0) return 0;
  printf("{\"burstsMs\":[");
  for (int i = 0; i < burst_count; i++) printf(i ? ",%.1f" : "%.1f", bursts_ms[i]);
  printf("]}\n");
  fflush(stdout);
  burst_count = 0;
  return 1;
}

// Reads and mixes a whole page, several rounds: the work of one visit.
static void visit(unsigned char *page) {
  uint64_t sum = 0;
  for (int round = 0; round < 4; round++)
    for (size_t i = 0; i < PAGE / 8; i++) sum = (sum ^ ((uint64_t *)page)[i]) * 0x9e3779b97f4a7c15ULL;
  *(uint64_t *)page = sum;
}

int main(int argc, char **argv) {
  begin(argc, argv);
  size_t pages = (size_t)number(argc, argv, "--mib", "500") * MIB / PAGE;
  uint64_t visits = (uint64_t)number(argc, argv, "--visits", "940000");
  double period_ns = number(argc, argv, "--period-s", "18") * 1e9, jitter = number(argc, argv, "--jitter", "0.06");
  uint64_t seed = (uint64_t)number(argc, argv, "--seed", "2");
  unsigned char *memory = map_filled(pages * PAGE, atof(RANDOM_SHARE), seed);
  say_ready(memory, pages * PAGE);
  for (uint64_t due = now_ns() + (uint64_t)(period_ns / 2);;) {
    wait_until(due, handle);
    uint64_t start = now_ns();
    for (uint64_t i = 0; i < visits; i++) visit(memory + i % pages * PAGE);
    if (burst_count < MAX_BURSTS) bursts_ms[burst_count++] = (double)(now_ns() - start) / 1e6;
    due += (uint64_t)(period_ns * (1 + jitter * (2 * next_uniform(&seed) - 1)));
  }
}
