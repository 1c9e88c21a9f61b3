// Pressure: once told to `go`, takes anonymous memory step by step, then keeps it dirty while it reads a
// file over and over, beyond the limit of its cgroup.
// usage: pressure --file F --anon-mib N [--grow-s 10] [--file-mib-s 200] [--cgroup DIR]
// commands: go, report
#include "workload.h"

static struct latencies reads;
static int is_going = 0;

static int handle(const char *line) {
  if (strcmp(line, "go") == 0) {
    is_going = 1;
    printf("{\"going\":true}\n");
    fflush(stdout);
    return 1;
  }
  if (strcmp(line, "report") != 0) return 0;
  report_latencies(&reads);
  return 1;
}

int main(int argc, char **argv) {
  begin(argc, argv);
  int fd = open(option(argc, argv, "--file", NULL), O_RDONLY);
  if (fd < 0) die("cannot open the file");
  posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  size_t anon_pages = (size_t)number(argc, argv, "--anon-mib", NULL) * MIB / PAGE;
  unsigned char *anon =
      mmap(NULL, anon_pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  static char buffer[MIB];
  if (anon == MAP_FAILED) die("cannot map");
  double grow_ns = number(argc, argv, "--grow-s", "10") * 1e9;
  uint64_t step_ns = (uint64_t)(1e9 / number(argc, argv, "--file-mib-s", "200"));
  say_ready(anon, anon_pages * PAGE);
  while (!is_going) read_commands(handle);
  uint64_t start = now_ns(), seed = 3, rounds = 0;
  size_t taken = 0;
  for (uint64_t due = start;; due += step_ns) {
    wait_until(due, handle);
    double share = (double)(now_ns() - start) / grow_ns;
    size_t wanted = share < 1 ? (size_t)(share * (double)anon_pages) : anon_pages;
    for (; taken < wanted; taken++) fill_page(anon + taken * PAGE, atof(RANDOM_SHARE), &seed);
    for (size_t i = 0; i < 64 && taken > 0; i++) anon[next_random(&seed) % taken * PAGE]++;
    uint64_t before = now_ns();
    ssize_t got = read(fd, buffer, sizeof buffer);
    note_latency(&reads, now_ns() - before);
    if (got == 0) lseek(fd, 0, SEEK_SET);
    if (got < 0) die("cannot read");
    if (++rounds % 64 == 0 && now_ns() > due + NS_PER_S) due = now_ns();
  }
}
