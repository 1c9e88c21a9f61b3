// Tables as Parquet files by a library alone, durable when done: what our chunks and ParquetParts are measured
// against (test/bench/parquet.bench.ts). Run as a program it writes 0.5 million rows, then argv[4] more, and prints
// by how many MB the process grew: `parquet-libraries.ts <polars|hyparquet-writer> <directory> <rows>`.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import * as arrow from 'apache-arrow';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import pl from 'nodejs-polars';
import { toParquetSchema } from '../../../src/core/index.ts';
import { processBatches, processFields, processSchema } from './process-batches.ts';

const GROUP_ROWS = 131_072;
const MB = 1e6;
const SAMPLE_MS = 50;

export type ParquetLibrary = (batches: Iterable<arrow.RecordBatch>, path: string) => Promise<void>;

/** Polars takes a whole frame. */
async function writeWithPolars(batches: Iterable<arrow.RecordBatch>, path: string): Promise<void> {
  const ipc = arrow.tableToIPC(new arrow.Table(processSchema, [...batches]), 'file');
  const frame = pl.readIPC(Buffer.from(ipc.buffer, ipc.byteOffset, ipc.byteLength));
  frame.writeParquet(path, { compression: 'zstd' });
  await sync(path);
}

/** hyparquet-writer takes row groups one by one, in plain JavaScript. */
async function writeWithHyparquet(batches: Iterable<arrow.RecordBatch>, path: string): Promise<void> {
  await using file = await open(path, 'w');
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: toParquetSchema(processFields),
    codec: 'ZSTD',
    compressors: { ZSTD: (bytes) => zstdCompressSync(bytes) },
  });
  for (const group of groupsOf(batches)) {
    await parquet.write({
      columnData: processFields.map(({ name }) => columnOf(group, name)),
      rowGroupSize: GROUP_ROWS,
    });
    await file.write(writer.getBytes());
    writer.index = 0;
  }
  await parquet.finish();
  await file.write(writer.getBytes());
  await file.sync();
}

function* groupsOf(batches: Iterable<arrow.RecordBatch>): Generator<arrow.Table> {
  let waiting: arrow.RecordBatch[] = [];
  for (const batch of batches) {
    waiting.push(batch);
    if (waiting.length * batch.numRows < GROUP_ROWS) continue;
    yield new arrow.Table(waiting);
    waiting = [];
  }
  if (waiting.length > 0) yield new arrow.Table(waiting);
}

function columnOf(group: arrow.Table, name: string) {
  const column = group.getChild(name)!;
  return { name, data: column.nullCount === 0 ? column.toArray() : Array.from(column) };
}

async function sync(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  await file.sync();
}

export const parquetLibraries: Readonly<Record<'polars' | 'hyparquet-writer', ParquetLibrary>> = {
  polars: writeWithPolars,
  'hyparquet-writer': writeWithHyparquet,
};

if (import.meta.main) {
  const [library, directory, rows] = process.argv.slice(2) as [keyof typeof parquetLibraries, string, string];
  const write = (count: number): Promise<void> =>
    parquetLibraries[library](processBatches(count), join(directory, 'library.parquet'));
  await write(500_000);
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), SAMPLE_MS);
  await write(Number(rows));
  clearInterval(timer);
  process.stdout.write(String((Math.max(peak, process.memoryUsage.rss()) - before) / MB));
}
