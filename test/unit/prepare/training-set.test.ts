import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildRecordBatch,
  memoryKind,
  rowsOf,
  toArrowSchema,
  trainingKind,
} from '../../../src/core/index.ts';
import {
  buildFeatureSpec,
  buildTrainingSet,
  datasetCard,
  defaultThresholds,
  splitNames,
  trainingBatches,
} from '../../../src/prepare/index.ts';
import type { TrainingSet, TrainingSetOptions } from '../../../src/prepare/index.ts';
import { createPersistence } from '../../../src/prepare/persistence.ts';
import { splitByTime } from '../../../src/prepare/split.ts';
import { mondayMs, pressuredSnapshots, snapshots } from '../../support/memory-rows.ts';

const spec = buildFeatureSpec({ rateWindowMs: 2000, trendWindowMs: 8000, maxGapMs: 5000 });
const horizonMs = 5000;
const rows = pressuredSnapshots(1000);

function build(options: Partial<TrainingSetOptions> = {}): Promise<TrainingSet> {
  return buildTrainingSet({ memory: rows, spec, horizonMs, ...options });
}
const timesOf = (set: TrainingSet, name: string) =>
  [...set.timestamps].filter((_, i) => splitNames[set.splits[i]!] === name);
const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

describe('buildTrainingSet()', () => {
  it('gives one row a snapshot, less the warm-up and the last horizon', async () => {
    const set = await build();
    expect(set.rowCount).toBe(1000 - 2 - 5);
    expect(set.skipped).toEqual({ warmup: 2, unlabelled: 5, acted: 0, undersampled: 0 });
    expect(set.features).toHaveLength(set.rowCount * set.featureNames.length);
    expect(set.timestamps[0]).toBe(mondayMs + 2000);
  });

  it('tests on the newest fifth, with a gap of one horizon before it', async () => {
    const set = await build();
    const [train, test] = [timesOf(set, 'train'), timesOf(set, 'test')];
    expect(test).toHaveLength(Math.ceil(set.rowCount * 0.2));
    expect(Math.max(...train) + horizonMs).toBeLessThan(Math.min(...test));
    expect(timesOf(set, 'gap')).toHaveLength(5);
  });

  it('tests on the end of each block when there are several', async () => {
    const set = await build({ blocks: 5 });
    const lastOfEach = Array.from(
      { length: 5 },
      (_, k) => set.timestamps[Math.floor((set.rowCount * (k + 1)) / 5) - 1],
    );
    expect(timesOf(set, 'test')).toEqual(expect.arrayContaining(lastOfEach));
    expect(timesOf(set, 'test').length).toBeGreaterThanOrEqual(set.rowCount * 0.2);
    expect(timesOf(set, 'gap')).toHaveLength(5 * 5 + 4 * 5);
  });

  it('gives the same set for rows, for batches, and for both from an asynchronous source', async () => {
    const batches = [rows.slice(0, 300), rows.slice(300)].map((part) => buildRecordBatch(memoryKind, part));
    async function* mixed() {
      yield batches[0]!;
      for (const row of rows.slice(300)) yield await Promise.resolve(row);
    }
    const [a, b, c] = [await build(), await build({ memory: batches }), await build({ memory: mixed() })];
    expect(b).toEqual(a);
    expect(c).toEqual(a);
  });

  it('gives the memory available one horizon after each row', async () => {
    const set = await build();
    const percentAt = new Map(
      rows.map((row) => [row.timestamp, (100 * row.mem_available_kib) / row.mem_total_kib]),
    );
    const wanted = Float32Array.from(set.timestamps, (timeMs) => percentAt.get(timeMs + horizonMs)!);
    expect(set.targets).toEqual(wanted);
  });

  it('takes a history of one class for a forecast, and not to tell labels apart', async () => {
    const memory = snapshots(500);
    await expect(build({ memory })).rejects.toMatchObject({ code: 'ERR_PREPARE_ONE_CLASS' });
    expect((await build({ memory, task: 'forecast' })).rowCount).toBe(500 - 2 - 5);
    await expect(build({ task: 'ranking' as never })).rejects.toThrow(/task is ranking/);
  });

  it('has an id that follows from its content', async () => {
    const [a, again, other] = [await build(), await build(), await build({ memory: rows.slice(1) })];
    expect(again.sha256).toBe(a.sha256);
    expect(a.id).toBe(`ds-${a.sha256.slice(0, 16)}`);
    expect(other.sha256).not.toBe(a.sha256);
    expect((await build({ thresholds: { stallSomeShould: 0.002 } })).sha256).not.toBe(a.sha256);
  });

  it('takes samples from fromMs on with warm windows, and looks at nothing from toMs on', async () => {
    const [fromMs, toMs] = [mondayMs + 300_000, mondayMs + 900_000];
    const [whole, part] = [await build(), await build({ fromMs, toMs })];
    expect(part.timestamps[0]).toBe(fromMs);
    expect(part.timestamps.at(-1)).toBe(toMs - 1000 - horizonMs);
    const at = whole.timestamps.indexOf(fromMs);
    const length = part.rowCount;
    expect(part.labels).toEqual(whole.labels.slice(at, at + length));
    const width = spec.names.length;
    expect(part.features).toEqual(whole.features.slice(at * width, (at + length) * width));
  });

  it("weighs train classes as scikit-learn's balanced does", async () => {
    const { classCounts, classWeights } = await build();
    const present = classCounts.train.filter((count) => count > 0).length;
    classCounts.train.forEach((count, label) => {
      const wanted = count === 0 ? 0 : total(classCounts.train) / (present * count);
      expect(classWeights[label]).toBeCloseTo(wanted);
    });
    expect((await build({ balance: 'none' })).classWeights).toEqual([1, 1, 1, 1]);
  });

  it('undersamples the train part only, to its smallest class, and the seed decides which rows', async () => {
    const [plain, first, again, other] = [
      await build(),
      await build({ balance: 'undersample' }),
      await build({ balance: 'undersample' }),
      await build({ balance: 'undersample', seed: 2 }),
    ];
    const smallest = Math.min(...plain.classCounts.train.filter((count) => count > 0));
    expect(first.classCounts.train).toEqual(plain.classCounts.train.map((n) => (n === 0 ? 0 : smallest)));
    expect(first.classCounts.test).toEqual(plain.classCounts.test);
    expect(again.sha256).toBe(first.sha256);
    expect(other.timestamps).not.toEqual(first.timestamps);
    expect(first.notes.join()).toMatch(/Undersampling left/);
  });

  it('leaves out rows that an action reaches: in their horizon, or shortly before them', async () => {
    const at = mondayMs + 400_000;
    const set = await build({ optimizationTimestamps: [at] });
    // (t, t + 5 s] holds it for 395 s to 399 s; it still shows at 400 s and 401 s, one rate window of 2 s.
    const missing = [395, 396, 397, 398, 399, 400, 401].map((second) => mondayMs + second * 1000);
    const whole = await build();
    expect([...whole.timestamps].filter((time) => !set.timestamps.includes(time))).toEqual(missing);
    expect(set.skipped.acted).toBe(7);
    expect(set.notes.join()).toMatch(/^7 rows were left out because an action of the optimizer reaches them/);
    expect((await build({ optimizationTimestamps: [at], actionEffectMs: 0 })).skipped.acted).toBe(5);
    const many = await build({ optimizationTimestamps: [at + 5000, at, at + 100_000] });
    expect(many.skipped.acted).toBe(7 + 5 + 7);
  });

  it('keeps and marks them when they are wanted', async () => {
    const at = mondayMs + 400_000;
    const set = await build({ optimizationTimestamps: [at], includeActed: true });
    const marked = [...set.timestamps].filter((_, row) => set.acted[row] === 1);
    expect(marked.map((time) => (time - mondayMs) / 1000)).toEqual([395, 396, 397, 398, 399, 400, 401]);
    expect(set.skipped.acted).toBe(0);
    expect(set.notes.join()).toMatch(/7 rows are in the set although an action/);
    expect(datasetCard(set).acted).toEqual({ included: true, effectMs: 2000, rows: 7 });
    const fewer = await build({ optimizationTimestamps: [at], includeActed: true, balance: 'undersample' });
    expect(fewer.acted).toHaveLength(fewer.rowCount);
    expect(set.sha256).not.toBe((await build({ optimizationTimestamps: [at] })).sha256);
  });

  it('says that actions are why there are too few rows, or one class', async () => {
    const everywhere = rows.map((row) => row.timestamp);
    await expect(build({ optimizationTimestamps: everywhere })).rejects.toThrow(
      /gives 0 s of labelled rows, 993 rows were left out because an action of the optimizer reaches them,.*collect about 15 s more.*keep those rows \(--include-acted\)/,
    );
    const busy = rows.filter((_, i) => i % 200 >= 110).map((row) => row.timestamp);
    await expect(build({ optimizationTimestamps: busy })).rejects.toThrow(
      /are NoActionNeeded .* rows were left out because an action .*collect without acting/,
    );
  });

  it('says in its notes which classes the test part lacks', async () => {
    const set = await build({ memory: rows.slice(0, 720), testFraction: 0.1 });
    expect(set.classCounts.test.slice(1)).toEqual([0, 0, 0]);
    expect(set.notes.join()).toMatch(/test part holds no ShouldOptimize, ShouldOptimizeAggressive, Critical/);
  });

  it('refuses a history with too few rows and says what it holds', async () => {
    await expect(build({ memory: [] })).rejects.toMatchObject({ code: 'ERR_PREPARE_TOO_FEW_ROWS' });
    await expect(build({ memory: rows.slice(0, 12) })).rejects.toThrow(
      /gives 5 s of labelled rows, and it takes 19 s .*; collect about 14 s more/,
    );
  });

  it('refuses a history with one class and says which', async () => {
    const quiet = build({ memory: snapshots(300) });
    await expect(quiet).rejects.toMatchObject({ code: 'ERR_PREPARE_ONE_CLASS' });
    await expect(quiet).rejects.toThrow(
      /are NoActionNeeded .*; collect while the host is under memory pressure.*lower thresholds$/,
    );
    const strained = build({ memory: snapshots(300).map((row) => ({ ...row, mem_available_kib: 1000 })) });
    await expect(strained).rejects.toThrow(
      /are Critical .*; collect while the host is calm too.*higher thresholds$/,
    );
  });

  it('reports every wrong option at once', async () => {
    await expect(build({ horizonMs: 0, testFraction: 1, blocks: 1.5 })).rejects.toThrow(
      /horizonMs is 0.*testFraction is 1.*blocks is 1.5/,
    );
  });

  it('stops when aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(build({ signal })).rejects.toThrow('enough');
  });
});

describe('splitByTime()', () => {
  it('never lets a horizon of one part reach a row of the other, however rows lie in time', () => {
    const options = fc.record({
      testFraction: fc.double({ min: 0.05, max: 0.9, noNaN: true }),
      blocks: fc.integer({ min: 1, max: 6 }),
      horizonMs: fc.integer({ min: 1, max: 5000 }),
    });
    const steps = fc.array(fc.integer({ min: -500, max: 3000 }), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(steps, options, (stepsMs, asked) => {
        let ms = mondayMs;
        const timestamps = Float64Array.from(stepsMs, (step) => (ms += step));
        const splits = splitByTime(timestamps, asked);
        const times = (name: string) => timestamps.filter((_, i) => splitNames[splits[i]!] === name);
        for (const train of times('train')) {
          for (const test of times('test')) {
            expect(Math.abs(test - train)).toBeGreaterThan(asked.horizonMs);
          }
        }
      }),
    );
  });
});

describe('trainingBatches()', () => {
  it('gives batches of the training kind that hold the set', async () => {
    const set = await build();
    const kind = trainingKind(set.featureNames);
    const batches = [...trainingBatches(set, kind, 400)];
    expect(batches.map((batch) => batch.numRows)).toEqual([400, 400, 193]);
    for (const batch of batches) expect(batch.schema).toEqual(toArrowSchema(kind));
    const read = batches.flatMap((batch) => rowsOf(kind, batch));
    expect(read.map((row) => row['timestamp'])).toEqual([...set.timestamps]);
    expect(read.map((row) => row['label'])).toEqual([...set.labels]);
    expect(read.map((row) => row['split'])).toEqual(Array.from(set.splits, (split) => splitNames[split]));
    const features = read.flatMap((row) => set.featureNames.map((name) => row[name] as number));
    expect(Float32Array.from(features)).toEqual(set.features);
  });

  it('refuses a kind with other columns', async () => {
    const set = await build();
    expect(() => [...trainingBatches(set, trainingKind(['luck']))]).toThrow(
      /wanted timestamp, usage_percent/,
    );
  });
});

describe('datasetCard()', () => {
  it('says how every feature and label was computed, as plain JSON', async () => {
    const set = await build({ blocks: 2 });
    const card = datasetCard(set);
    expect(JSON.parse(JSON.stringify(card))).toEqual(card);
    expect(card.features.map((feature) => feature.name)).toEqual(set.featureNames);
    expect(card.labelRules.find((rule) => rule.source.startsWith('Meta TMO'))).toMatchObject({
      label: 'ShouldOptimize',
      signal: 'stallSome',
      threshold: 0.001,
    });
    expect(card).toMatchObject({ id: set.id, rows: set.rowCount, split: { blocks: 2, gapMs: horizonMs } });
    expect(card.classCounts['train']!['NoActionNeeded']).toBe(set.classCounts.train[0]);
    expect(card.labelRules.find((rule) => rule.signal === 'comebackPercentPerMinute')?.and).toEqual({
      signal: 'stallSome',
      reached: 'at or above',
      threshold: 0.0005,
    });
  });

  it('scores persistence on the test part, and says so when the features lack what it looks at', async () => {
    const { persistence } = datasetCard(await build({ blocks: 2 })).baseline;
    expect(persistence!.macroF1).toBeGreaterThan(0.3);
    expect(persistence!.macroF1).toBeLessThan(1);
    const blind = await build({ spec: { ...spec, names: ['process_count'] } });
    expect(datasetCard(blind).baseline.persistence).toBeNull();
  });
});

describe('createPersistence()', () => {
  const names = [
    'psi_memory_some',
    'psi_memory_full',
    'available_percent',
    'refault_file_rate',
    'swap_in_rate',
  ];
  const say = (row: Record<string, number>, given = names) =>
    createPersistence(given, defaultThresholds)(Float32Array.from(given, (name) => row[name] ?? 0));

  it('applies the thresholds of the labels to the row', () => {
    expect(say({ available_percent: 50 })).toBe(0);
    expect(say({ available_percent: 9 })).toBe(2);
    expect(say({ available_percent: 3 })).toBe(3);
    expect(say({ available_percent: 50, psi_memory_some: 0.002 })).toBe(1);
    expect(say({ available_percent: 50, psi_memory_some: 0.04 })).toBe(2);
    expect(say({ available_percent: 50, psi_memory_full: 0.06 })).toBe(3);
  });

  it('turns refault rates back into percent of memory in use a minute', () => {
    // 16.7 ppm of MemTotal a second are 0.1 % a minute, 0.2 % of the half that is in use.
    const row = { available_percent: 50, psi_memory_some: 0.0006 };
    expect(say({ ...row, refault_file_rate: Math.log1p(16.5) })).toBe(0);
    expect(say({ ...row, refault_file_rate: Math.log1p(16.8) })).toBe(1);
    expect(say({ ...row, refault_file_rate: Math.log1p(8.4), swap_in_rate: Math.log1p(8.4) })).toBe(1);
    expect(say({ available_percent: 50, refault_file_rate: 9 })).toBe(0);
  });

  it('takes used memory for available memory where that is no feature', () => {
    expect(say({ usage_percent: 97 }, ['usage_percent'])).toBe(3);
    expect(say({ usage_percent: 50 }, ['usage_percent'])).toBe(0);
  });
});
