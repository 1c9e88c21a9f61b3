// Typed arrays as the columns of a batch, and back, without a copy either way.
import * as arrow from 'apache-arrow';
import type { Batch } from '../contract.ts';
import { columnBlockError } from './errors.ts';

/** Numbers of one column. */
export type NumberArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** Columns of one length by name, none with missing values. */
export type ColumnBlock = Readonly<Record<string, NumberArray>>;

/** By the name of the constructor: an array may come from another realm or lie in shared memory. */
const types: Readonly<Record<string, () => arrow.DataType>> = {
  Int8Array: () => new arrow.Int8(),
  Int16Array: () => new arrow.Int16(),
  Int32Array: () => new arrow.Int32(),
  BigInt64Array: () => new arrow.Int64(),
  Uint8Array: () => new arrow.Uint8(),
  Uint16Array: () => new arrow.Uint16(),
  Uint32Array: () => new arrow.Uint32(),
  BigUint64Array: () => new arrow.Uint64(),
  Float32Array: () => new arrow.Float32(),
  Float64Array: () => new arrow.Float64(),
};

/** The Arrow type of a typed array's values. */
export function typeOfNumbers(values: NumberArray): arrow.DataType {
  const build = types[values[Symbol.toStringTag]];
  if (build === undefined) throw columnBlockError(values[Symbol.toStringTag], 'no column holds such values');
  return build();
}

/** One column over a typed array. */
export function buildNumberColumn(type: arrow.DataType, values: NumberArray): arrow.Data {
  return arrow.makeData({ type: type as arrow.Float64, data: values as Float64Array, nullCount: 0 });
}

/** A batch whose columns are those arrays. @throws RuvectorError `ERR_PIPELINE_TYPE` for lengths that differ */
export function buildBlockBatch(block: ColumnBlock): Batch {
  const entries = Object.entries(block);
  const length = entries[0]?.[1].length ?? 0;
  const other = entries.find(([, values]) => values.length !== length);
  if (other) throw columnBlockError(other[0], `it has ${other[1].length} values where others have ${length}`);
  const fields = entries.map(([name, values]) => new arrow.Field(name, typeOfNumbers(values), false));
  const children = entries.map(([, values], i) => buildNumberColumn(fields[i]!.type, values));
  return assembleBatch(new arrow.Schema(fields), length, children);
}

/** A batch of columns that exist. */
export function assembleBatch(schema: arrow.Schema, length: number, children: arrow.Data[]): Batch {
  const type = new arrow.Struct(schema.fields);
  return new arrow.RecordBatch(schema, arrow.makeData({ type, length, nullCount: 0, children }));
}

/**
 * The columns of a batch as typed arrays, views of it.
 * @throws RuvectorError `ERR_PIPELINE_TYPE` for a column that is no plain numbers or lacks values
 */
export function readBlock(batch: Batch): ColumnBlock {
  return Object.fromEntries(
    batch.schema.fields.map(({ name }, i) => [name, readNumbersOf(name, batch.data.children[i]!)]),
  );
}

/** The values of one column of numbers, a view of it. @throws RuvectorError `ERR_PIPELINE_TYPE` */
export function readNumbersOf(name: string, column: arrow.Data): NumberArray {
  if (column.nullCount > 0) throw columnBlockError(name, `${column.nullCount} values are missing`);
  const { type, values, length } = column;
  const found = type[Symbol.toStringTag];
  // Half floats would be read as the integers that hold them.
  const isNumbers =
    arrow.DataType.isInt(type) || (arrow.DataType.isFloat(type) && type.precision !== arrow.Precision.HALF);
  if (!isNumbers) throw columnBlockError(name, `it is ${found}, not one number a row`);
  return (values as Float64Array).subarray(0, length);
}
