// Random whole numbers without bias, from the system's generator: what noise for privacy has to be made of.
import { randomFillSync } from 'node:crypto';

/** A source of uniform whole numbers. */
export interface RandomIntegers {
  /** From 0 to `bound` − 1; `bound` at most 2^48. */
  readonly below: (bound: number) => number;
  /** The same for any bound. */
  readonly belowBig: (bound: bigint) => bigint;
}

/** Fills bytes with random ones. */
export type FillRandom = (bytes: Uint8Array) => void;

const POOL_BYTES = 16_384;
const SIX_BYTES = 2 ** 48;

/** @param fill @default the system's generator */
export function createRandomIntegers(fill: FillRandom = randomFillSync): RandomIntegers {
  const pool = Buffer.alloc(POOL_BYTES);
  let at = POOL_BYTES;
  const take = (count: number): Buffer => {
    if (at + count > POOL_BYTES) {
      fill(pool);
      at = 0;
    }
    at += count;
    return pool.subarray(at - count, at);
  };
  const below = (bound: number): number => {
    // Numbers beyond the last whole multiple would make the small ones likelier.
    const limit = SIX_BYTES - (SIX_BYTES % bound);
    for (;;) {
      const value = take(6).readUIntLE(0, 6);
      if (value < limit) return value % bound;
    }
  };
  const belowBig = (bound: bigint): bigint => {
    if (bound <= BigInt(SIX_BYTES)) return BigInt(below(Number(bound)));
    const bits = bound.toString(2).length;
    const bytes = Math.ceil(bits / 8);
    const mask = (1n << BigInt(bits)) - 1n;
    for (;;) {
      const value = BigInt(`0x${take(bytes).toString('hex')}`) & mask;
      if (value < bound) return value;
    }
  };
  return { below, belowBig };
}
