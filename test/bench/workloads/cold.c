// Cold: a mapped clean file and anonymous memory, touched once, then slept upon.
// usage: cold --file F [--anon-mib 256] [--cgroup DIR]; commands: touch (reads a byte of every page again)
#include "workload.h"

static unsigned char *file, *anon;
static size_t file_bytes, anon_bytes;

static double touch_ms(const unsigned char *memory, size_t bytes) {
  uint64_t start = now_ns();
  for (size_t at = 0; at < bytes; at += PAGE) sink += memory[at];
  return (double)(now_ns() - start) / 1e6;
}

static int handle(const char *line) {
  if (strcmp(line, "touch") != 0) return 0;
  double file_ms = touch_ms(file, file_bytes), anon_ms = touch_ms(anon, anon_bytes);
  printf("{\"fileMs\":%.3f,\"anonMs\":%.3f}\n", file_ms, anon_ms);
  fflush(stdout);
  return 1;
}

int main(int argc, char **argv) {
  begin(argc, argv);
  file = map_clean_file(option(argc, argv, "--file", NULL), &file_bytes);
  anon_bytes = (size_t)number(argc, argv, "--anon-mib", "256") * MIB;
  anon = map_filled(anon_bytes, atof(RANDOM_SHARE), 7);
  touch_ms(file, file_bytes);
  touch_ms(anon, anon_bytes);
  say_ready(file, file_bytes);
  for (;;) read_commands(handle);
}
