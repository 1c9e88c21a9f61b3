// How fast tables are anonymised: the first pass (counting groups) and the second (releasing rows) on process rows in
// memory, and both from a history to a file, beside DuckDB and beside the same without anonymising.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as arrow from 'apache-arrow';
import polars from 'nodejs-polars';
import { memoryKind, processKind, toArrowSchema } from '../../src/core/index.ts';
import type { HistoryKind, RecordKind } from '../../src/core/index.ts';
import { createAnonymizer } from '../../src/prepare/index.ts';
import type { AnonymizationPlan } from '../../src/prepare/index.ts';
import { openHistory } from '../../src/store/index.ts';
import { python } from '../support/python.ts';
import { writeLongHistory } from '../support/store/long-history.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const batchRows = 32_768;
const batchCount = 16;
const rows = batchRows * batchCount;
const processes = 300;

/** 300 processes of 60 names, every 10 s: half a million rows are five hours. */
function* processBatches(): Generator<arrow.RecordBatch> {
  const schema = toArrowSchema(processKind);
  const names = Array.from({ length: processes }, (_, i) => `worker-${i % 60}`);
  for (let batch = 0; batch < batchCount; batch++) {
    const children = processKind.fields.map(({ name, type }, column) => {
      const arrowType = schema.fields[column]!.type;
      const value = (i: number): number => valueOf(name, batch * batchRows + i);
      if (type === 'utf8') {
        const texts = Array.from(
          { length: batchRows },
          (_, i) => names[(batch * batchRows + i) % processes]!,
        );
        return arrow.vectorFromArray(texts, new arrow.Utf8()).data[0]!;
      }
      const data =
        type === 'int32'
          ? Int32Array.from({ length: batchRows }, (_, i) => value(i))
          : type === 'float32'
            ? Float32Array.from({ length: batchRows }, (_, i) => value(i))
            : BigInt64Array.from({ length: batchRows }, (_, i) => BigInt(value(i)));
      return arrow.makeData({ type: arrowType, data } as never);
    });
    const struct = new arrow.Struct(schema.fields);
    yield new arrow.RecordBatch(schema, arrow.makeData({ type: struct, length: batchRows, children }));
  }
}

function valueOf(name: string, row: number): number {
  if (name === 'timestamp') return 1_700_000_000_000 + Math.floor(row / processes) * 10_000;
  if (name === 'pid') return 1000 + (row % processes);
  if (name === 'start_time_ticks') return 5000 + (row % processes) * 7;
  return 100_000 + row;
}

async function* cases(): AsyncGenerator<BenchCase> {
  const frame = polars
    .readIPC(Buffer.from(arrow.tableToIPC(new arrow.Table([...processBatches()]), 'file')))
    .lazy();
  const partitions = [{ maxRows: rows, open: () => Promise.resolve(frame) }];
  let plan: AnonymizationPlan = await createAnonymizer().planPartitions(processKind, partitions);
  const base = {
    unit: 'rows/s',
    better: 'higher',
    anchorName: 'none: no comparable tool',
    anchor: null,
  } as const;
  yield {
    ...base,
    bench: 'privacy.plan',
    case: '0.5M process rows, first pass',
    ours: async () => {
      const from = performance.now();
      plan = await createAnonymizer().planPartitions(processKind, partitions);
      return (rows / (performance.now() - from)) * 1000;
    },
    goal: (rate) => rate >= 1e6,
  };
  yield {
    ...base,
    bench: 'privacy.apply',
    case: '0.5M process rows, second pass',
    ours: async () => {
      const from = performance.now();
      await plan.applyFrame(frame).collect();
      return (rows / (performance.now() - from)) * 1000;
    },
    goal: (rate) => rate >= 1e6,
  };
}

/** Hours of history: 720,000 rows of processes, 43,200 of memory. */
const HOURS = 12;

/** From the segments of a history to one file, both passes. */
async function* nativeCases(): AsyncGenerator<BenchCase> {
  const folder = await mkdtemp(join(tmpdir(), 'rvm-bench-privacy-'));
  try {
    await writeLongHistory(folder, { hours: HOURS, processes: 200, scanMs: 12_000 });
    const target = join(folder, 'anonymous.csv');
    for (const kind of [memoryKind, processKind]) {
      const count = kind === memoryKind ? HOURS * 3600 : HOURS * 300 * 200;
      const isProcess = kind === processKind;
      yield {
        bench: 'privacy.native',
        case: `${count} ${kind.name} rows, history to CSV`,
        unit: 'rows/s',
        better: 'higher',
        ours: async () => (count / (await anonymizeHistory(folder, kind, target))) * 1000,
        anchorName: isProcess ? 'DuckDB, the same by SQL' : 'the same history to CSV, not anonymised',
        anchor: async () =>
          isProcess
            ? count / (await runPeer(join(folder, 'segments', 'process'), target))
            : (count / (await writeHistory(folder, kind, target))) * 1000,
        goal: (rate, ratio) => (isProcess ? ratio! >= 1 : rate >= 500_000),
      };
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function anonymizeHistory(folder: string, kind: RecordKind, target: string): Promise<number> {
  const from = performance.now();
  await using history = await openHistory(folder, { readOnly: true });
  const partitions = await history.partitions(kind.name as HistoryKind);
  using anonymizer = createAnonymizer();
  const plan = await anonymizer.planPartitions(kind, partitions);
  const frames = await Promise.all(partitions.map((partition) => partition.open()));
  await plan.applyFrame(polars.concat(frames)).sinkCSV(target).collect();
  return performance.now() - from;
}

async function writeHistory(folder: string, kind: RecordKind, target: string): Promise<number> {
  const from = performance.now();
  await using history = await openHistory(folder, { readOnly: true });
  const partitions = await history.partitions(kind.name as HistoryKind);
  const frames = await Promise.all(partitions.map((partition) => partition.open()));
  await polars.concat(frames).sinkCSV(target).collect();
  return performance.now() - from;
}

/** Seconds. */
async function runPeer(segments: string, target: string): Promise<number> {
  const script = join(import.meta.dirname, 'privacy-peer.py');
  const { stdout } = await promisify(execFile)(python, [script, segments, target, '5']);
  return Number(stdout);
}

export const topics: readonly BenchTopic[] = [
  { name: 'privacy', cases },
  { name: 'privacy-native', cases: nativeCases },
];
