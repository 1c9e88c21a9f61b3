// The file formats, each as what it does with chunks of rows.
import type { FileHandle } from 'node:fs/promises';
import * as arrow from 'apache-arrow';
import { ArrowFile, encodeArrowSchema } from './arrow-file.ts';
import type { ChunkFormat } from './chunk-writer.ts';
import type { EncodePool, TextJob } from './encode-pool.ts';
import type { Compression } from './file-contract.ts';
import { ParquetParts } from './parquet-parts.ts';
import { buildTableDdl } from './sqlite-database.ts';
import { writeAll } from './table-writer.ts';
import type { WriterStart } from './table-writer.ts';

/** An open file that only grows. */
class GrowingFile {
  readonly handle: FileHandle;
  bytes: number;

  constructor(handle: FileHandle, bytes: number) {
    this.handle = handle;
    this.bytes = bytes;
  }

  async append(bytes: Uint8Array): Promise<void> {
    await writeAll(this.handle, bytes);
    this.bytes += bytes.length;
  }
}

/** Rows as an Arrow IPC file in memory of its own. */
function toIpc(schema: arrow.Schema, batches: readonly arrow.RecordBatch[]): Uint8Array {
  const bytes = arrow.tableToIPC(new arrow.Table(schema, [...batches]), 'file');
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

/** What every format in a file needs. */
export interface FileFormatOptions {
  readonly handle: FileHandle;
  readonly schema: arrow.Schema;
  readonly start: WriterStart;
  readonly pool: EncodePool;
  readonly compression: Compression;
}

const TEXT_ROWS = 16_384;
const PARQUET_ROWS = 131_072;
const ARROW_ROWS = 65_536;
const DATABASE_ROWS = 16_384;

/** CSV, JSON Lines or one JSON array. */
export function createTextFormat(
  format: TextJob['format'],
  { handle, schema, start, pool, compression }: FileFormatOptions,
): ChunkFormat {
  const file = new GrowingFile(handle, start.bytes);
  const encode: ChunkFormat['encode'] = (batches, isFirst) =>
    pool.run({ kind: 'text', format, compression, ipc: toIpc(schema, batches), isFirst });
  return {
    chunkRows: TEXT_ROWS,
    parallel: pool.size,
    encode,
    append: (encoded) => file.append(encoded),
    sync: async () => {
      await handle.sync();
      return { bytes: file.bytes };
    },
    complete: async (isEmpty) => {
      if (isEmpty) await file.append(await encode([], true));
      if (format === 'json') await file.append(await pool.run({ kind: 'text-end', compression }));
      await handle.sync();
    },
    close: () => handle.close(),
  };
}

/** Parquet, one row group a chunk. */
export function createParquetFormat({
  handle,
  schema,
  start,
  pool,
  compression,
}: FileFormatOptions): ChunkFormat {
  const file = new GrowingFile(handle, start.bytes);
  const message = encodeArrowSchema(schema);
  const parts =
    typeof start.state === 'string' ? ParquetParts.restore(start.state, message) : new ParquetParts(message);
  const encode: ChunkFormat['encode'] = (batches) =>
    pool.run({ kind: 'parquet', compression, ipc: toIpc(schema, batches) });
  const append = async (encoded: Uint8Array): Promise<void> => {
    if (file.bytes === 0) await file.append(ParquetParts.head);
    await file.append(parts.add(encoded, file.bytes));
  };
  return {
    chunkRows: PARQUET_ROWS,
    parallel: pool.size,
    encode,
    append,
    sync: async () => {
      await handle.sync();
      return { bytes: file.bytes, state: parts.save() };
    },
    complete: async (isEmpty) => {
      if (isEmpty) await append(await encode([], true));
      await file.append(parts.finish());
      await handle.sync();
    },
    close: () => handle.close(),
  };
}

/** Arrow IPC file. */
export function createArrowFormat({ handle, schema, start }: FileFormatOptions): ChunkFormat {
  const file = new GrowingFile(handle, start.bytes);
  const ipc = new ArrowFile(schema, start.state);
  const open = async (): Promise<void> => {
    if (file.bytes === 0) await file.append(ipc.head());
  };
  return {
    chunkRows: ARROW_ROWS,
    parallel: 1,
    encode: async (batches) => ipc.encode(batches),
    append: async (encoded) => {
      await open();
      ipc.note(encoded, file.bytes);
      await file.append(encoded);
    },
    sync: async () => {
      await handle.sync();
      return { bytes: file.bytes, state: ipc.save() };
    },
    complete: async () => {
      await open();
      await file.append(ipc.tail());
      await handle.sync();
    },
    close: () => handle.close(),
  };
}

/** One table of a SQLite database, which the pool's only thread has open. */
export function createTableFormat(
  pool: EncodePool,
  table: string,
  schema: arrow.Schema,
  start: WriterStart,
): { readonly format: ChunkFormat; open(): Promise<void> } {
  const index = schema.names.includes('timestamp') ? 'timestamp' : null;
  const format: ChunkFormat = {
    chunkRows: DATABASE_ROWS,
    parallel: 2,
    encode: (batches) => pool.run({ kind: 'database-insert', ipc: toIpc(schema, batches) }),
    append: async () => {},
    sync: async () => {
      await pool.run({ kind: 'database-commit' });
      return { bytes: 0 };
    },
    complete: async () => void (await pool.run({ kind: 'database-finish', index })),
    close: async () => {},
  };
  const ddl = buildTableDdl(table, schema);
  return {
    format,
    open: async () => void (await pool.run({ kind: 'database-table', table, ddl, rows: start.rows })),
  };
}
