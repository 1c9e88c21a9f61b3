// Hot: random reads of a whole mapped file, loop after loop on a fixed schedule, each loop timed.
// usage: hot --file F [--reads 1000] [--period-us 2000] [--seed 1] [--nice 0] [--cgroup DIR]
// commands: report
#include "workload.h"

static struct latencies loops;

static int handle(const char *line) {
  if (strcmp(line, "report") != 0) return 0;
  report_latencies(&loops);
  return 1;
}

int main(int argc, char **argv) {
  begin(argc, argv);
  size_t bytes;
  unsigned char *memory = map_clean_file(option(argc, argv, "--file", NULL), &bytes);
  madvise(memory, bytes, MADV_RANDOM);
  uint64_t pages = bytes / PAGE, seed = (uint64_t)number(argc, argv, "--seed", "1");
  uint64_t reads = (uint64_t)number(argc, argv, "--reads", "1000");
  uint64_t period_ns = (uint64_t)number(argc, argv, "--period-us", "2000") * 1000;
  for (uint64_t i = 0; i < pages; i++) sink += memory[i * PAGE];
  say_ready(memory, bytes);
  for (uint64_t due = now_ns();;) {
    uint64_t start = now_ns();
    for (uint64_t i = 0; i < reads; i++) sink += memory[next_random(&seed) % pages * PAGE];
    uint64_t end = now_ns();
    note_latency(&loops, end - start);
    // A loop that overran its period is followed at once by the next, without a backlog.
    due = due + period_ns > end ? due + period_ns : end;
    wait_until(due, handle);
  }
}
