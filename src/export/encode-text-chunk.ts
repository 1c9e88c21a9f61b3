// A chunk of rows → CSV (RFC 4180), JSON Lines or the inside of a JSON array, plain or as one gzip
// member or zstd frame: such members are concatenable (RFC 1952, RFC 8878), so a file can be cut there.
import { gzipSync, zstdCompressSync } from 'node:zlib';
import * as arrow from 'apache-arrow';
import pl from 'nodejs-polars';
import type { TextJob } from './encode-pool.ts';
import type { Compression } from './file-contract.ts';
import { formatTimestamps } from './format-timestamps.ts';

/** Encodes one chunk. */
export function encodeTextChunk({ format, compression, ipc, isFirst }: TextJob): Uint8Array {
  const table = withTimeTexts(arrow.tableFromIPC(ipc));
  // 64-bit numbers that JavaScript would round are text in JSON, as in Protobuf's JSON mapping.
  const frame = readFrame(table, format === 'csv' ? [] : wideColumns(table.schema));
  return compress(writeFrame(frame, format, isFirst), compression);
}

/** Compresses one piece of a text file. */
export function compress(bytes: Uint8Array, compression: Compression): Uint8Array {
  if (compression === 'gzip') return gzipSync(bytes);
  return compression === 'zstd' ? zstdCompressSync(bytes) : bytes;
}

function writeFrame(frame: pl.DataFrame, format: TextJob['format'], isFirst: boolean): Uint8Array {
  if (format === 'csv') return frame.writeCSV({ includeHeader: isFirst });
  if (format === 'jsonl') return frame.writeJSON({ format: 'lines' });
  const array = frame.writeJSON({ format: 'json' });
  if (frame.height === 0) return isFirst ? Buffer.from('[') : Buffer.alloc(0);
  // `[` of the first chunk stays, that of a later one becomes the comma; the file's end closes it.
  array[0] = isFirst ? OPEN : COMMA;
  return array.subarray(0, -1);
}

const OPEN = 0x5b;
const COMMA = 0x2c;

function readFrame(table: arrow.Table, toText: readonly string[]): pl.DataFrame {
  const frame = pl.readIPC(Buffer.from(arrow.tableToIPC(table, 'file')));
  return toText.length === 0 ? frame : frame.withColumns(...toText.map((name) => pl.col(name).cast(pl.Utf8)));
}

function wideColumns(schema: arrow.Schema): string[] {
  return schema.fields
    .filter(({ type }) => arrow.DataType.isInt(type) && type.bitWidth === 64 && !type.isSigned)
    .map((field) => field.name);
}

/** Native encoders take a microsecond for each time; here it is a tenth, and rows share times. */
function withTimeTexts(table: arrow.Table): arrow.Table {
  const fields = table.schema.fields.map((field) =>
    arrow.DataType.isTimestamp(field.type)
      ? new arrow.Field(field.name, new arrow.Utf8(), field.nullable)
      : field,
  );
  const schema = new arrow.Schema(fields);
  const batches = table.batches.map((batch) => {
    const children = batch.data.children.map((column) =>
      arrow.DataType.isTimestamp(column.type) ? formatTimestamps(column) : column,
    );
    const type = new arrow.Struct(fields);
    return new arrow.RecordBatch(
      schema,
      arrow.makeData({ type, length: batch.numRows, nullCount: 0, children }),
    );
  });
  return new arrow.Table(schema, batches);
}
