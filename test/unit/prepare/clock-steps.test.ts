// A training set over rows that a stepped clock stamped holds what the running host saw.
import { describe, expect, it } from 'vitest';
import { buildFeatureSpec, buildTrainingSet, createFeatureExtractor } from '../../../src/prepare/index.ts';
import type { TrainingSet } from '../../../src/prepare/index.ts';
import { clockSteps } from '../../support/clock-steps.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';

const spec = buildFeatureSpec();
const width = spec.names.length;
// Slopes reach back 60 s, also over a step that starts a training set's windows anew; hour and day are the clock's.
const compared = spec.names.flatMap((name, at) => (/trend|time_of_day|day_of_week/.test(name) ? [] : [at]));

interface Outcome {
  readonly set: TrainingSet;
  /** Rows whose features are not those of the running host at that time. */
  readonly different: number;
}

/** 20 minutes, stamped by a clock that is set after 10; the store gives them in order of their timestamps. */
async function trainOver(byMs: number): Promise<Outcome> {
  const extractor = createFeatureExtractor(spec);
  const live = new Map<number, (Float32Array | null)[]>();
  const rows = pressuredSnapshots(1200, 200).map((row, second) => {
    const timestamp = row.timestamp + (second < 600 ? 0 : byMs);
    const features = extractor.push(
      { ...row, timestamp },
      { lastOptimizationMs: null, timeMs: row.timestamp },
    );
    live.set(timestamp, [...(live.get(timestamp) ?? []), features]);
    return { ...row, timestamp };
  });
  const memory = rows.toSorted((a, b) => a.timestamp - b.timestamp);
  const set = await buildTrainingSet({ spec, memory, balance: 'none' });
  const isSame = (row: number, features: Float32Array | null): boolean =>
    features !== null && compared.every((at) => set.features[row * width + at] === features[at]);
  const different = Array.from(set.timestamps).filter(
    (timestamp, row) => !live.get(timestamp)!.some((features) => isSame(row, features)),
  );
  return { set, different: different.length };
}

describe('buildTrainingSet() over a history with a step of the clock', () => {
  it.each([
    ...clockSteps.filter(([, byMs]) => byMs < 0 || byMs > spec.maxGapMs),
    ['30.4 s back, into time recorded before', -30_400],
    ['100.3 s back, into time recorded before', -100_300],
    ['100 s back, to the same milliseconds', -100_000],
  ] as const)(
    'has the features of the running host, with fewer rows at most, when it was set %s',
    async (_, byMs) => {
      const { set, different } = await trainOver(byMs);
      // A step within the rate window is in the rates of as many rows.
      expect(different).toBeLessThanOrEqual(
        Math.abs(byMs) < spec.rateWindowMs ? spec.rateWindowMs / 1000 + 3 : 0,
      );
      expect(set.timestamps.length).toBeGreaterThan(600);
    },
  );

  it('takes a step forward below the longest pause for time that passed, in the rows of one rate window', async () => {
    const { set, different } = await trainOver(5000);
    expect(different).toBeLessThanOrEqual(spec.rateWindowMs / 1000);
    expect(set.timestamps).toHaveLength(1130);
  });
});
