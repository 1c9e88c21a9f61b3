// What the two policies share: the anonymous regions of their targets, pagemap, and PAGEOUT.
#ifndef POLICY_H
#define POLICY_H
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL
#define REGION (1UL << 20)
#define PAGES_PER_REGION (REGION / PAGE)
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#define PRESENT (1ULL << 63)
#define SWAPPED (1ULL << 62)

struct target {
  int pid, pidfd, pagemap;
};

static inline int open_target(struct target *t, int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/pagemap", pid);
  t->pid = pid;
  t->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  t->pagemap = open(path, O_RDONLY);
  return t->pidfd >= 0 && t->pagemap >= 0;
}

// Calls back for each private writable mapping without a file.
static inline void each_anonymous(int pid, void (*see)(void *, uint64_t, uint64_t), void *context) {
  char path[64], line[512];
  snprintf(path, sizeof path, "/proc/%d/maps", pid);
  FILE *maps = fopen(path, "r");
  if (maps == NULL) return;
  while (fgets(line, sizeof line, maps)) {
    unsigned long start, end, inode;
    char permissions[5];
    if (sscanf(line, "%lx-%lx %4s %*x %*s %lu", &start, &end, permissions, &inode) != 4) continue;
    if (inode == 0 && strcmp(permissions, "rw-p") == 0 && strstr(line, "[stack") == NULL) see(context, start, end);
  }
  fclose(maps);
}

// Hands ranges to the kernel, 512 a call.
static inline void page_out(const struct target *t, struct iovec *ranges, size_t count) {
  for (size_t at = 0; at < count; at += 512) {
    size_t part = count - at < 512 ? count - at : 512;
    // A range may have been unmapped meanwhile: the others are still handed over, one by one.
    if (syscall(SYS_process_madvise, t->pidfd, ranges + at, part, MADV_PAGEOUT, 0) < 0)
      for (size_t i = 0; i < part; i++)
        syscall(SYS_process_madvise, t->pidfd, ranges + at + i, 1, MADV_PAGEOUT, 0);
  }
}

static inline void begin_policy(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setpriority(PRIO_PROCESS, 0, 10);
}

// A fixed grid of one second.
static inline void wait_second(void) {
  static struct timespec due = {0, 0};
  if (due.tv_sec == 0) clock_gettime(CLOCK_MONOTONIC, &due);
  due.tv_sec++;
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}
#endif
