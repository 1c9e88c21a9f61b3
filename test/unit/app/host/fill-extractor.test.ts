// A host that comes back within the longest pause has the windows of a training set over that pause.
import { expect, it } from 'vitest';
import { fillExtractor } from '../../../../src/app/host/fill-extractor.ts';
import type { MemorySnapshot } from '../../../../src/core/index.ts';
import { buildFeatureSpec, buildTrainingSet, createFeatureExtractor } from '../../../../src/prepare/index.ts';
import { mondayMs, pressuredSnapshots } from '../../../support/memory-rows.ts';

const spec = buildFeatureSpec({ rateWindowMs: 2000, trendWindowMs: 8000, maxGapMs: 5000 });
const window = { steps: 6, everyMs: 2000 };
const context = { lastOptimizationMs: null };

/** A history that holds these rows and no action. */
function historyOf(rows: readonly MemorySnapshot[]): Parameters<typeof fillExtractor>[1] {
  return {
    rows: async (_kind: string, { fromMs = 0, toMs = Infinity } = {}) =>
      rows.filter(({ timestamp }) => timestamp >= fromMs && timestamp < toMs),
    query: async function* () {},
    partitions: async () => [],
  } as unknown as Parameters<typeof fillExtractor>[1];
}

/** Rows 0 to 199 before a restart, the rest after a pause of `pauseMs`. */
const withPause = (pauseMs: number): MemorySnapshot[] =>
  pressuredSnapshots(240, 40).map((row, i) => ({
    ...row,
    timestamp: row.timestamp + (i < 200 ? 0 : pauseMs),
  }));

async function restart(
  pauseMs: number,
): Promise<{ live: (Float32Array | null)[]; trained: Map<number, Float32Array> }> {
  const rows = withPause(pauseMs);
  const extractor = createFeatureExtractor(spec);
  const nowMs = rows[200]!.timestamp - 1;
  await fillExtractor(extractor, historyOf(rows.slice(0, 200)), { nowMs: () => nowMs });
  const live = rows
    .slice(200)
    .map((row) => extractor.push(row, context) && extractor.history().windowOf(window));
  const set = await buildTrainingSet({ memory: rows, spec, window, horizonMs: 2000, balance: 'none' });
  const width = set.featureNames.length;
  const trained = new Map(
    Array.from(set.timestamps, (time, row) => [time, set.features.slice(row * width, (row + 1) * width)]),
  );
  return { live, trained };
}

it('fillExtractor() gives the first row after a short pause the window that a training set gives it', async () => {
  const { live, trained } = await restart(3000);
  expect(live[0]).not.toBeNull();
  for (let i = 0; i < 30; i++) {
    expect(live[i]).toEqual(trained.get(mondayMs + (200 + i) * 1000 + 3000));
  }
});

it('fillExtractor() fills nothing after a pause that windows do not reach over', async () => {
  const { live, trained } = await restart(60_000);
  expect(live.slice(0, 2)).toEqual([null, null]);
  expect(live[2]).toEqual(trained.get(mondayMs + 202_000 + 60_000));
});
