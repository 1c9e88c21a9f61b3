// Chance that can be had again: a hash of the row's number, keyed by a seed, so that plans need no generator with a
// state. Uniform and normal; equal for a seed within one version of Polars.
import type { Expr } from 'nodejs-polars';
import { loadPolars } from '../polars.ts';

/** True with the given chance. `stream` keeps draws of one seed apart. */
export function isBelow(row: Expr, seed: number, stream: number, chance: number): Expr {
  return uniform(row, seed, stream).lt(loadPolars().lit(chance));
}

/** Uniform in [0, 1), 53 bits. */
export function uniform(row: Expr, seed: number, stream: number): Expr {
  const { lit, Float64, UInt64 } = loadPolars();
  const bits = row.cast(UInt64).hash(seed, stream, 0x9e37, 0x79b9);
  // The lower 11 bits go first: a double would round them, and the largest to 1.
  return bits
    .sub(bits.modulo(lit(2048).cast(UInt64)))
    .cast(Float64)
    .div(lit(2 ** 64));
}

/** Normal with mean 0 and deviation 1, by Box and Muller. */
export function normal(row: Expr, seed: number, stream: number): Expr {
  const { lit } = loadPolars();
  const radius = lit(1)
    .sub(uniform(row, seed, 2 * stream))
    .log()
    .mul(lit(-2))
    .pow(0.5);
  const angle = uniform(row, seed, 2 * stream + 1).mul(lit(2 * Math.PI));
  return radius.mul(angle.cos());
}
