// Drift of scores around zero.
import { describe, expect, it } from 'vitest';
import { Cusum, PageHinkley } from '../../../../src/dag/healing/index.ts';
import type { DriftMonitor } from '../../../../src/dag/healing/index.ts';

/** Places at which drifts are found, with their directions. */
const findDrifts = (monitor: DriftMonitor, values: readonly number[]): [number, number][] =>
  values.flatMap((value, at): [number, number][] => {
    const direction = monitor.observe(value);
    return direction === 0 ? [] : [[at, direction]];
  });

describe('PageHinkley', () => {
  it('sums up from the mean so far when values shift', () => {
    // Distances from the running mean 0 are 2, then 2 − 2/6 = 1.667, 2 − 4/7 = 1.429: less 0.5, more than 3.5 after three.
    const values = [0, 0, 0, 0, 0, 2, 2, 2, 2];
    expect(findDrifts(new PageHinkley({ delta: 0.5, lambda: 3.5 }), values)).toEqual([[7, 1]]);
  });

  it('finds the same drift downwards when values are turned around', () => {
    const values = [0, 0, 0, 0, 0, -2, -2, -2, -2];
    expect(findDrifts(new PageHinkley({ delta: 0.5, lambda: 3.5 }), values)).toEqual([[7, -1]]);
  });

  it('needs no target when values are all high', () => {
    expect(
      findDrifts(
        new PageHinkley(),
        Array.from({ length: 1000 }, () => 1e6),
      ),
    ).toEqual([]);
  });
});

describe('Cusum', () => {
  it('observe() sums up from its target when values shift', () => {
    const values = [10, 10, 12, 12, 12, 12];
    expect(findDrifts(new Cusum({ target: 10, k: 0.5, h: 4 }), values)).toEqual([[4, 1]]);
    expect(findDrifts(new Cusum({ target: 14, k: 0.5, h: 4 }), values)).toEqual([
      [1, -1],
      [4, -1],
    ]);
  });

  it('observe() forgets small shifts when they stay within the allowance', () => {
    expect(
      findDrifts(
        new Cusum({ k: 0.5 }),
        Array.from({ length: 1000 }, () => 0.49),
      ),
    ).toEqual([]);
  });
});
