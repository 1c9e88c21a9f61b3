// Stages by chance: how often, how much, and the same again for a seed.
import polars from 'nodejs-polars';
import { describe, expect, it } from 'vitest';
import { dropValues, jitter, sample } from '../../../src/pipeline/index.ts';
import type { NativeStage } from '../../../src/pipeline/index.ts';

const ROWS = 100_000;
const SEED = 7;

const numbers = polars.DataFrame({ x: Float64Array.from({ length: ROWS }, (_, i) => i) }).lazy();

async function valuesOf(stage: NativeStage): Promise<(number | null)[]> {
  const frame = await stage.apply(numbers).collect();
  expect(frame.columns).toEqual(['x']);
  return [...frame.getColumn('x')] as (number | null)[];
}

/** Deviations from what is expected, for which a chance of one in ten thousand is left. */
const SIGMAS = 4;

describe('stages by chance', () => {
  it('sample() keeps about the share of the rows, in order, and the same for a seed', async () => {
    const share = 0.3;
    const kept = await valuesOf(sample({ share, seed: SEED }));
    const deviation = Math.sqrt(ROWS * share * (1 - share));
    expect(Math.abs(kept.length - ROWS * share)).toBeLessThan(SIGMAS * deviation);
    expect(kept).toEqual(kept.toSorted((a, b) => a! - b!));
    expect(await valuesOf(sample({ share, seed: SEED }))).toEqual(kept);
    expect(await valuesOf(sample({ share, seed: SEED + 1 }))).not.toEqual(kept);
    expect(await valuesOf(sample({ share: 0, seed: SEED }))).toEqual([]);
    expect(await valuesOf(sample({ share: 1, seed: SEED }))).toHaveLength(ROWS);
  });

  it('dropValues() makes about the share of the values null, scattered over the rows', async () => {
    const share = 0.1;
    const values = await valuesOf(dropValues({ columns: ['x'], share, seed: SEED }));
    const half = ROWS / 2;
    for (const part of [values.slice(0, half), values.slice(half)]) {
      const dropped = part.filter((value) => value === null).length;
      const deviation = Math.sqrt(half * share * (1 - share));
      expect(Math.abs(dropped - half * share)).toBeLessThan(SIGMAS * deviation);
    }
    expect(values.every((value, i) => value === null || value === i)).toBe(true);
  });

  it('jitter() adds normal noise of the deviation, in units or as a share of the value', async () => {
    const deviation = 2;
    const values = await valuesOf(jitter({ columns: ['x'], deviation, seed: SEED }));
    const noise = values.map((value, i) => (value! - i) / deviation);
    const mean = noise.reduce((sum, value) => sum + value, 0) / ROWS;
    expect(Math.abs(mean)).toBeLessThan(SIGMAS / Math.sqrt(ROWS));
    expect(farthestFromNormal(noise)).toBeLessThan(1.95 / Math.sqrt(ROWS) + 1e-3);
    const relative = await valuesOf(jitter({ columns: ['x'], deviation, relative: true, seed: SEED }));
    expect(
      relative.every((value, i) => i === 0 || Math.abs(value! / i - 1 - deviation * noise[i]!) < 1e-6),
    ).toBe(true);
  });
});

/** Kolmogorov and Smirnov: the largest distance from the normal distribution's own function. */
function farthestFromNormal(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const distances = sorted.map((value, i) => Math.abs((i + 0.5) / sorted.length - normalShare(value)));
  return Math.max(...distances);
}

/** Abramowitz and Stegun 7.1.26, exact to 1.5e-7. */
function normalShare(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2);
  const series = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];
  const sum = series.reduceRight((rest, factor) => (rest + factor) * t, 0);
  const erf = 1 - sum * Math.exp(-(x * x) / 2);
  return x < 0 ? (1 - erf) / 2 : (1 + erf) / 2;
}
