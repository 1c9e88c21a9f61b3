// The median and the median distance from it, against sorting.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SortedWindow } from '../../../../src/dag/healing/sorted-window.ts';

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
};

const anyValue = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ min: -1e9, max: 1e9, noNaN: true }),
  fc.constantFrom(0, -0, Number.MIN_VALUE, 1e-300),
);

describe('SortedWindow', () => {
  it('measures what sorting gives when values come and go', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 130 }),
      fc.array(anyValue, { minLength: 1, maxLength: 400 }),
      (length, values) => {
        const window = new SortedWindow(length);
        values.forEach((_, at) => {
          window.push(Float64Array.from(values), at);
          window.measure();
          const kept = values.slice(Math.max(0, at + 1 - length), at + 1);
          const center = median(kept);
          expect(window.size).toBe(kept.length);
          expect(window.median === center).toBe(true);
          expect(window.medianDeviation + 0).toBe(median(kept.map((value) => Math.abs(value - center))));
        });
      },
    );
    fc.assert(property, { numRuns: 30 });
  });

  it('meanDeviation() gives the mean distance from the median when values are kept', () => {
    const window = new SortedWindow(4);
    const values = Float64Array.from([9, 1, 1, 1, 5]);
    values.forEach((_, at) => window.push(values, at));
    window.measure();
    expect(window.meanDeviation()).toBe(1);
  });
});
