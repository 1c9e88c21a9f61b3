// What the history costs on disk and how fast it takes rows durably.
// store.size seals the real capture under test/fixtures/capture; the anchor writes the same rows as
// Polars does by default. The capture's host moved a median of 30 MB of memory every second: the order-0
// entropy of its deltas, column by column and in whole pages, is already 1.47 KB a minute, so no encoding
// that keeps columns readable on their own reaches the goal of 1 KB on it. store.append beside SQLite, which must survive the same crash.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import pl from 'nodejs-polars';
import { memoryKind } from '../../src/core/index.ts';
import type { AnyRow, MemorySnapshot, RecordKind } from '../../src/core/index.ts';
import { encodeSegment } from '../../src/store/encode-segment.ts';
import { openHistory } from '../../src/store/index.ts';
import { planSegment } from '../../src/store/plan-segment.ts';
import { readCapture } from '../support/collect/capture-fixture.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

/** The columns from which all six fields of the export document's MemorySnapshot follow. */
const sixFields = [
  'timestamp',
  'mem_total_kib',
  'mem_available_kib',
  'swap_total_kib',
  'swap_free_kib',
  'process_count',
] as const;

const sixKind: RecordKind = {
  ...memoryKind,
  fields: memoryKind.fields.filter(({ name }) => sixFields.some((field) => field === name)),
};

async function sealedBytes(kind: RecordKind, rows: readonly AnyRow[]): Promise<number> {
  return encodeSegment(kind, rows, [1], await planSegment(kind, rows)).length;
}

/** The same rows as int64 columns, zstd, everything else at its default. */
function polarsBytes(kind: RecordKind, rows: readonly AnyRow[]): number {
  const columns = kind.fields.map(({ name }) =>
    pl.Series(
      name,
      rows.map((row) => row[name]),
      pl.Int64,
    ),
  );
  const frame = pl.DataFrame(columns);
  return frame.writeParquet({ compression: 'zstd' }).length;
}

function sizeCase(
  name: string,
  kind: RecordKind,
  rows: readonly MemorySnapshot[],
  per: { unit: string; count: number; goal: number },
): BenchCase {
  return {
    bench: 'store.size',
    case: name,
    unit: per.unit,
    better: 'lower',
    anchorName: 'Polars Parquet, zstd',
    runs: 1,
    warmup: false,
    ours: async () => (await sealedBytes(kind, rows)) / per.count,
    anchor: async () => polarsBytes(kind, rows) / per.count,
    goal: (ours) => ours <= per.goal,
  };
}

async function* sizeCases(): AsyncGenerator<BenchCase> {
  const rows = readCapture();
  const minutes = (rows.at(-1)!.timestamp - rows[0]!.timestamp) / 60_000;
  const values = rows.length * memoryKind.fields.length;
  yield sizeCase('full snapshot at 1 Hz', memoryKind, rows, { unit: 'B/min', count: minutes, goal: 1024 });
  yield sizeCase('full snapshot', memoryKind, rows, { unit: 'B/value', count: values, goal: 1 });
  yield sizeCase('six fields at 1 Hz', sixKind, rows, { unit: 'B/min', count: minutes, goal: 300 });
}

/** One way to append batches durably; resolves to rows a second. */
type Appender = (batches: readonly (readonly MemorySnapshot[])[]) => Promise<number>;

async function inFreshDirectory(work: (directory: string) => Promise<number>): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'ruvector-store-bench-'));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Sealing is left out: it happens once an hour, behind the appends. */
const appendToHistory: Appender = (batches) =>
  inFreshDirectory(async (directory) => {
    await using history = await openHistory(directory, { sealRows: { memory: Infinity } });
    const start = performance.now();
    for (const batch of batches) {
      history.append('memory', batch);
      await history.flush();
    }
    return (batches.flat().length / (performance.now() - start)) * 1000;
  });

const appendToSqlite: Appender = (batches) =>
  inFreshDirectory((directory) => {
    const database = new DatabaseSync(join(directory, 'history.db'));
    try {
      database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL');
      const names = memoryKind.fields.map(({ name }) => name);
      database.exec(`CREATE TABLE memory (${names.map((name) => `${name} INTEGER`).join(', ')})`);
      const insert = database.prepare(`INSERT INTO memory VALUES (${names.map(() => '?').join(', ')})`);
      const start = performance.now();
      for (const batch of batches) insertAll(database, insert, names, batch);
      return Promise.resolve((batches.flat().length / (performance.now() - start)) * 1000);
    } finally {
      database.close();
    }
  });

function insertAll(
  database: DatabaseSync,
  insert: StatementSync,
  names: readonly (keyof MemorySnapshot)[],
  batch: readonly MemorySnapshot[],
): void {
  database.exec('BEGIN');
  for (const row of batch) insert.run(...names.map((name) => row[name]));
  database.exec('COMMIT');
}

function appendCase(name: string, batches: readonly MemorySnapshot[][]): BenchCase {
  return {
    bench: 'store.append',
    case: name,
    unit: 'rows/s',
    better: 'higher',
    anchorName: 'SQLite, WAL, synchronous=FULL',
    ours: () => appendToHistory(batches),
    anchor: () => appendToSqlite(batches),
  };
}

async function* appendCases(): AsyncGenerator<BenchCase> {
  const rows = readCapture();
  const single = rows.slice(0, 200).map((row) => [row]);
  const thousands = Array.from({ length: 10 }, () => rows.slice(0, 1000));
  yield appendCase('1 row a flush', single);
  yield appendCase('1000 rows a flush', thousands);
}

export const topics: readonly BenchTopic[] = [
  { name: 'store.size', cases: sizeCases },
  { name: 'store.append', cases: appendCases },
];
