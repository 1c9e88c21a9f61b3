// Why exports write Parquet in chunks that ParquetParts joins. `export.parquet-library`: the whole way to a durable
// file beside a library alone. `export.parquet-memory`: what that costs in memory. `export.parquet-join`: moving
// the footer of a chunk with hyparquet's metadata beside encoding that chunk.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as arrow from 'apache-arrow';
import { encodeArrowSchema } from '../../src/export/arrow-file.ts';
import { encodeParquetChunk } from '../../src/export/encode-parquet-chunk.ts';
import { ParquetParts } from '../../src/export/parquet-parts.ts';
import { writeTables } from '../../src/export/write-tables.ts';
import { parquetLibraries } from '../support/export/parquet-libraries.ts';
import { processBatches, processSchema } from '../support/export/process-batches.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const MILLION = 1_000_000;
const CHUNK_ROWS = 131_072;
const libraries = Object.keys(parquetLibraries) as (keyof typeof parquetLibraries)[];

async function* inFolder(cases: (folder: string) => Iterable<BenchCase>): AsyncGenerator<BenchCase> {
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-parquet-bench-'));
  try {
    yield* cases(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function exportRows(batches: readonly arrow.RecordBatch[], path: string): Promise<void> {
  const open = async function* () {
    yield* batches;
  };
  const table = { name: 'process', schema: processSchema, open };
  await writeTables({ tables: [table], format: 'parquet', path, fingerprint: 'bench' });
}

function* rateCases(folder: string): Generator<BenchCase> {
  const batches = [...processBatches(MILLION)];
  const rate = (write: (path: string) => Promise<void>, name: string) => async () => {
    const started = performance.now();
    await write(join(folder, `${name}.parquet`));
    return (MILLION * 1000) / (performance.now() - started);
  };
  for (const library of libraries) {
    yield {
      bench: 'export.parquet-library',
      case: `1 million rows, 8 columns, beside ${library}`,
      unit: 'rows/s',
      better: 'higher',
      anchorName: `${library} alone, zstd`,
      ours: rate((path) => exportRows(batches, path), 'ours'),
      anchor: rate((path) => parquetLibraries[library](batches, path), library),
    };
  }
}

/** MB by which a fresh process grows. */
async function measureGrowth(...args: string[]): Promise<number> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return Number(await text(child.stdout));
}

function* memoryCases(folder: string): Generator<BenchCase> {
  const support = join(import.meta.dirname, '../support/export');
  const rows = String(5 * MILLION);
  for (const library of libraries) {
    yield {
      bench: 'export.parquet-memory',
      case: `5 million rows, 8 columns, beside ${library}`,
      unit: 'MB more RSS',
      better: 'lower',
      anchorName: `${library} alone, zstd`,
      warmup: false,
      ours: () => measureGrowth(join(support, 'export-memory.ts'), 'parquet', folder, rows),
      anchor: () => measureGrowth(join(support, 'parquet-libraries.ts'), library, folder, rows),
    };
  }
}

const ROUNDS = 20;

/** Milliseconds of one round. */
function duration(rounds: number, act: () => unknown): () => Promise<number> {
  return async () => {
    const started = performance.now();
    for (let i = 0; i < rounds; i++) act();
    return (performance.now() - started) / rounds;
  };
}

async function* joinCases(): AsyncGenerator<BenchCase> {
  const table = new arrow.Table([...processBatches(CHUNK_ROWS)]);
  const ipc = arrow.tableToIPC(table, 'file');
  const encode = (): Uint8Array => encodeParquetChunk({ kind: 'parquet', compression: 'zstd', ipc });
  const part = encode();
  const schema = encodeArrowSchema(processSchema);
  yield {
    bench: 'export.parquet-join',
    case: `a chunk of ${CHUNK_ROWS} rows, 8 columns`,
    unit: 'ms',
    better: 'lower',
    runs: 9,
    anchorName: 'Polars encoding that chunk',
    ours: duration(ROUNDS, () => {
      const parts = new ParquetParts(schema);
      parts.add(part, ParquetParts.head.length);
      return parts.finish();
    }),
    anchor: duration(2, encode),
  };
}

export const topics: readonly BenchTopic[] = [
  { name: 'export.parquet-library', cases: () => inFolder(rateCases) },
  { name: 'export.parquet-memory', cases: () => inFolder(memoryCases) },
  { name: 'export.parquet-join', cases: joinCases },
];
