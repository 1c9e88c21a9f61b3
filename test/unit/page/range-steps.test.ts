// Widths of buckets: round, few of them, and never more buckets than asked for.
import { describe, expect, it } from 'vitest';
import { floorTo, stepOf } from '../../../src/page/range-steps.ts';

const HOUR = 3_600_000;

describe('stepOf()', () => {
  it.each([
    [60_000, 600, 1000, 1000],
    [HOUR, 1440, 1000, 5000],
    [24 * HOUR, 1440, 1000, 60_000],
    [30 * 24 * HOUR, 1440, 1000, 30 * 60_000],
    [365 * 24 * HOUR, 300, 1000, 2 * 24 * HOUR],
    [1000, 1000, 20, 20],
  ])(
    'divides %d ms in %d pixels, sampled each %d ms, into steps of %d ms',
    (rangeMs, pixels, everyMs, step) => {
      expect(stepOf(rangeMs, pixels, everyMs)).toBe(step);
    },
  );

  it('gives at most as many buckets as pixels, and a width that the next wider one is made of', () => {
    for (let rangeMs = 1000; rangeMs < 400 * 24 * HOUR; rangeMs = Math.ceil(rangeMs * 1.37)) {
      for (const pixels of [1, 300, 1440, 4096]) {
        const step = stepOf(rangeMs, pixels, 1000);
        expect(rangeMs / step).toBeLessThanOrEqual(pixels);
        if (step >= 60_000) expect(step % 60_000).toBe(0);
      }
    }
  });
});

describe('floorTo()', () => {
  it('finds the bucket of a moment, also before 1970', () => {
    expect(floorTo(12_345, 1000)).toBe(12_000);
    expect(floorTo(-1, 1000)).toBe(-1000);
  });
});
