// The bytes of one message → a table. They come from other machines: what they hold is checked, not believed.
import { zstdDecompressSync } from 'node:zlib';
import * as arrow from 'apache-arrow';

/** A batch unpacks to no more than this. */
const MAX_BYTES = 64 * 2 ** 20;
const MAX_COLUMNS = 256;
const COLUMN = /^[a-z][a-z0-9_]{0,63}$/;

/**
 * Decodes a message that `encodeBatch` made.
 * @throws Error that says what it is instead
 */
export function decodeBatch(bytes: Uint8Array): arrow.RecordBatch {
  const table = arrow.tableFromIPC(zstdDecompressSync(bytes, { maxOutputLength: MAX_BYTES }));
  const flaw = findFlaw(table);
  if (flaw !== null) throw new TypeError(flaw);
  return table.batches[0]!;
}

function findFlaw({ schema, batches, numRows }: arrow.Table): string | null {
  if (batches.length !== 1 || numRows === 0) return `it holds ${batches.length} batches of ${numRows} rows`;
  if (schema.fields.length > MAX_COLUMNS) return `it has ${schema.fields.length} columns`;
  if (!hasTimes(schema, batches[0]!)) return 'its first column is no timestamp in milliseconds of every row';
  const odd = schema.fields.find(({ name, type }) => !COLUMN.test(name) || !isPlain(type));
  return odd ? `its column "${odd.name.slice(0, 64)}" is none of a history` : null;
}

function hasTimes({ fields: [time] }: arrow.Schema, batch: arrow.RecordBatch): boolean {
  if (time?.name !== 'timestamp' || !arrow.DataType.isTimestamp(time.type)) return false;
  return time.type.unit === arrow.TimeUnit.MILLISECOND && batch.data.children[0]!.nullCount === 0;
}

function isPlain(type: arrow.DataType): boolean {
  const { DataType } = arrow;
  return [DataType.isInt, DataType.isFloat, DataType.isBool, DataType.isUtf8, DataType.isTimestamp].some(
    (is) => is(type),
  );
}
