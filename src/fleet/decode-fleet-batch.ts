// The bytes of one message → a table. They come from other machines: what they hold is checked, not believed.
import { zstdDecompressSync } from 'node:zlib';
import * as arrow from 'apache-arrow';
import { buildBatch, buildColumn, loadPolars } from '../core/index.ts';

/** A batch unpacks to no more than this. */
const MAX_BYTES = 64 * 2 ** 20;
const MAX_COLUMNS = 256;
const MAX_ROWS = 1_000_000;
const COLUMN = /^[a-z][a-z0-9_]{0,63}$/;

/**
 * Decodes a message that `encodeFleetBatch` made. Polars reads it first: arrow-js believes every length, and a changed byte may
 * keep it busy for ever. What Polars writes can be believed.
 * @throws Error that says what it is instead
 */
export function decodeFleetBatch(bytes: Uint8Array): arrow.RecordBatch {
  const frame = loadPolars().readIPCStream(zstdDecompressSync(bytes, { maxOutputLength: MAX_BYTES }));
  if (frame.width > MAX_COLUMNS || frame.height > MAX_ROWS)
    throw new TypeError(`it has ${frame.height} rows of ${frame.width} columns`);
  const table = arrow.tableFromIPC(frame.writeIPC());
  const flaw = findFlaw(table);
  if (flaw !== null) throw new TypeError(flaw);
  return toPlainText(table.batches[0]!);
}

/** Polars writes texts as views, which cannot be joined. */
function toPlainText(batch: arrow.RecordBatch): arrow.RecordBatch {
  const { schema, numRows, data } = batch;
  if (!schema.fields.some(({ type }) => arrow.DataType.isUtf8View(type))) return batch;
  const fields = schema.fields.map((field) =>
    arrow.DataType.isUtf8View(field.type)
      ? new arrow.Field(field.name, new arrow.Utf8(), field.nullable)
      : field,
  );
  const columns = fields.map((field, at) =>
    field === schema.fields[at]
      ? data.children[at]!
      : buildColumn('utf8', field.type, [...batch.getChildAt(at)!], numRows),
  );
  return buildBatch(new arrow.Schema(fields), numRows, columns);
}

function findFlaw({ schema, batches, numRows }: arrow.Table): string | null {
  if (batches.length !== 1 || numRows === 0) return `it holds ${batches.length} batches of ${numRows} rows`;
  if (!hasTimes(schema, batches[0]!)) return 'its first column is no timestamp in milliseconds of every row';
  const odd = schema.fields.find(({ name, type }) => !COLUMN.test(name) || !isPlain(type));
  return odd ? `its column "${odd.name.slice(0, 64)}" is none of a history` : null;
}

function hasTimes({ fields: [time] }: arrow.Schema, batch: arrow.RecordBatch): boolean {
  if (time?.name !== 'timestamp' || !arrow.DataType.isTimestamp(time.type)) return false;
  return time.type.unit === arrow.TimeUnit.MILLISECOND && batch.data.children[0]!.nullCount === 0;
}

function isPlain(type: arrow.DataType): boolean {
  const { Int, Float, Bool, Utf8View, Timestamp } = arrow.Type;
  return [Int, Float, Bool, Utf8View, Timestamp].includes(type.typeId);
}
