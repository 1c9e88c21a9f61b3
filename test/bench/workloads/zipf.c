// Zipf: a key-value store over anonymous memory. Requests arrive on a fixed Poisson schedule and wait
// their turn, so latency counts from the arrival, not from when the store got round to it.
// usage: zipf [--records 450000] [--record-bytes 1024] [--rate 3000] [--theta 0.99] [--seed 1] [--cgroup DIR]
// commands: report
#include "workload.h"

static struct latencies requests;

static int handle(const char *line) {
  if (strcmp(line, "report") != 0) return 0;
  report_latencies(&requests);
  return 1;
}

// Gray et al., "Quickly generating billion-record synthetic databases" (SIGMOD 1994).
struct zipf {
  double n, theta, zeta_n, alpha, eta;
};

static struct zipf create_zipf(double n, double theta) {
  double zeta_n = 0;
  for (double i = 1; i <= n; i++) zeta_n += 1 / pow(i, theta);
  double eta = (1 - pow(2 / n, 1 - theta)) / (1 - (1 + pow(0.5, theta)) / zeta_n);
  return (struct zipf){n, theta, zeta_n, 1 / (1 - theta), eta};
}

static uint64_t next_rank(const struct zipf *z, uint64_t *seed) {
  double u = next_uniform(seed), uz = u * z->zeta_n;
  if (uz < 1) return 0;
  if (uz < 1 + pow(0.5, z->theta)) return 1;
  uint64_t rank = (uint64_t)(z->n * pow(z->eta * u - z->eta + 1, z->alpha));
  return rank < (uint64_t)z->n ? rank : (uint64_t)z->n - 1;
}

int main(int argc, char **argv) {
  begin(argc, argv);
  uint64_t records = (uint64_t)number(argc, argv, "--records", "450000");
  size_t record_bytes = (size_t)number(argc, argv, "--record-bytes", "1024");
  double rate = number(argc, argv, "--rate", "3000");
  uint64_t seed = (uint64_t)number(argc, argv, "--seed", "1");
  struct zipf zipf = create_zipf((double)records, number(argc, argv, "--theta", "0.99"));
  size_t bytes = (records * record_bytes + PAGE - 1) / PAGE * PAGE;
  unsigned char *store = map_filled(bytes, atof(RANDOM_SHARE), seed);
  // Ranks are spread over the store, as an allocator would spread them, by a permutation that needs no
  // memory of its own: a multiplier that is prime.
  const uint64_t spread = 2654435761ULL;
  say_ready(store, bytes);
  for (double due = (double)now_ns();;) {
    due += -log(next_uniform(&seed)) / rate * 1e9;
    wait_until((uint64_t)due, handle);
    unsigned char *record = store + next_rank(&zipf, &seed) * spread % records * record_bytes;
    for (size_t i = 0; i < record_bytes; i += 8) sink += *(uint64_t *)(record + i);
    if (next_random(&seed) % 10 == 0) *(uint64_t *)record += 1;
    note_latency(&requests, now_ns() - (uint64_t)due);
  }
}
