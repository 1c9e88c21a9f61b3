// Joins stretches of record batches into one batch, column by column. A sliced batch keeps whole bitmaps and an offset
// into them, and the whole contents of texts and lists; its other values and its children are cut already.
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

/** True when these batches can be joined: all types can but unions and views, and dictionaries that differ. */
export function canConcat(batches: readonly arrow.RecordBatch[]): boolean {
  return canConcatColumns(batches.map(({ data }) => data));
}

function canConcatColumns(columns: readonly arrow.Data[]): boolean {
  const [first] = columns;
  if (!first) return true;
  const { type, dictionary, children } = first;
  const { DataType } = arrow;
  if (DataType.isUnion(type) || DataType.isUtf8View(type) || DataType.isBinaryView(type)) return false;
  if (DataType.isDictionary(type)) return columns.every((column) => column.dictionary === dictionary);
  return children.every((_, at) => canConcatColumns(columns.map((column) => column.children[at]!)));
}

interface ColumnRun {
  readonly column: arrow.Data;
  readonly from: number;
  readonly to: number;
}

function concatColumn(type: arrow.DataType, runs: readonly ColumnRun[], length: number): arrow.Data {
  if (arrow.DataType.isNull(type)) return arrow.makeData({ type, length });
  const common = { type, length, ...concatValidity(runs, length) };
  return arrow.makeData({ ...common, ...concatContents(type, runs, length) } as never);
}

function concatContents(type: arrow.DataType, runs: readonly ColumnRun[], length: number): object {
  const { DataType } = arrow;
  if (DataType.isBool(type)) return { data: concatBits(runs, length) };
  if (DataType.isUtf8(type) || DataType.isBinary(type)) return concatText(runs, new Int32Array(length + 1));
  if (DataType.isLargeUtf8(type) || DataType.isLargeBinary(type)) {
    return concatText(runs, new BigInt64Array(length + 1));
  }
  if (DataType.isList(type) || DataType.isMap(type))
    return concatLists(type, runs, new Int32Array(length + 1));
  if (DataType.isLargeList(type)) return concatLists(type, runs, new BigInt64Array(length + 1));
  if (DataType.isFixedSizeList(type)) return { child: concatChild(type, 0, widen(runs, type.listSize)) };
  if (DataType.isStruct(type)) return { children: type.children.map((_, at) => concatChild(type, at, runs)) };
  const data = concatValues(runs, length);
  return DataType.isDictionary(type) ? { data, dictionary: runs[0]?.column.dictionary } : { data };
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

/** Works on any typed array, of one or several elements a row; Float64Array stands for them all. */
function concatValues(runs: readonly ColumnRun[], length: number): Float64Array {
  const stride = runs[0]?.column.stride ?? 1;
  const Values = ((runs[0]?.column.values as Float64Array | undefined)?.constructor ??
    Float64Array) as Float64ArrayConstructor;
  const joined = new Values(length * stride);
  let at = 0;
  for (const { column, from, to } of runs) {
    joined.set((column.values as Float64Array).subarray(from * stride, to * stride), at);
    at += (to - from) * stride;
  }
  return joined;
}

type Offsets = Int32Array | BigInt64Array;

function concatText(runs: readonly ColumnRun[], valueOffsets: Offsets): object {
  const stretches = concatOffsets(runs, valueOffsets);
  const data = new Uint8Array(lengthOf(stretches));
  let at = 0;
  for (const { column, from, to } of stretches) {
    data.set((column.values as Uint8Array).subarray(from, to), at);
    at += to - from;
  }
  return { valueOffsets, data };
}

function concatLists(type: arrow.DataType, runs: readonly ColumnRun[], valueOffsets: Offsets): object {
  return { valueOffsets, child: concatChild(type, 0, concatOffsets(runs, valueOffsets)) };
}

/** Fills the offsets of the joined column. @returns what of each run's contents they point into */
function concatOffsets(runs: readonly ColumnRun[], joined: Offsets): ColumnRun[] {
  let [at, total] = [0, 0];
  return runs.map(({ column, from, to }) => {
    const offsets = column.valueOffsets as Offsets;
    const start = Number(offsets[from] ?? 0);
    const end = Number(offsets[to] ?? start);
    shiftOffsets(offsets.subarray(from + 1, to + 1), joined.subarray(at + 1), total - start);
    at += to - from;
    total += end - start;
    return { column, from: start, to: end };
  });
}

function shiftOffsets(offsets: Offsets, target: Offsets, shift: number): void {
  if (offsets instanceof Int32Array && target instanceof Int32Array) {
    for (let i = 0; i < offsets.length; i++) target[i] = offsets[i]! + shift;
    return;
  }
  for (let i = 0; i < offsets.length; i++) target[i] = BigInt(Number(offsets[i]) + shift);
}

function concatChild(type: arrow.DataType, at: number, runs: readonly ColumnRun[]): arrow.Data {
  const childRuns = runs.map(({ column, from, to }) => ({ column: column.children[at]!, from, to }));
  return concatColumn(type.children[at]!.type as arrow.DataType, childRuns, lengthOf(runs));
}

/** A row of a list of fixed size is so many rows of its child. */
function widen(runs: readonly ColumnRun[], size: number): ColumnRun[] {
  return runs.map(({ column, from, to }) => ({ column, from: from * size, to: to * size }));
}

const lengthOf = (runs: readonly ColumnRun[]): number =>
  runs.reduce((sum, { from, to }) => sum + to - from, 0);
