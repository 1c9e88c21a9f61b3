// Numbers for tests: the same for the same seed, and a seed that a failed run can be repeated with.

/** mulberry32: small, seeded, good enough to scatter rows and moments. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Another seed in every run, from the clock or `RUVECTOR_TEST_SEED`, printed with what it is for. */
export function createPrintedRandom(purpose: string): () => number {
  const seed = Number(process.env['RUVECTOR_TEST_SEED'] ?? Date.now() % 1e9);
  process.stdout.write(`${purpose}: RUVECTOR_TEST_SEED=${seed}\n`);
  return createRandom(seed);
}
