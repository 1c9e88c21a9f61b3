// Values of Arrow columns for drivers that want one value at a time. Batches may be slices: values are cut to them,
// bitmaps are not. Times come as bigints in microseconds, whatever the unit of the column.
import * as arrow from 'apache-arrow';
import { createValueReader } from '../../core/index.ts';

/** What a driver can be handed. */
export type DatabaseValue = number | bigint | boolean | string | Uint8Array | readonly DatabaseValue[] | null;

/** The value of a row. */
export type Getter = (row: number) => DatabaseValue;

const PER_MICROSECOND: Readonly<Record<number, (value: bigint) => bigint>> = {
  [arrow.TimeUnit.SECOND]: (value) => value * 1_000_000n,
  [arrow.TimeUnit.MILLISECOND]: (value) => value * 1000n,
  [arrow.TimeUnit.MICROSECOND]: (value) => value,
  [arrow.TimeUnit.NANOSECOND]: (value) => value / 1000n,
};

/** Whether {@link createGetter} knows a type. */
export function isReadable(type: arrow.DataType): boolean {
  if (arrow.DataType.isDictionary(type)) return isReadable(type.dictionary);
  if (arrow.DataType.isList(type)) return isReadable(type.valueType as arrow.DataType);
  return known.has(type.typeId);
}

const known: ReadonlySet<arrow.Type> = new Set([
  arrow.Type.Int,
  arrow.Type.Float,
  arrow.Type.Bool,
  arrow.Type.Utf8,
  arrow.Type.LargeUtf8,
  arrow.Type.Binary,
  arrow.Type.LargeBinary,
  arrow.Type.Timestamp,
  arrow.Type.Date,
  arrow.Type.Null,
]);

/** Reads a column whose type {@link isReadable}. */
export function createGetter(data: arrow.Data): Getter {
  const { type } = data;
  const read = readerOf(data, type);
  return data.nullCount === 0 ? read : (row) => (data.getValid(row) ? read(row) : null);
}

function readerOf(data: arrow.Data, type: arrow.DataType): Getter {
  if (arrow.DataType.isTimestamp(type)) {
    const toMicroseconds = PER_MICROSECOND[type.unit]!;
    const values = data.values as BigInt64Array;
    return (row) => toMicroseconds(values[row]!);
  }
  if (arrow.DataType.isDate(type)) return readDate(data, type);
  if (
    arrow.DataType.isInt(type) ||
    (arrow.DataType.isFloat(type) && type.precision !== arrow.Precision.HALF)
  ) {
    const values = data.values as Float64Array;
    return (row) => values[row]!;
  }
  const vector = arrow.makeVector(data);
  if (arrow.DataType.isList(type)) {
    return (row) => {
      const { data: parts } = vector.get(row) as arrow.Vector;
      return parts.flatMap((part) => Array.from({ length: part.length }, (_, i) => createGetter(part)(i)));
    };
  }
  return createValueReader(vector) as (row: number) => DatabaseValue;
}

/** A day as the microseconds of its beginning. */
function readDate(data: arrow.Data, { unit }: arrow.Date_): Getter {
  if (unit === arrow.DateUnit.DAY) {
    const days = data.values as Int32Array;
    return (row) => BigInt(days[row]!) * 86_400_000_000n;
  }
  const ms = data.values as unknown as BigInt64Array;
  return (row) => ms[row]! * 1000n;
}
