// The Senpai law with a blind cursor: each second and target, current · 1 % · max(0, 1 − stall / 0.1 %)
// of resident memory, taken where the last step ended. Stall: major faults of the target, 5 µs each.
// usage: senpai PID...
#include "policy.h"

#define RATIO 0.01
#define STALL_LIMIT 0.001
#define FAULT_S 5e-6

struct walk {
  struct target target;
  uint64_t cursor, faults;
  int64_t left;
  struct iovec ranges[4096];
  size_t count;
};

static uint64_t major_faults(int pid) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int fd = open(path, O_RDONLY);
  ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  text[got > 0 ? got : 0] = 0;
  char *after = strrchr(text, ')');
  unsigned long faults = 0;
  if (after) sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %lu", &faults);
  return faults;
}

static uint64_t resident_pages(int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/statm", pid);
  FILE *statm = fopen(path, "r");
  unsigned long size, resident = 0;
  if (statm == NULL) return 0;
  if (fscanf(statm, "%lu %lu", &size, &resident) != 2) resident = 0;
  fclose(statm);
  return resident;
}

static void take(void *context, uint64_t start, uint64_t end) {
  struct walk *w = context;
  static uint64_t entries[PAGES_PER_REGION];
  for (uint64_t at = start > w->cursor ? start : w->cursor; at < end && w->left > 0 && w->count < 4096;) {
    uint64_t part = end - at < REGION ? end - at : REGION;
    ssize_t got = pread(w->target.pagemap, entries, part / PAGE * 8, (off_t)(at / PAGE * 8));
    for (ssize_t i = 0; i < got / 8; i++) w->left -= (entries[i] & PRESENT) != 0;
    w->ranges[w->count++] = (struct iovec){(void *)at, part};
    w->cursor = at += part;
  }
}

static void step(struct walk *w) {
  uint64_t faults = major_faults(w->target.pid);
  double stall = (double)(faults - w->faults) * FAULT_S;
  w->faults = faults;
  double scale = stall < STALL_LIMIT ? 1 - stall / STALL_LIMIT : 0;
  w->left = (int64_t)((double)resident_pages(w->target.pid) * RATIO * scale);
  w->count = 0;
  if (w->left <= 0) return;
  each_anonymous(w->target.pid, take, w);
  if (w->left > 0) {
    // The end of the address space: on from its beginning.
    w->cursor = 0;
    each_anonymous(w->target.pid, take, w);
  }
  page_out(&w->target, w->ranges, w->count);
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  begin_policy();
  int targets = argc - 1;
  struct walk *all = calloc((size_t)targets, sizeof *all);
  for (int i = 0; i < targets; i++) {
    if (!open_target(&all[i].target, atoi(argv[i + 1]))) return 1;
    all[i].faults = major_faults(all[i].target.pid);
  }
  for (;; wait_second())
    for (int i = 0; i < targets; i++) step(&all[i]);
}
