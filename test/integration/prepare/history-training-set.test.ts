// A training set that is read natively from a history holds what the live extractor and the labels say of its rows, to
// the last bit. Random histories, seeds printed.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MemorySnapshot } from '../../../src/core/index.ts';
import {
  buildFeatureSpec,
  buildHistoryTrainingSet,
  buildTrainingSet,
  createFeatureExtractor,
  createTrainingSource,
  labelSnapshots,
  lookbackMs,
  readFeatureRows,
  trainingBatches,
} from '../../../src/prepare/index.ts';
import type { HistoryTrainingOptions, StreamedTrainingSet } from '../../../src/prepare/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import type { History } from '../../../src/store/index.ts';
import { mondayMs, pressuredSnapshots } from '../../support/memory-rows.ts';
import { eventfulRows } from '../../support/prepare/eventful-host.ts';
import { createPrintedRandom } from '../../support/random.ts';

const spec = buildFeatureSpec();
const horizonMs = 20_000;
const keepNothing = 0;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ruvector-training-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Segments of a few hundred rows each, and some rows that are not sealed. */
async function writeHistory(home: string, rows: readonly MemorySnapshot[], sealRows = 400): Promise<History> {
  const history = await openHistory(home, { retainMs: Infinity });
  for (let at = 0; at < rows.length; at += sealRows) {
    history.append('memory', rows.slice(at, at + sealRows));
    if (at + sealRows < rows.length) await history.seal('memory');
  }
  await history.flush();
  return history;
}

const build = (history: History, options: Partial<HistoryTrainingOptions> = {}, keepBytes?: number) =>
  buildHistoryTrainingSet(history, { spec, horizonMs, balance: 'none', ...options }, keepBytes);

const featuresOf = (set: StreamedTrainingSet) => readFeatureRows(set, [0, set.rowCount]);

/** What the live extractor and labels say, row by row. */
function expectRows(rows: readonly MemorySnapshot[]): { features: Float32Array; labels: number[] } {
  const extractor = createFeatureExtractor(spec);
  const maxGapMs = Math.min(spec.maxGapMs, horizonMs);
  const observed = labelSnapshots(rows, { horizonMs, maxGapMs });
  const features: number[] = [];
  const labels: number[] = [];
  rows.forEach((row, i) => {
    const live = extractor.push(row, { lastOptimizationMs: null });
    if (live === null || observed[i] === -1) return;
    features.push(...live);
    labels.push(observed[i]!);
  });
  return { features: Float32Array.from(features), labels };
}

const sameBits = (a: Float32Array, b: Float32Array): boolean =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));

describe('buildHistoryTrainingSet()', () => {
  it('holds what the live extractor and the labels say of each row, to the last bit, whatever happened to the host', async () => {
    const random = createPrintedRandom('buildHistoryTrainingSet()');
    for (let round = 0; round < 3; round++) {
      await using history = await writeHistory(join(directory, String(round)), eventfulRows(2500, random));
      const expected = expectRows(await history.rows('memory'));
      expect(expected.labels.length).toBeGreaterThan(500);
      for (const keepBytes of [keepNothing, undefined]) {
        const set = await build(history, {}, keepBytes);
        expect([...set.labels]).toEqual(expected.labels);
        expect(sameBits(await featuresOf(set), expected.features)).toBe(true);
      }
    }
  });

  it('is the set of the same rows in memory, with the same content hash, for each balance and range', async () => {
    const random = createPrintedRandom('buildHistoryTrainingSet() beside buildTrainingSet()');
    await using history = await writeHistory(directory, eventfulRows(2500, random));
    const middle = mondayMs + 1_000_000;
    for (const options of [
      { balance: 'weights' },
      { balance: 'undersample', blocks: 3 },
      { fromMs: middle },
      { toMs: middle + 500_000, blocks: 2 },
    ] as const) {
      const { fromMs, toMs } = { fromMs: undefined, toMs: undefined, ...options };
      const memory = await history.rows('memory', {
        ...(fromMs !== undefined && { fromMs: fromMs - lookbackMs(spec) }),
        ...(toMs !== undefined && { toMs }),
      });
      const { features, ...facts } = await buildTrainingSet({ memory, spec, horizonMs, ...options });
      const set = await buildHistoryTrainingSet(history, { spec, horizonMs, ...options }, keepNothing);
      const { readFeatures: _read, ...streamed } = set;
      expect(streamed).toEqual(facts);
      expect(sameBits(await featuresOf(set), features)).toBe(true);
    }
  });

  it('gives the same batches as a set in memory, from any row on', async () => {
    const rows = pressuredSnapshots(1500);
    await using history = await writeHistory(directory, rows);
    const set = await build(history, {}, keepNothing);
    const inMemory = await buildTrainingSet({ memory: rows, spec, horizonMs, balance: 'none' });
    const wanted = [...trainingBatches(inMemory)].flatMap((batch) => batch.toArray().map(String));
    for (const skip of [0, 1, 700]) {
      const read: string[] = [];
      for await (const batch of createTrainingSource(set).open(skip, new AbortController().signal))
        read.push(...batch.toArray().map(String));
      expect(read).toEqual(wanted.slice(skip));
    }
  });

  it('says so when features are read again and rows of its history are gone', async () => {
    await using history = await writeHistory(directory, pressuredSnapshots(1500));
    const set = await build(history, {}, keepNothing);
    await featuresOf(set);
    const segments = join(directory, 'segments', 'memory');
    const [, second] = (await readdir(segments)).sort();
    await rm(join(segments, second!));
    await expect(featuresOf(set)).rejects.toMatchObject({ code: 'ERR_PREPARE_HISTORY_CHANGED' });
  });

  it('does not see rows that come while it is read', async () => {
    const rows = pressuredSnapshots(1500);
    await using history = await writeHistory(directory, rows.slice(0, 1400));
    const set = await build(history, {}, keepNothing);
    const before = await featuresOf(set);
    history.append('memory', rows.slice(1400));
    await history.seal('memory');
    expect(sameBits(await featuresOf(set), before)).toBe(true);
  });

  it('stops when aborted, at once when it was before', async () => {
    await using history = await writeHistory(directory, pressuredSnapshots(1500));
    await expect(build(history, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
    const set = await build(history, {}, keepNothing);
    const reading = set.readFeatures(AbortSignal.abort(new Error('no more')));
    await expect(Array.fromAsync(reading)).rejects.toThrow('no more');
  });
});
