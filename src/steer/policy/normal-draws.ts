// Normal random numbers from uniform ones.

/** Box–Muller; two uniform numbers a draw, so that how many were taken is known. */
export function createNormalDraws(uniform: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
