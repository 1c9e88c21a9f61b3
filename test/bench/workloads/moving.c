// Moving: a table of which one region in ten is hot; the region jumps to another place every 35–40 s.
// usage: moving [--mib 800] [--rate 4000] [--hot-share 0.1] [--seed 4] [--cgroup DIR]; commands: report
#include "workload.h"

static struct latencies reads;

static int handle(const char *line) {
  if (strcmp(line, "report") != 0) return 0;
  report_latencies(&reads);
  return 1;
}

int main(int argc, char **argv) {
  begin(argc, argv);
  uint64_t pages = (uint64_t)number(argc, argv, "--mib", "800") * MIB / PAGE;
  uint64_t hot_pages = (uint64_t)((double)pages * number(argc, argv, "--hot-share", "0.1"));
  uint64_t period_ns = (uint64_t)(1e9 / number(argc, argv, "--rate", "4000"));
  uint64_t seed = (uint64_t)number(argc, argv, "--seed", "4");
  unsigned char *table = map_filled(pages * PAGE, atof(RANDOM_SHARE), seed);
  say_ready(table, pages * PAGE);
  uint64_t first = 0, moves_at = 0;
  for (uint64_t due = now_ns();; due += period_ns) {
    wait_until(due, handle);
    if (due >= moves_at) {
      first = next_random(&seed) % (pages - hot_pages);
      moves_at = due + (uint64_t)((35 + 5 * next_uniform(&seed)) * 1e9);
    }
    uint64_t *page = (uint64_t *)(table + (first + next_random(&seed) % hot_pages) * PAGE);
    for (size_t i = 0; i < PAGE / 8; i += 8) sink += page[i];
    page[0]++;
    note_latency(&reads, now_ns() - due);
  }
}
