// Reads and builds Arrow columns as plain numbers. int64 goes through its two halves: BigInt is five
// times slower. A sliced batch has its values cut, but whole bitmaps with an offset into them.
import * as arrow from 'apache-arrow';

/** The column of a batch. @throws TypeError when the batch has no such column */
export function columnOf(batch: arrow.RecordBatch, name: string): arrow.Data {
  const index = batch.schema.fields.findIndex((field) => field.name === name);
  if (index < 0) throw new TypeError(`Cannot read column "${name}": the batch has no such column`);
  return batch.data.children[index]!;
}

/** The values of an int64, timestamp or int32 column; what a null holds is undefined. */
export function readIntegers(column: arrow.Data): Float64Array {
  const { length } = column;
  const source = column.values as BigInt64Array | Int32Array;
  if (source instanceof Int32Array) return new Float64Array(source.subarray(0, length));
  const halves = new Int32Array(source.buffer, source.byteOffset, length * 2);
  const values = new Float64Array(length);
  for (let i = 0; i < length; i++) values[i] = halves[2 * i + 1]! * 2 ** 32 + (halves[2 * i]! >>> 0);
  return values;
}

/** The same with NaN where a value is missing. */
export function readNullableIntegers(column: arrow.Data): Float64Array {
  const values = readIntegers(column);
  if (column.nullCount === 0) return values;
  const { nullBitmap, offset } = column;
  for (let i = 0; i < values.length; i++) {
    const bit = offset + i;
    if (((nullBitmap[bit >> 3]! >> (bit & 7)) & 1) === 0) values[i] = Number.NaN;
  }
  return values;
}

/** An int64 or timestamp column; NaN is null. */
export function buildIntegers(type: arrow.DataType, values: Float64Array): arrow.Data {
  const { length } = values;
  const halves = new Int32Array(length * 2);
  const nullBitmap = new Uint8Array(Math.ceil(length / 8)).fill(0xff);
  let nullCount = 0;
  for (let i = 0; i < length; i++) {
    const value = values[i]!;
    if (value === value) {
      halves[2 * i] = value | 0;
      halves[2 * i + 1] = Math.floor(value / 2 ** 32);
    } else {
      nullBitmap[i >> 3]! &= ~(1 << (i & 7));
      nullCount++;
    }
  }
  const data = new BigInt64Array(halves.buffer);
  return buildColumn(type, length, data, nullCount, nullBitmap);
}

/** A column over the given values. */
export function buildColumn(
  type: arrow.DataType,
  length: number,
  data: BigInt64Array | BigUint64Array | Int32Array,
  nullCount: number,
  nullBitmap: Uint8Array | null,
): arrow.Data {
  return arrow.makeData({
    type,
    length,
    data,
    nullCount,
    nullBitmap: nullCount > 0 ? nullBitmap : null,
  } as never);
}

/** A utf8 column made value by value; `null` stays null. For columns of few rows. */
export function mapText(column: arrow.Data, change: (text: string) => string): arrow.Data {
  const vector = new arrow.Vector([column as arrow.Data<arrow.Utf8>]);
  const values = Array.from(vector, (text: string | null) => (text === null ? null : change(text)));
  if (values.length === 0) return column;
  return arrow.vectorFromArray(values, new arrow.Utf8()).data[0]!;
}

/** A batch over the given columns. */
export function buildBatch(
  schema: arrow.Schema,
  length: number,
  children: readonly arrow.Data[],
): arrow.RecordBatch {
  const type = new arrow.Struct(schema.fields);
  return new arrow.RecordBatch(
    schema,
    arrow.makeData({ type, length, nullCount: 0, children: [...children] }),
  );
}
