// Picks rows out of a record batch column by column. For the flat types of `toArrowSchema` only.
// A sliced batch keeps whole bitmaps and an offset into them, its values are cut already.
import * as arrow from 'apache-arrow';
import { buildBatch, isSet, setBit } from './columns.ts';

/** The given rows of a batch, in that order, copied; all rows in order give the batch itself back. */
export function takeRows(batch: arrow.RecordBatch, rows: Uint32Array): arrow.RecordBatch {
  if (rows.length === batch.numRows && rows.every((row, i) => row === i)) return batch;
  const columns = batch.data.children.map((column) => takeColumn(column, rows));
  return buildBatch(batch.schema, rows.length, columns);
}

function takeColumn(column: arrow.Data, rows: Uint32Array): arrow.Data {
  const common = { type: column.type, length: rows.length, ...takeValidity(column, rows) };
  if (column.type instanceof arrow.Utf8) {
    return arrow.makeData({ ...common, ...takeText(column, rows) } as never);
  }
  const data =
    column.type instanceof arrow.Bool
      ? takeBits(column.values as Uint8Array, column.offset, rows)
      : takeValues(column.values as Float64Array, rows);
  return arrow.makeData({ ...common, data } as never);
}

function takeValidity(
  column: arrow.Data,
  rows: Uint32Array,
): { nullCount: number; nullBitmap: Uint8Array | null } {
  if (column.nullCount === 0) return { nullCount: 0, nullBitmap: null };
  const nullBitmap = takeBits(column.nullBitmap, column.offset, rows);
  let valid = 0;
  for (let i = 0; i < rows.length; i++) if (isSet(nullBitmap, i)) valid++;
  return { nullCount: rows.length - valid, nullBitmap };
}

function takeBits(bits: Uint8Array, offset: number, rows: Uint32Array): Uint8Array {
  const taken = new Uint8Array(Math.ceil(rows.length / 8));
  for (let i = 0; i < rows.length; i++) {
    if (isSet(bits, offset + rows[i]!)) setBit(taken, i);
  }
  return taken;
}

/** Works on any typed array; Float64Array stands for them all. */
function takeValues(values: Float64Array, rows: Uint32Array): Float64Array {
  const Values = values.constructor as Float64ArrayConstructor;
  const taken = new Values(rows.length);
  for (let i = 0; i < rows.length; i++) taken[i] = values[rows[i]!]!;
  return taken;
}

function takeText(column: arrow.Data, rows: Uint32Array): { valueOffsets: Int32Array; data: Uint8Array } {
  const offsets = column.valueOffsets as Int32Array;
  const values = column.values as Uint8Array;
  const valueOffsets = new Int32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++) {
    valueOffsets[i + 1] = valueOffsets[i]! + offsets[rows[i]! + 1]! - offsets[rows[i]!]!;
  }
  const data = new Uint8Array(valueOffsets[rows.length]!);
  for (let i = 0; i < rows.length; i++) {
    data.set(values.subarray(offsets[rows[i]!], offsets[rows[i]! + 1]), valueOffsets[i]);
  }
  return { valueOffsets, data };
}
