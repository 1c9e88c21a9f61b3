// NumPy computes the same scores from the whole series, and finds the same drifts.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AnomalyDetector, PageHinkley } from '../../../src/dag/healing/index.ts';
import { createNormal } from '../../support/dag/plans.ts';
import { python } from '../../support/python.ts';
import { createPrintedRandom } from '../../support/random.ts';

const script = join(import.meta.dirname, '../../support/dag/healing-reference.py');
const random = createPrintedRandom('healing-numpy');
const normal = createNormal(random);
const count = 1500;
const options = { windowSize: 100, minSamples: 10 };
const drift = { delta: 0.5, lambda: 8 };

const series: readonly Float64Array[] = [
  Float64Array.from({ length: count }, normal),
  Float64Array.from({ length: count }, () => 12 * Math.exp(0.5 * normal())),
  // Few different values, so that half of a window is often one of them.
  Float64Array.from({ length: count }, () => Math.floor(random() ** 4 * 5)),
  // One value until something else comes.
  Float64Array.from({ length: count }, (_, at) => (at % 211 === 210 ? 3 : 7)),
  // Large numbers that differ little: where sums of squares would cancel.
  Float64Array.from({ length: count }, () => 1e9 + normal()),
];
const drifting = Array.from({ length: 20 }, () => {
  const shift = random() * 2;
  return Float64Array.from({ length: 600 }, (_, at) => normal() + (at > 300 ? shift : 0));
});

const toLists = (all: readonly Float64Array[]): number[][] => all.map((each) => [...each]);
const answer = spawnSync(python, [script], {
  input: JSON.stringify({ ...options, ...drift, series: toLists(series), drifting: toLists(drifting) }),
  encoding: 'utf8',
  maxBuffer: 1 << 26,
});
const reference = JSON.parse(answer.stdout) as { scores: (number | null)[][]; drifts: number[][] };

describe('AnomalyDetector', () => {
  it.each(series.map((_, at) => at))('scores as NumPy does when it reads series %i', (at) => {
    const detector = new AnomalyDetector('numpy', { ...options, drift: false });
    let scored = 0;
    series[at]!.forEach((value, row) => {
      detector.observe(value);
      const expected = reference.scores[at]![row]!;
      if (expected === null) expect(detector.score).toBeNaN();
      else if (Math.abs(expected) === 1e308) expect(detector.score).toBe(Math.sign(expected) * Infinity);
      else expect(Math.abs(detector.score - expected)).toBeLessThanOrEqual(1e-12 * Math.abs(expected));
      scored += expected === null ? 0 : 1;
    });
    expect(scored).toBe(count - 9);
  });
});

describe('PageHinkley', () => {
  it('finds the drifts that NumPy finds when it sums up whole series', () => {
    const found = drifting.map((values) => {
      const monitor = new PageHinkley(drift);
      return [...values].flatMap((value, at) => (monitor.observe(value) === 0 ? [] : [at]));
    });
    expect(found.flat().length).toBeGreaterThan(5);
    expect(found).toEqual(reference.drifts);
  });
});
