// Noise of whole numbers, exactly distributed: discrete Laplace and discrete Gaussian by rational arithmetic alone, because
// noise made of floating-point logarithms gives away what it hides (Mironov, CCS 2012).
// Canonne, Kamath, Steinke: The Discrete Gaussian for Differential Privacy, NeurIPS 2020, algorithms 1 to 3.
import type { RandomIntegers } from './random-bits.ts';

/** True with probability exp(−numerator / denominator), 0 ≤ numerator ≤ denominator. */
function isExpBelowOne(numerator: number, denominator: number, random: RandomIntegers): boolean {
  let k = 1;
  // A chance of numerator / (denominator · k), as two draws that both have to come true: products stay exact.
  while (random.below(denominator) < numerator && random.below(k) === 0) k++;
  return k % 2 === 1;
}

/** The same for fractions of any size. */
function isExp(numerator: bigint, denominator: bigint, random: RandomIntegers): boolean {
  for (let whole = numerator / denominator; whole > 0n; whole--)
    if (!isExpBelowOne(1, 1, random)) return false;
  const rest = numerator % denominator;
  let k = 1;
  while (random.belowBig(denominator) < rest && random.below(k) === 0) k++;
  return k % 2 === 1;
}

/**
 * A whole number y with probability proportional to exp(−|y| · s / t).
 * @param t positive, at most 2^40 @param s positive, at most 2^40
 */
export function drawDiscreteLaplace(t: number, s: number, random: RandomIntegers): number {
  for (;;) {
    const within = random.below(t);
    if (!isExpBelowOne(within, t, random)) continue;
    let whole = 0;
    while (isExpBelowOne(1, 1, random)) whole++;
    const size = Math.floor((within + t * whole) / s);
    const isNegative = random.below(2) === 1;
    if (isNegative && size === 0) continue;
    return isNegative ? -size : size;
  }
}

/** A whole number y with probability proportional to exp(−y² / (2 σ²)). @param sigma a whole number, 1 to 2^20 */
export function drawDiscreteGaussian(sigma: number, random: RandomIntegers): number {
  const t = sigma + 1;
  const variance = BigInt(sigma) ** 2n;
  const denominator = 2n * variance * BigInt(t) ** 2n;
  for (;;) {
    const y = drawDiscreteLaplace(t, 1, random);
    const away = BigInt(Math.abs(y)) * BigInt(t) - variance;
    if (isExp(away * away, denominator, random)) return y;
  }
}
