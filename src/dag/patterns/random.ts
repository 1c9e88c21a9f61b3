// Random numbers from a seed: an index that is trained twice is the same.

/** Uniform in [0, 1): xorshift32, its seed spread by a Weyl constant. */
export function createPatternRandom(seed: number): () => number {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
