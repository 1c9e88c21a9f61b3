// What counts as the probabilities of an answer, and how the overshoot of float32 sums is taken off them. One
// tolerance for verification, inference and decisions.

/** How far a probability may lie outside 0 to 1, and a sum from 1, before it is no rounding any more. */
export const PROBABILITY_TOLERANCE = 1e-3;

/**
 * What is wrong with the probabilities of one row, or null. Forests add float32 shares, so that −1.2e-7 and
 * 1.0000001 are answers as good as 0 and 1.
 */
export function findProbabilityFlaw(probabilities: ArrayLike<number>): string | null {
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const p = probabilities[i]!;
    if (!Number.isFinite(p)) return `holds ${p}, which is not finite`;
    if (p < -PROBABILITY_TOLERANCE || p > 1 + PROBABILITY_TOLERANCE) {
      return `holds ${round(p)}, outside 0 to 1: raw scores or logits, not probabilities`;
    }
    sum += p;
  }
  if (Math.abs(sum - 1) <= PROBABILITY_TOLERANCE) return null;
  return `sums to ${round(sum)} and not to 1: shares of their own, not probabilities`;
}

/** Clips to 0..1 in place; what the clipping took or added is shared out, so that the sum is 1 again. */
export function clipProbabilities(probabilities: Float32Array): Float32Array {
  let isClipped = false;
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const p = probabilities[i]!;
    const clipped = Math.min(1, Math.max(0, p));
    isClipped ||= clipped !== p;
    probabilities[i] = clipped;
    sum += clipped;
  }
  if (isClipped && sum > 0) {
    for (let i = 0; i < probabilities.length; i++) probabilities[i] = Math.min(1, probabilities[i]! / sum);
  }
  return probabilities;
}

const round = (value: number): number => Number(value.toPrecision(4));
