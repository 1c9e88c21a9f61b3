// Arrow columns from and to plain values, built from typed arrays (builders are 4× slower). 64-bit integers go through
// their two 32-bit halves, low half first on every machine that Node runs on: BigInt is five times slower, and a
// number is exact up to 2^53. A sliced batch has its values cut, but whole bitmaps with an offset into them.
// https://arrow.apache.org/docs/format/Columnar.html
import * as arrow from 'apache-arrow';
import type { FieldType } from './fields.ts';

const HIGH = 2 ** 32;

/** A signed 64-bit integer from its halves. */
export const joinHalves = (low: number, high: number): number => high * HIGH + (low >>> 0);

/** The first `length` integers as numbers. */
export function toNumbers(values: BigInt64Array, length = values.length): Float64Array {
  const halves = new Int32Array(values.buffer, values.byteOffset, length * 2);
  const numbers = new Float64Array(length);
  for (let i = 0; i < length; i++) numbers[i] = halves[2 * i + 1]! * HIGH + (halves[2 * i]! >>> 0);
  return numbers;
}

/** Whole numbers as 64-bit integers; NaN is 0. */
export function toInt64(numbers: Float64Array): BigInt64Array {
  const halves = new Int32Array(numbers.length * 2);
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!;
    halves[2 * i] = value | 0;
    halves[2 * i + 1] = Math.floor(value / HIGH);
  }
  return new BigInt64Array(halves.buffer);
}

/** The timestamps of a batch of a record kind: its first column. */
export function timesOf(batch: arrow.RecordBatch): Float64Array {
  return toNumbers(batch.data.children[0]!.values as BigInt64Array, batch.numRows);
}

/** The values of an integer column of any width but uint64, or of floats; what a null holds is undefined. */
export function readNumbers(column: arrow.Data): Float64Array {
  const { length } = column;
  const source = column.values as BigInt64Array | Int32Array | Float64Array;
  return source instanceof BigInt64Array
    ? toNumbers(source, length)
    : new Float64Array(source.subarray(0, length));
}

/** The same with NaN where a value is missing. */
export function readNullableNumbers(column: arrow.Data): Float64Array {
  const values = readNumbers(column);
  if (column.nullCount === 0) return values;
  const { nullBitmap, offset } = column;
  for (let i = 0; i < values.length; i++) if (!isSet(nullBitmap, offset + i)) values[i] = Number.NaN;
  return values;
}

/** An int64 or timestamp column; NaN is null. */
export function buildIntegers(type: arrow.DataType, numbers: Float64Array): arrow.Data {
  const { length } = numbers;
  const nullBitmap = new Uint8Array(Math.ceil(length / 8));
  let nullCount = 0;
  for (let i = 0; i < length; i++) {
    if (Number.isNaN(numbers[i]!)) nullCount++;
    else setBit(nullBitmap, i);
  }
  return buildData(type, length, { data: toInt64(numbers), nullCount, nullBitmap });
}

/** A utf8 column that names one of a few texts in each row. */
export function buildNames(texts: readonly Uint8Array[], indexes: ArrayLike<number>): arrow.Data {
  const { length } = indexes;
  const valueOffsets = new Int32Array(length + 1);
  for (let i = 0; i < length; i++) valueOffsets[i + 1] = valueOffsets[i]! + texts[indexes[i]!]!.length;
  const data = new Uint8Array(valueOffsets[length]!);
  for (let i = 0; i < length; i++) data.set(texts[indexes[i]!]!, valueOffsets[i]);
  return arrow.makeData({ type: new arrow.Utf8(), valueOffsets, data });
}

/** What fills a column beside its type. */
export interface ColumnParts {
  readonly data: ArrayBufferView;
  /** Of text. */
  readonly valueOffsets?: Int32Array;
  readonly nullCount: number;
  /** Left out where nothing is null. */
  readonly nullBitmap: Uint8Array | null;
}

/** A column over the given parts, which are shared, not copied. */
export function buildData(type: arrow.DataType, length: number, parts: ColumnParts): arrow.Data {
  const nullBitmap = parts.nullCount > 0 ? parts.nullBitmap : null;
  return arrow.makeData({ type, length, ...parts, nullBitmap } as never);
}

/** A batch over the given columns, which are shared, not copied. */
export function buildBatch(
  schema: arrow.Schema,
  length: number,
  columns: readonly arrow.Data[],
): arrow.RecordBatch {
  const type = new arrow.Struct(schema.fields);
  return new arrow.RecordBatch(
    schema,
    arrow.makeData({ type, length, nullCount: 0, children: [...columns] }),
  );
}

/** Values of one column: typed array, or list with nulls. */
export type ColumnValues = ArrayLike<unknown>;

const ownArrays: Partial<Record<FieldType, new () => ColumnValues>> = {
  timestamp: BigInt64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/**
 * A column of values. An array of the column's own type is the column: no copy. `null` and `undefined` are null.
 * Whole numbers and bigints make 64-bit integers, a fraction is rounded.
 */
export function buildColumn(
  fieldType: FieldType,
  type: arrow.DataType,
  values: ColumnValues,
  length: number,
): arrow.Data {
  const own = ownArrays[fieldType];
  if (own && values instanceof own) {
    return buildData(type, length, {
      data: values as unknown as ArrayBufferView,
      nullCount: 0,
      nullBitmap: null,
    });
  }
  return buildData(type, length, { ...buildParts(fieldType, values, length), ...findNulls(values, length) });
}

function findNulls(values: ColumnValues, length: number): Pick<ColumnParts, 'nullCount' | 'nullBitmap'> {
  const nullBitmap = new Uint8Array((length + 7) >> 3);
  let nullCount = 0;
  for (let i = 0; i < length; i++) {
    if (values[i] === null || values[i] === undefined) nullCount++;
    else setBit(nullBitmap, i);
  }
  return { nullCount, nullBitmap };
}

function buildParts(
  fieldType: FieldType,
  values: ColumnValues,
  length: number,
): Pick<ColumnParts, 'data' | 'valueOffsets'> {
  switch (fieldType) {
    case 'utf8':
      return buildText(values, length);
    case 'bool':
      return { data: buildBits(values, length) };
    case 'timestamp':
    case 'int64':
      return { data: fillInt64(values, length) };
    case 'uint64':
      return { data: fillUint64(values, length) };
    case 'int32':
      return { data: fillNumbers(new Int32Array(length), values, 0) };
    case 'int8':
      return { data: fillNumbers(new Int8Array(length), values, 0) };
    case 'float32':
      return { data: fillNumbers(new Float32Array(length), values, Number.NaN) };
    default:
      return { data: fillNumbers(new Float64Array(length), values, Number.NaN) };
  }
}

// Plain loops: TypedArray.from with a function is ten times slower, and this is most of reading a history.

function fillInt64(values: ColumnValues, length: number): BigInt64Array {
  const filled = new BigInt64Array(length);
  const halves = new Int32Array(filled.buffer);
  for (let i = 0; i < length; i++) {
    const value = values[i];
    if (typeof value === 'bigint') filled[i] = value;
    else if (typeof value === 'number') {
      const whole = Math.round(value);
      halves[2 * i] = whole | 0;
      halves[2 * i + 1] = Math.floor(whole / HIGH);
    }
  }
  return filled;
}

function fillUint64(values: ColumnValues, length: number): BigUint64Array {
  const filled = new BigUint64Array(length);
  for (let i = 0; i < length; i++) {
    const value = values[i];
    if (typeof value === 'bigint') filled[i] = value;
    else if (typeof value === 'number') filled[i] = BigInt(value);
  }
  return filled;
}

function fillNumbers<A extends Int8Array | Int32Array | Float32Array | Float64Array>(
  filled: A,
  values: ColumnValues,
  missing: number,
): A {
  for (let i = 0; i < filled.length; i++) {
    const value = values[i];
    filled[i] = typeof value === 'number' ? value : Number(value ?? missing);
  }
  return filled;
}

function buildBits(values: ColumnValues, length: number): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3);
  for (let i = 0; i < length; i++) if (values[i] === true) setBit(bits, i);
  return bits;
}

const encoder = new TextEncoder();

function buildText(values: ColumnValues, length: number): Pick<ColumnParts, 'data' | 'valueOffsets'> {
  // Names repeat: a host has some hundred of them, a segment tens of thousands of rows.
  const known = new Map<unknown, Uint8Array>();
  const valueOffsets = new Int32Array(length + 1);
  const parts: Uint8Array[] = [];
  for (let i = 0; i < length; i++) {
    const value = values[i];
    let part = known.get(value);
    if (!part) known.set(value, (part = encoder.encode((value ?? '') as string)));
    parts.push(part);
    valueOffsets[i + 1] = valueOffsets[i]! + part.length;
  }
  const data = new Uint8Array(valueOffsets[length]!);
  for (let i = 0; i < length; i++) data.set(parts[i]!, valueOffsets[i]);
  return { data, valueOffsets };
}

/** Whether a bit of a validity bitmap or a bool column is 1. */
export const isSet = (bits: Uint8Array, at: number): boolean => ((bits[at >> 3]! >> (at & 7)) & 1) === 1;

/** Makes a bit 1. */
export function setBit(bits: Uint8Array, at: number): void {
  bits[at >> 3]! |= 1 << (at & 7);
}
