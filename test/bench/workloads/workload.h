// What every workload shares: clock, seeded numbers, latency histogram, options, and the protocol on
// its pipes. A workload prints one line {"ready":true,...}, then answers each line it is sent with one
// line of JSON. It ends with its parent and with its standard input.
#ifndef WORKLOAD_H
#define WORKLOAD_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL
#define MIB (1UL << 20)
#define NS_PER_S 1000000000ULL

static inline void die(const char *format, ...) {
  va_list args;
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fprintf(stderr, errno ? ": %s\n" : "\n", strerror(errno));
  exit(1);
}

static inline uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

// splitmix64: the same seed gives the same schedule in every block.
static inline uint64_t next_random(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// Uniform in (0, 1].
static inline double next_uniform(uint64_t *state) {
  return (double)((next_random(state) >> 11) + 1) / 9007199254740992.0;
}

// Latencies: 64 steps to every doubling, so a percentile is off by 1.6 % at most.
#define SUB 64
#define BUCKETS (SUB * 48)
#define LATE_NS 1000000ULL
struct latencies {
  uint64_t count, sum_ns, max_ns, late;
  uint32_t bucket[BUCKETS];
};

static inline int bucket_of(uint64_t ns) {
  if (ns < SUB) return (int)ns;
  int shift = 63 - __builtin_clzll(ns) - 6;
  int at = (shift + 1) * SUB + (int)((ns >> shift) - SUB);
  return at < BUCKETS ? at : BUCKETS - 1;
}

static inline uint64_t value_of(int bucket) {
  if (bucket < SUB) return (uint64_t)bucket;
  int shift = bucket / SUB - 1;
  return ((uint64_t)(bucket % SUB) + SUB) << shift;
}

static inline void note_latency(struct latencies *l, uint64_t ns) {
  l->count++;
  l->sum_ns += ns;
  if (ns > l->max_ns) l->max_ns = ns;
  if (ns > LATE_NS) l->late++;
  l->bucket[bucket_of(ns)]++;
}

static inline double percentile_us(const struct latencies *l, double q) {
  uint64_t wanted = (uint64_t)ceil(q * (double)l->count), seen = 0;
  for (int i = 0; i < BUCKETS; i++)
    if ((seen += l->bucket[i]) >= wanted && seen > 0) return (double)value_of(i) / 1000;
  return 0;
}

// One line with everything since the last report, then starts anew.
static inline void report_latencies(struct latencies *l) {
  double mean_us = l->count ? (double)l->sum_ns / (double)l->count / 1000 : 0;
  printf("{\"count\":%lu,\"meanUs\":%.3f,\"p50Us\":%.3f,\"p99Us\":%.3f,\"maxUs\":%.3f,\"late\":%lu}\n", l->count,
         mean_us, percentile_us(l, 0.5), percentile_us(l, 0.99), (double)l->max_ns / 1000, l->late);
  fflush(stdout);
  memset(l, 0, sizeof *l);
}

// Answers one command; returns 0 for one it does not know.
typedef int (*command_handler)(const char *line);

static inline void read_commands(command_handler handle) {
  static char line[256];
  static size_t length = 0;
  ssize_t got = read(0, line + length, sizeof line - 1 - length);
  if (got <= 0) exit(0);
  length += (size_t)got;
  for (char *end; (end = memchr(line, '\n', length)) != NULL;) {
    *end = 0;
    if (!handle(line)) die("unknown command \"%s\"", line);
    length -= (size_t)(end + 1 - line);
    memmove(line, end + 1, length);
  }
}

// Sleeps until a moment, answering commands meanwhile.
static inline void wait_until(uint64_t deadline_ns, command_handler handle) {
  for (;;) {
    uint64_t now = now_ns();
    uint64_t left = deadline_ns > now ? deadline_ns - now : 0;
    struct timespec timeout = {(time_t)(left / NS_PER_S), (long)(left % NS_PER_S)};
    struct pollfd input = {0, POLLIN, 0};
    int ready = ppoll(&input, 1, &timeout, NULL);
    if (ready > 0) read_commands(handle);
    else if (ready == 0) return;
  }
}

static inline const char *option(int argc, char **argv, const char *name, const char *fallback) {
  for (int i = 1; i + 1 < argc; i += 2)
    if (strcmp(argv[i], name) == 0) return argv[i + 1];
  if (fallback == NULL) die("%s is missing", name);
  return fallback;
}

static inline double number(int argc, char **argv, const char *name, const char *fallback) {
  return atof(option(argc, argv, name, fallback));
}

// Ends with the parent; joins the cgroup before the first page, because a charge does not move later.
static inline void begin(int argc, char **argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_TIMERSLACK, 1UL);
  // Where allowed: ahead of other work on the host, so that what is measured is memory and not its turn.
  setpriority(PRIO_PROCESS, 0, (int)number(argc, argv, "--nice", "0"));
  const char *cgroup = option(argc, argv, "--cgroup", "");
  if (*cgroup == 0) return;
  char path[512];
  snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
  FILE *procs = fopen(path, "w");
  if (procs == NULL || fprintf(procs, "%d\n", getpid()) < 0 || fclose(procs) != 0) die("cannot join %s", cgroup);
}

static inline void say_ready(const void *start, size_t bytes) {
  printf("{\"ready\":true,\"start\":\"%lx\",\"bytes\":%zu}\n", (unsigned long)start, bytes);
  fflush(stdout);
}

// A page like those of real heaps: `random_share` of it does not compress, the rest does.
static inline void fill_page(unsigned char *page, double random_share, uint64_t *seed) {
  size_t random_bytes = (size_t)(random_share * PAGE) & ~7UL;
  for (size_t i = 0; i < random_bytes; i += 8) *(uint64_t *)(page + i) = next_random(seed);
  for (size_t i = random_bytes; i < PAGE; i += 8) *(uint64_t *)(page + i) = 0x2020202020202020ULL;
}

// lzo-rle takes such pages to about 1/2.2 of their size.
#define RANDOM_SHARE "0.4"

static inline unsigned char *map_filled(size_t bytes, double random_share, uint64_t seed) {
  unsigned char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) die("cannot map %zu bytes", bytes);
  // Huge pages would make a region one page.
  madvise(memory, bytes, MADV_NOHUGEPAGE);
  for (size_t at = 0; at < bytes; at += PAGE) fill_page(memory + at, random_share, &seed);
  return memory;
}

// Maps a file whose pages are clean, read anew so that they are charged to this process's cgroup.
static inline unsigned char *map_clean_file(const char *path, size_t *bytes) {
  int fd = open(path, O_RDONLY);
  struct stat about;
  if (fd < 0 || fstat(fd, &about) != 0) die("cannot open %s", path);
  *bytes = (size_t)about.st_size;
  posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  static char buffer[MIB];
  for (ssize_t got; (got = read(fd, buffer, sizeof buffer)) != 0;)
    if (got < 0) die("cannot read %s", path);
  unsigned char *memory = mmap(NULL, *bytes, PROT_READ, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) die("cannot map %s", path);
  close(fd);
  return memory;
}

static volatile uint64_t sink;
#endif
