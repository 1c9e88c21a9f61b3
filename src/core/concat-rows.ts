// Joins stretches of record batches into one batch, column by column. For the flat types of
// `toArrowSchema` only. A sliced batch keeps whole bitmaps and an offset into them, its values are cut already.
import * as arrow from 'apache-arrow';
import { buildBatch, isSet, setBit } from './columns.ts';

/** A stretch of a batch's rows, `to` exclusive. */
export interface RowRun {
  readonly batch: arrow.RecordBatch;
  readonly from: number;
  readonly to: number;
}

/** The rows of all runs, in their order, copied. Every batch must have this schema. */
export function concatRows(schema: arrow.Schema, runs: readonly RowRun[]): arrow.RecordBatch {
  const length = runs.reduce((sum, { from, to }) => sum + to - from, 0);
  const columns = schema.fields.map((field, at) =>
    concatColumn(
      field.type as arrow.DataType,
      runs.map(({ batch, from, to }) => ({ column: batch.data.children[at]!, from, to })),
      length,
    ),
  );
  return buildBatch(schema, length, columns);
}

interface ColumnRun {
  readonly column: arrow.Data;
  readonly from: number;
  readonly to: number;
}

function concatColumn(type: arrow.DataType, runs: readonly ColumnRun[], length: number): arrow.Data {
  const common = { type, length, ...concatValidity(runs, length) };
  if (type instanceof arrow.Utf8) return arrow.makeData({ ...common, ...concatText(runs, length) } as never);
  const data = type instanceof arrow.Bool ? concatBits(runs, length) : concatValues(runs, length);
  return arrow.makeData({ ...common, data } as never);
}

function concatValidity(
  runs: readonly ColumnRun[],
  length: number,
): { nullCount: number; nullBitmap: Uint8Array | null } {
  if (runs.every(({ column }) => column.nullCount === 0)) return { nullCount: 0, nullBitmap: null };
  const nullBitmap = new Uint8Array((length + 7) >> 3);
  let at = 0;
  let valid = 0;
  for (const { column, from, to } of runs) {
    const bits = column.nullCount === 0 ? null : column.nullBitmap;
    for (let i = from; i < to; i++, at++) {
      if (bits !== null && !isSet(bits, column.offset + i)) continue;
      setBit(nullBitmap, at);
      valid++;
    }
  }
  return { nullCount: length - valid, nullBitmap };
}

function concatBits(runs: readonly ColumnRun[], length: number): Uint8Array {
  const joined = new Uint8Array((length + 7) >> 3);
  let at = 0;
  for (const { column, from, to } of runs) {
    const bits = column.values as Uint8Array;
    for (let bit = column.offset + from; bit < column.offset + to; bit++, at++) {
      if (isSet(bits, bit)) setBit(joined, at);
    }
  }
  return joined;
}

/** Works on any typed array; Float64Array stands for them all. */
function concatValues(runs: readonly ColumnRun[], length: number): Float64Array {
  const Values = ((runs[0]?.column.values as Float64Array | undefined)?.constructor ??
    Float64Array) as Float64ArrayConstructor;
  const joined = new Values(length);
  let at = 0;
  for (const { column, from, to } of runs) {
    joined.set((column.values as Float64Array).subarray(from, to), at);
    at += to - from;
  }
  return joined;
}

function concatText(
  runs: readonly ColumnRun[],
  length: number,
): { valueOffsets: Int32Array; data: Uint8Array } {
  const valueOffsets = new Int32Array(length + 1);
  let at = 0;
  for (const { column, from, to } of runs) {
    const offsets = column.valueOffsets as Int32Array;
    for (let i = from; i < to; i++, at++) {
      valueOffsets[at + 1] = valueOffsets[at]! + offsets[i + 1]! - offsets[i]!;
    }
  }
  const data = new Uint8Array(valueOffsets[length]!);
  at = 0;
  for (const { column, from, to } of runs) {
    const offsets = column.valueOffsets as Int32Array;
    data.set((column.values as Uint8Array).subarray(offsets[from], offsets[to]), valueOffsets[at]);
    at += to - from;
  }
  return { valueOffsets, data };
}
