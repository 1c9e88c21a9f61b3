// Windows of the history: what a model is trained on is what a host asks it about, bit for bit.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FeatureWindow, MemorySnapshot } from '../../../src/core/index.ts';
import {
  buildFeatureSpec,
  buildTrainingSet,
  createFeatureExtractor,
  datasetCard,
  featureColumns,
  featureSpecSha256,
  lookbackMs,
  withWindow,
} from '../../../src/prepare/index.ts';
import { mondayMs, pressuredSnapshots, snapshots } from '../../support/memory-rows.ts';

const spec = buildFeatureSpec({ rateWindowMs: 2000, trendWindowMs: 8000, maxGapMs: 5000 });
const width = spec.names.length;

/** Windows that a host without one in its specification makes live, by the time of their newest row. */
function liveWindows(rows: readonly MemorySnapshot[], window: FeatureWindow): Map<number, Float32Array> {
  const extractor = createFeatureExtractor(spec);
  const windows = new Map<number, Float32Array>();
  for (const row of rows) {
    const features = extractor.push(row, { lastOptimizationMs: null });
    if (features) windows.set(row.timestamp, extractor.history().windowOf(window));
  }
  return windows;
}

const pick = (window: Float32Array, step: number): Float32Array =>
  window.slice(step * width, (step + 1) * width);

it('windowOf() gives the same bits as the rows of a training set, over gaps, restarts and skipped samples', async () => {
  const steps = fc.array(
    fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: 900, max: 1100 }) },
      { weight: 2, arbitrary: fc.integer({ min: 1900, max: 4900 }) },
      { weight: 1, arbitrary: fc.integer({ min: 5100, max: 60_000 }) },
      { weight: 1, arbitrary: fc.constantFrom(0, -3000) },
    ),
    { minLength: 400, maxLength: 400 },
  );
  const windows = fc.record({
    steps: fc.integer({ min: 2, max: 12 }),
    everyMs: fc.constantFrom(500, 1000, 1500, 4000),
  });
  const property = fc.asyncProperty(steps, windows, async (gaps, window) => {
    let timestamp = mondayMs;
    const rows = pressuredSnapshots(gaps.length, 40).map((row, i) => ({
      ...row,
      timestamp: (timestamp += gaps[i]!),
    }));
    const live = liveWindows(rows, window);
    const set = await buildTrainingSet({ memory: rows, spec, window, horizonMs: 1500, balance: 'none' });
    expect(set.featureNames).toEqual(featureColumns(withWindow(spec, window)));
    // After a step back times may come twice: those rows are looked at only once, the later ones.
    const times = rows.map((row) => row.timestamp);
    for (let row = 0; row < set.rowCount; row++) {
      const time = set.timestamps[row]!;
      if (times.indexOf(time) !== times.lastIndexOf(time)) continue;
      const trained = set.features.slice(row * window.steps * width, (row + 1) * window.steps * width);
      expect(trained).toEqual(live.get(time));
    }
  });
  await fc.assert(property, { numRuns: 25 });
});

it('windowOf() takes the row nearest to each step, and the oldest one where the rows do not reach back', () => {
  const window = { steps: 4, everyMs: 2000 };
  const rows = snapshots(12, (row) => ({ process_count: row }));
  const at = spec.names.indexOf('process_count');
  const counts = [...liveWindows(rows, window).values()].map((found) =>
    [0, 1, 2, 3].map((step) => pick(found, step)[at]),
  );
  expect(counts[0]).toEqual([2, 2, 2, 2]);
  expect(counts[3]).toEqual([2, 2, 3, 5]);
  expect(counts.at(-1)).toEqual([5, 7, 9, 11]);
});

it('windowOf() reaches across no gap', () => {
  const window = { steps: 3, everyMs: 1000 };
  const rows = snapshots(20, (row) => ({
    process_count: row,
    timestamp: mondayMs + row * 1000 + (row >= 10 ? 60_000 : 0),
  }));
  const at = spec.names.indexOf('process_count');
  const found = liveWindows(rows, window).get(rows[12]!.timestamp)!;
  expect([0, 1, 2].map((step) => pick(found, step)[at])).toEqual([12, 12, 12]);
});

it('windowOf() of a row stays what it was while later rows come', () => {
  const extractor = createFeatureExtractor(spec);
  const rows = pressuredSnapshots(300, 50);
  for (const row of rows.slice(0, 250)) extractor.push(row, { lastOptimizationMs: null });
  const history = extractor.history();
  const window = { steps: 10, everyMs: 8000 };
  const before = history.windowOf(window);
  for (const row of rows.slice(250, 256)) extractor.push(row, { lastOptimizationMs: null });
  expect(history.windowOf(window)).toEqual(before);
});

it('buildTrainingSet() gives rows of a range the windows that the whole history gives them', async () => {
  const window = { steps: 8, everyMs: 1000 };
  const options = { spec, window, horizonMs: 2000, balance: 'none' } as const;
  const rows = pressuredSnapshots(400, 40);
  const all = await buildTrainingSet({ memory: rows, ...options });
  const fromMs = mondayMs + 200_000;
  const first = fromMs - lookbackMs(withWindow(spec, window));
  const part = await buildTrainingSet({
    memory: rows.filter(({ timestamp }) => timestamp >= first),
    ...options,
    fromMs,
  });
  expect(part.rowCount).toBeGreaterThan(100);
  const at = all.timestamps.indexOf(part.timestamps[0]!);
  expect(part.features).toEqual(all.features.subarray(at * 8 * width));
});

it('buildTrainingSet() scores persistence on the newest row of each window', async () => {
  const memory = pressuredSnapshots(400, 40);
  const plain = await buildTrainingSet({ memory, spec, horizonMs: 2000 });
  const windowed = await buildTrainingSet({
    memory,
    spec,
    horizonMs: 2000,
    window: { steps: 5, everyMs: 1000 },
  });
  expect(windowed.persistence).toEqual(plain.persistence);
  expect(windowed.labels).toEqual(plain.labels);
});

it('featureSpecSha256() covers the window', () => {
  const hashes = [undefined, { steps: 4, everyMs: 1000 }, { steps: 4, everyMs: 2000 }].map((window) =>
    featureSpecSha256(withWindow(spec, window)),
  );
  expect(new Set(hashes).size).toBe(3);
  expect(hashes[0]).toBe(featureSpecSha256(spec));
});

it('withWindow() refuses a window that reaches further back than a host keeps its rows', () => {
  expect(() => withWindow(spec, { steps: 11, everyMs: 10_000 })).toThrow(
    /it reaches back 100000 ms, wanted at most 80000/,
  );
  expect(() => withWindow(spec, { steps: 1, everyMs: 1000 })).toThrow(/its steps are 1/);
});

it('datasetCard() describes each column of a window', async () => {
  const window = { steps: 3, everyMs: 500 };
  const card = datasetCard(
    await buildTrainingSet({ memory: pressuredSnapshots(300, 40), spec, horizonMs: 2000, window }),
  );
  expect(card.window).toEqual(window);
  expect(card.features).toHaveLength(3 * width);
  expect(card.features[0]).toMatchObject({ name: 'usage_percent@-2', unit: '%' });
  expect(card.features[0]!.how).toMatch(/^1 s earlier: 100 ×/);
  expect(card.features.at(-width)).toMatchObject({ name: 'usage_percent@-0' });
});
