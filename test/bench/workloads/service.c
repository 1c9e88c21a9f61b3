// Service: holds much and uses the same small part of it again and again.
// usage: service [--mib 568] [--used-share 0.05] [--rate 2000] [--seed 5] [--cgroup DIR]; commands: report
#include "workload.h"

static struct latencies requests;

static int handle(const char *line) {
  if (strcmp(line, "report") != 0) return 0;
  report_latencies(&requests);
  return 1;
}

int main(int argc, char **argv) {
  begin(argc, argv);
  uint64_t pages = (uint64_t)number(argc, argv, "--mib", "568") * MIB / PAGE;
  uint64_t used = (uint64_t)((double)pages * number(argc, argv, "--used-share", "0.05"));
  uint64_t period_ns = (uint64_t)(1e9 / number(argc, argv, "--rate", "2000"));
  uint64_t seed = (uint64_t)number(argc, argv, "--seed", "5");
  unsigned char *memory = map_filled(pages * PAGE, atof(RANDOM_SHARE), seed);
  // The used part lies in four places, as live objects do after a while.
  uint64_t quarter = used / 4, stride = pages / 4;
  say_ready(memory, pages * PAGE);
  for (uint64_t due = now_ns();; due += period_ns) {
    wait_until(due, handle);
    uint64_t pick = next_random(&seed) % (quarter * 4);
    uint64_t *page = (uint64_t *)(memory + (pick / quarter * stride + pick % quarter) * PAGE);
    for (size_t i = 0; i < PAGE / 8; i += 8) sink += page[i];
    page[0]++;
    note_latency(&requests, now_ns() - due);
  }
}
