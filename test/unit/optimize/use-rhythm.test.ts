import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findRhythm, medianOf } from '../../../src/optimize/use-rhythm.ts';

describe('findRhythm()', () => {
  it('finds the period and the next use', () => {
    expect(findRhythm([0, 20, 40, 60])).toEqual({ periodMs: 20, nextMs: 80 });
  });

  it.each([
    ['too few uses', [0, 20]],
    ['irregular ones', [0, 20, 25, 90, 100]],
    ['uses at the same moment', [5, 5, 5, 5]],
    ['nothing', []],
  ])('finds none in %s', (_what, onsets) => {
    expect(findRhythm(onsets)).toBeNull();
  });

  it('bears one use that came late', () => {
    expect(findRhythm([0, 20, 40, 55, 80, 100])?.periodMs).toBe(20);
  });

  it('says the same at any scale and at any time', () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 100 }), fc.nat(1e6), (list, scale, start) => {
        const onsets = list.reduce((times, gap) => [...times, times.at(-1)! + gap], [0]);
        const rhythm = findRhythm(onsets);
        const other = findRhythm(onsets.map((at) => start + scale * at));
        expect(other?.periodMs ?? null).toBe(rhythm === null ? null : scale * rhythm.periodMs);
      }),
    );
  });
});

it('medianOf() takes the middle, or the mean of the two', () => {
  expect([medianOf([3, 1, 2]), medianOf([4, 1, 2, 3])]).toEqual([2, 2.5]);
  expect(medianOf([])).toBeNaN();
});
