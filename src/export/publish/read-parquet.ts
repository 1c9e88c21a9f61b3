// Parquet files → record batches of named columns, one row group at a time.
import { open } from 'node:fs/promises';
import { zstdDecompressSync } from 'node:zlib';
import type * as arrow from 'apache-arrow';
import { parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import type { AsyncBuffer } from 'hyparquet';
import { buildRecordBatch } from '../../core/index.ts';
import type { AnyRow, RecordKind } from '../../core/index.ts';

/** Times as milliseconds, whatever the file's unit; a finer one would not survive a release anyway. */
const parsers = {
  timestampFromMilliseconds: (value: bigint): number => Number(value),
  timestampFromMicroseconds: (value: bigint): number => Number(value / 1000n),
  timestampFromNanoseconds: (value: bigint): number => Number(value / 1_000_000n),
};

const compressors = { ZSTD: (page: Uint8Array): Uint8Array => zstdDecompressSync(page) };

/** Reads the columns of `kind` from files, in the order of the files and their rows. */
export async function* readParquet(
  paths: readonly string[],
  kind: RecordKind,
): AsyncGenerator<arrow.RecordBatch> {
  for (const path of paths) {
    await using file = await openBuffer(path);
    const metadata = await parquetMetadataAsync(file.buffer);
    let rowStart = 0;
    for (const { num_rows: count } of metadata.row_groups) {
      const rowEnd = rowStart + Number(count);
      const columns = kind.fields.map(({ name }) => name);
      const rows = await parquetReadObjects({
        file: file.buffer,
        metadata,
        columns,
        rowStart,
        rowEnd,
        compressors,
        parsers: parsers,
      });
      yield buildRecordBatch(kind, rows.map(toRow(kind)));
      rowStart = rowEnd;
    }
  }
}

function toRow(kind: RecordKind): (row: Record<string, unknown>) => AnyRow {
  const numbers = kind.fields.filter(({ type }) => type !== 'uint64').map(({ name }) => name);
  return (row) => {
    for (const name of numbers) if (typeof row[name] === 'bigint') row[name] = Number(row[name]);
    return row as AnyRow;
  };
}

async function openBuffer(path: string): Promise<AsyncDisposable & { readonly buffer: AsyncBuffer }> {
  const file = await open(path, 'r');
  const { size } = await file.stat();
  const slice = async (start: number, end = size): Promise<ArrayBuffer> => {
    const bytes = new Uint8Array(Math.max(0, end - start));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
    return bytes.buffer.slice(0, bytesRead);
  };
  return { buffer: { byteLength: size, slice }, [Symbol.asyncDispose]: async () => file.close() };
}
