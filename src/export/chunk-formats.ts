// The file formats, each as what it does with chunks of rows.
import * as arrow from 'apache-arrow';
import { ArrowFile, encodeArrowSchema } from './arrow-file.ts';
import type { ChunkFormat } from './chunk-writer.ts';
import type { ByteSink } from '../files/index.ts';
import type { EncodePool, TextJob } from './encode-pool.ts';
import type { Compression, ExportFormat } from './file-contract.ts';
import { ParquetParts } from './parquet-parts.ts';
import { buildTableDdl } from './sqlite-database.ts';
import type { WriterStart } from './table-writer.ts';

/** An open file that only grows. */
class GrowingFile {
  readonly #out: ByteSink;
  bytes: number;

  constructor(out: ByteSink, bytes: number) {
    this.#out = out;
    this.bytes = bytes;
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#out.write(bytes);
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
  readonly out: ByteSink;
  /** Nobody can seek in it: Arrow is then written as a stream. */
  readonly isStream: boolean;
  readonly schema: arrow.Schema;
  readonly start: WriterStart;
  readonly pool: EncodePool;
  /** Unset is the format's default. */
  readonly compression: Compression | undefined;
}

const TEXT_ROWS = 16_384;
const PARQUET_ROWS = 131_072;
const ARROW_ROWS = 65_536;
const DATABASE_ROWS = 16_384;

/** Formats of one file a table, which are written from begin to end. */
export type FileFormat = Exclude<ExportFormat, 'sqlite'>;

/** What such a format does with chunks. */
export function createFileFormat(format: FileFormat, options: FileFormatOptions): ChunkFormat {
  if (format === 'parquet') return createParquetFormat(options);
  return format === 'arrow' ? createArrowFormat(options) : createTextFormat(format, options);
}

/** CSV, JSON Lines or one JSON array. */
function createTextFormat(
  format: TextJob['format'],
  { out, schema, start, pool, compression = 'none' }: FileFormatOptions,
): ChunkFormat {
  const file = new GrowingFile(out, start.bytes);
  const encode: ChunkFormat['encode'] = (batches, isFirst) =>
    pool.run({ kind: 'text', format, compression, ipc: toIpc(schema, batches), isFirst });
  return {
    chunkRows: TEXT_ROWS,
    parallel: pool.size,
    encode,
    append: (encoded) => file.append(encoded),
    sync: async () => {
      await out.sync();
      return { bytes: file.bytes };
    },
    complete: async (isEmpty) => {
      if (isEmpty) await file.append(await encode([], true));
      if (format === 'json') await file.append(await pool.run({ kind: 'text-end', compression }));
      await out.sync();
    },
    close: () => out.close(),
  };
}

/** Parquet, one row group a chunk. */
function createParquetFormat({
  out,
  schema,
  start,
  pool,
  compression = 'zstd',
}: FileFormatOptions): ChunkFormat {
  const file = new GrowingFile(out, start.bytes);
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
      await out.sync();
      return { bytes: file.bytes, state: parts.save() };
    },
    complete: async (isEmpty) => {
      if (isEmpty) await append(await encode([], true));
      await file.append(parts.finish());
      await out.sync();
    },
    close: () => out.close(),
  };
}

/** Arrow IPC file, or the IPC stream format, which needs no seeking to be read. */
function createArrowFormat({ out, schema, start, isStream }: FileFormatOptions): ChunkFormat {
  const file = new GrowingFile(out, start.bytes);
  const ipc = new ArrowFile(schema, start.state);
  const open = async (): Promise<void> => {
    if (file.bytes === 0) await file.append(isStream ? ipc.streamHead() : ipc.head());
  };
  return {
    chunkRows: ARROW_ROWS,
    parallel: 1,
    encode: async (batches) => ipc.encode(batches),
    append: async (encoded) => {
      await open();
      if (!isStream) ipc.note(encoded, file.bytes);
      await file.append(encoded);
    },
    sync: async () => {
      await out.sync();
      return { bytes: file.bytes, state: ipc.save() };
    },
    complete: async () => {
      await open();
      await file.append(isStream ? ipc.streamTail() : ipc.tail());
      await out.sync();
    },
    close: () => out.close(),
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
