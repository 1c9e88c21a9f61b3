// Age of 1 MiB regions: each region keeps two probe pages paged out, looked for in pagemap once a second.
// A probe that is back, or any page that was not there before, means that the region was used. A region
// not used for T seconds is paged out whole.
// usage: age T PID...
#include "policy.h"

struct region {
  uint64_t start;
  uint32_t pages, present, probes[2];
  int idle_s;
  char is_out, is_seen, is_new;
};

struct regions {
  struct target target;
  struct region *list;
  size_t count, room;
};

static uint64_t entries[PAGES_PER_REGION];
static unsigned seed = 1;

static void note_region(struct regions *r, uint64_t start, uint64_t end) {
  for (size_t i = 0; i < r->count; i++)
    if (r->list[i].start == start) {
      r->list[i].is_seen = 1;
      r->list[i].pages = (uint32_t)((end - start) / PAGE);
      return;
    }
  if (r->count == r->room && (r->list = realloc(r->list, (r->room = r->room * 2 + 64) * sizeof *r->list)) == NULL)
    exit(1);
  r->list[r->count++] = (struct region){.start = start, .pages = (uint32_t)((end - start) / PAGE), .is_seen = 1, .is_new = 1};
}

static void see_mapping(void *context, uint64_t start, uint64_t end) {
  for (uint64_t at = start; at < end;) {
    uint64_t next = (at / REGION + 1) * REGION;
    note_region(context, at, next < end ? next : end);
    at = next;
  }
}

// Mappings are looked up anew now and then only: it takes longer than the look at the pages.
static void refresh(struct regions *r) {
  for (size_t i = 0; i < r->count; i++) r->list[i].is_seen = 0;
  each_anonymous(r->target.pid, see_mapping, r);
  size_t kept = 0;
  for (size_t i = 0; i < r->count; i++)
    if (r->list[i].is_seen) r->list[kept++] = r->list[i];
  r->count = kept;
}

static uint32_t read_present(struct regions *r, const struct region *region) {
  ssize_t got = pread(r->target.pagemap, entries, region->pages * 8, (off_t)(region->start / PAGE * 8));
  uint32_t present = 0;
  for (ssize_t i = 0; i < got / 8; i++) present += (entries[i] & PRESENT) != 0;
  return got > 0 ? present : 0;
}

static struct iovec arm(struct region *region, int which) {
  region->probes[which] = (uint32_t)rand_r(&seed) % region->pages;
  return (struct iovec){(void *)(region->start + region->probes[which] * PAGE), PAGE};
}

static int is_used(const struct region *region, uint32_t present) {
  if (region->is_new || present > region->present) return 1;
  if (region->is_out) return 0;
  return (entries[region->probes[0]] & PRESENT) || (entries[region->probes[1]] & PRESENT);
}

static void look(struct regions *r, int age_s) {
  static struct iovec out[1 << 16];
  size_t count = 0;
  for (size_t i = 0; i < r->count && count + 2 < sizeof out / sizeof *out; i++) {
    struct region *region = &r->list[i];
    uint32_t present = read_present(r, region);
    region->idle_s = is_used(region, present) ? 0 : region->idle_s + 1;
    region->present = present;
    if (region->idle_s == 0) {
      region->is_new = region->is_out = 0;
      for (int which = 0; which < 2; which++) {
        out[count++] = arm(region, which);
        if (entries[region->probes[which]] & PRESENT) region->present--;
      }
    } else if (region->idle_s >= age_s && !region->is_out && present > 0) {
      out[count++] = (struct iovec){(void *)region->start, region->pages * PAGE};
      region->is_out = 1;
      region->present = 0;
    }
  }
  page_out(&r->target, out, count);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  begin_policy();
  int age_s = atoi(argv[1]), targets = argc - 2;
  struct regions *all = calloc((size_t)targets, sizeof *all);
  for (int i = 0; i < targets; i++)
    if (!open_target(&all[i].target, atoi(argv[i + 2]))) return 1;
  for (int second = 0;; second++) {
    for (int i = 0; i < targets; i++) {
      if (second % 10 == 0) refresh(&all[i]);
      look(&all[i], age_s);
    }
    wait_second();
  }
}
