// numpy decides: features and labels of a training set, recomputed in Python from the same Arrow file.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as arrow from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildRecordBatch, memoryKind } from '../../../src/core/index.ts';
import type { MemorySnapshot } from '../../../src/core/index.ts';
import {
  buildFeatureSpec,
  buildTrainingSet,
  datasetCard,
  trainingBatches,
} from '../../../src/prepare/index.ts';
import type { TrainingSetOptions } from '../../../src/prepare/index.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';
import { python } from '../../support/python.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');
const script = join(root, 'test/support/prepare/prepare-reference.py');

interface Verdict {
  rows: number;
  expectedRows: number;
  types: Record<string, string>;
  timestampsEqual: boolean;
  labelMismatches: number;
  labelCounts: number[];
  maxDiff: Record<string, number>;
  trainRowsThatReachTest: number;
}

let folder: string;
const timeZone = process.env['TZ'];

beforeAll(async () => {
  process.env['TZ'] = 'UTC';
  folder = await mkdtemp(join(tmpdir(), 'ruvector-prepare-'));
});

afterAll(async () => {
  if (timeZone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = timeZone;
  await rm(folder, { recursive: true, force: true });
});

async function judge(
  rows: readonly MemorySnapshot[],
  options: Omit<TrainingSetOptions, 'memory'>,
): Promise<Verdict> {
  const [memory, training, card] = ['memory.arrow', 'training.arrow', 'card.json'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const set = await buildTrainingSet({ memory: rows, ...options });
  await writeFile(memory, arrow.tableToIPC(new arrow.Table(buildRecordBatch(memoryKind, rows)), 'file'));
  await writeFile(training, arrow.tableToIPC(new arrow.Table([...trainingBatches(set)]), 'file'));
  await writeFile(card, JSON.stringify(datasetCard(set)));
  const { stdout } = await run(python, [script, 'check', memory, training, card]);
  return JSON.parse(stdout) as Verdict;
}

/** Regular, then irregular times, a pause, a reboot, and counters that are missing for a while. */
function eventfulSnapshots(count: number, intervalMs: number): MemorySnapshot[] {
  return pressuredSnapshots(count, 200, intervalMs).map((row, i) => ({
    ...row,
    timestamp:
      row.timestamp +
      (i >= 300 ? (i * 37) % Math.floor(intervalMs / 2) : 0) +
      (i >= 400 ? 40 * intervalMs : 0),
    psi_memory_full_us: i % 11 === 0 ? null : row.psi_memory_full_us,
    workingset_refault_file: i >= 900 ? i : row.workingset_refault_file,
    pswpin: i % 200 > 150 ? i * 30 : null,
    oom_kill: Math.floor(i / 40),
    pgscan_direct: Math.floor(i / 60) * 10,
    cgroup_oom_kill: i % 300 >= 250 ? 1 : 0,
    // The optimizer ends, starts again, and falls behind or runs ahead of what comes back.
    own_refault_file: i % 500 > 420 ? null : (i % 180) * 300,
    own_refault_anon: i >= 600 ? (i % 240) * 15 : null,
    dirty_kib: i % 3 === 0 ? 17_000_000 : row.dirty_kib,
    swap_total_kib: i >= 100 ? 2_000_000 : 0,
    swap_free_kib: i >= 100 ? 1_900_000 - i * 100 : 0,
    cgroup_limit_bytes: i % 2 === 0 ? null : 2 ** 31,
    cgroup_usage_bytes: 2 ** 30 + i * 2 ** 21,
  }));
}

function expectAgreement(verdict: Verdict): void {
  expect(verdict.rows).toBe(verdict.expectedRows);
  expect(verdict.timestampsEqual).toBe(true);
  expect(verdict.labelMismatches).toBe(0);
  expect(Math.min(...verdict.labelCounts)).toBeGreaterThan(0);
  // float32 rounding of two float64 results that differ in the last bits.
  for (const [name, diff] of Object.entries(verdict.maxDiff)) expect(diff, name).toBeLessThan(2e-7);
  expect(Object.keys(verdict.maxDiff)).toHaveLength(24);
  expect(verdict.trainRowsThatReachTest).toBe(0);
}

describe('buildTrainingSet() against numpy', () => {
  it('agrees on features, labels and split at 1 Hz', async () => {
    expectAgreement(await judge(eventfulSnapshots(1200, 1000), { horizonMs: 20_000 }));
  });

  it('agrees at 20 Hz with a horizon of 2 s, in blocks', async () => {
    const spec = buildFeatureSpec({ intervalMs: 50 });
    expectAgreement(await judge(eventfulSnapshots(1200, 50), { spec, horizonMs: 2000, blocks: 4 }));
  });
});

describe('datasetCard() against Python', () => {
  it('has the persistence score that a training report has', async () => {
    await judge(eventfulSnapshots(1200, 1000), { horizonMs: 20_000, blocks: 3 });
    const code = `
import json, sys
import pyarrow as pa
from ruvector._training.baseline import score_baselines
from ruvector._client.dataset import Dataset
from ruvector._training.held_out import take_predictions
card = json.load(open(sys.argv[2], encoding="utf-8"))
data = Dataset(pa.ipc.open_file(sys.argv[1]).read_all(), card)
train, test = ((data.X(s), data.y(s).astype("int64")) for s in ("train", "test"))
classes = sorted({*train[1].tolist(), *test[1].tolist()})
scores = score_baselines(data.feature_names, train, test, classes, data.labels, card["thresholds"])
take_predictions(scores, test[0], data.feature_names, data.labels)
print(json.dumps([scores, card["baseline"]]))
`;
    const paths = [join(folder, 'training.arrow'), join(folder, 'card.json')];
    const { stdout } = await run(python, ['-c', code, ...paths]);
    const [theirs, ours] = JSON.parse(stdout) as [Baselines, Baselines];
    expect(ours.persistence.macroF1).toBeCloseTo(theirs.persistence.macroF1, 12);
    expect(ours.persistence.accuracy).toBeCloseTo(theirs.persistence.accuracy, 12);
    expect(ours.persistence.accuracy).toBeGreaterThan(0.3);
    expect(ours.persistence.accuracy).toBeLessThan(1);
  });
});

interface Baselines {
  readonly persistence: { readonly macroF1: number; readonly accuracy: number };
}

describe('trainingBatches() read by pyarrow', () => {
  it('has the types of the training kind', async () => {
    const { types } = await judge(eventfulSnapshots(1200, 1000), { horizonMs: 20_000 });
    expect(types).toMatchObject({
      timestamp: 'timestamp[ms, tz=UTC]',
      usage_percent: 'float',
      label: 'int8',
      split: 'string',
    });
  });
});
