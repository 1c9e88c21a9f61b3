// How much longer to collect: the answer is held against the split itself.
import { describe, expect, it } from 'vitest';
import { aboutSeconds, minimumTrainRows, secondsToTrain } from '../../../src/prepare/seconds-to-train.ts';
import { splitByTime } from '../../../src/prepare/split.ts';

const timesOf = (rows: number, intervalMs: number): Float64Array =>
  Float64Array.from({ length: rows }, (_, row) => row * intervalMs);

const canTrain = (rows: number, intervalMs: number, options: Parameters<typeof splitByTime>[1]): boolean => {
  const splits = splitByTime(timesOf(rows, intervalMs), options);
  return splits.filter((part) => part === 0).length >= minimumTrainRows && splits.some((part) => part === 2);
};

describe('secondsToTrain()', () => {
  it.each([
    { rows: 0, intervalMs: 1000, horizonMs: 60_000, testFraction: 0.2, blocks: 1 },
    { rows: 35, intervalMs: 1000, horizonMs: 60_000, testFraction: 0.2, blocks: 1 },
    { rows: 5, intervalMs: 100, horizonMs: 2000, testFraction: 0.25, blocks: 4 },
    { rows: 60, intervalMs: 10_000, horizonMs: 600_000, testFraction: 0.5, blocks: 2 },
  ])('is enough, and little less is not: $rows rows, a horizon of $horizonMs ms', (given) => {
    const { rows, intervalMs, horizonMs, testFraction, blocks } = given;
    const options = { horizonMs, testFraction, blocks };
    const found = secondsToTrain({
      ...options,
      timestamps: timesOf(rows, intervalMs),
      spec: { rateWindowMs: 10 * intervalMs },
      skipped: { warmup: 10, unlabelled: horizonMs / intervalMs },
    })!;
    const needed = rows + Math.ceil((found.more * 1000) / intervalMs);
    expect(canTrain(needed, intervalMs, options)).toBe(true);
    expect(canTrain(needed - Math.ceil(2000 / intervalMs) - 1, intervalMs, options)).toBe(false);
  });

  it('counts the warm-up and the horizon that are still to pass', () => {
    const asked = { horizonMs: 60_000, testFraction: 0.2, blocks: 1, timestamps: timesOf(0, 1000) };
    const spec = { rateWindowMs: 10_000 };
    const fresh = secondsToTrain({ ...asked, spec, skipped: { warmup: 0, unlabelled: 0 } })!;
    const warm = secondsToTrain({ ...asked, spec, skipped: { warmup: 10, unlabelled: 40 } })!;
    expect(fresh.more - warm.more).toBe(50);
  });

  it('is null where no history would do', () => {
    const asked = { horizonMs: 1000, testFraction: 0, blocks: 1, timestamps: timesOf(0, 1000) };
    const nothing = { warmup: 0, unlabelled: 0 };
    expect(secondsToTrain({ ...asked, spec: { rateWindowMs: 10_000 }, skipped: nothing })).toBeNull();
  });
});

it.each([
  [70, 'about 70 s'],
  [599, 'about 599 s'],
  [601, 'about 11 min'],
])('aboutSeconds(%d) gives %s', (seconds, text) => {
  expect(aboutSeconds(seconds)).toBe(text);
});
