// Polars, loaded when the first plan is made; small tables as frames that plans join, and small results back.
import * as arrow from 'apache-arrow';
import type { DataFrame, Expr, LazyDataFrame } from 'nodejs-polars';
import { buildBatch, buildColumn, optional, readNullableNumbers, toArrowSchema } from '../core/index.ts';
import type { ColumnValues, FieldType, Polars } from '../core/index.ts';

/** Frames to compute, one after the other, each built from the results of those before. */
export type Queries = Generator<LazyDataFrame, void, DataFrame>;

/** Adds columns to a frame by small tables that it holds. */
export type AddColumns = (frame: LazyDataFrame) => LazyDataFrame;

/** A whole number as an expression. A bare one is a float, and a quotient by it is off by one bit. */
export const int = (pl: Polars, value: number): Expr => pl.lit(value).cast(pl.Int64);

/** One column of a small table. */
export interface JoinColumn {
  readonly name: string;
  readonly type: FieldType;
  readonly values: ColumnValues;
}

/** A small table as a frame. Its columns are as long as the first one; null is null. */
export function buildTable(pl: Polars, columns: readonly JoinColumn[]): LazyDataFrame {
  const { length } = columns[0]!.values;
  const fields = columns.map(({ name, type }) => optional(name, type, '', ''));
  const schema = toArrowSchema({ name: 'table', version: 1, fields });
  const data = columns.map(({ type, values }, i) =>
    buildColumn(type, schema.fields[i]!.type, values, length),
  );
  return toFrame(pl, buildBatch(schema, length, data));
}

/** A batch as a frame. */
export function toFrame(pl: Polars, batch: arrow.RecordBatch): LazyDataFrame {
  return pl.readIPC(Buffer.from(arrow.tableToIPC(new arrow.Table(batch), 'file'))).lazy();
}

/** A frame that was computed, as Arrow: three times as fast as asking it for its columns. */
export function toArrow(frame: DataFrame): arrow.Table {
  return arrow.tableFromIPC(frame.writeIPC());
}

/** A column as numbers, NaN for null. */
export function readColumn(table: arrow.Table, name: string): Float64Array {
  const column = table.getChild(name)!;
  const numbers = new Float64Array(column.length);
  let at = 0;
  for (const data of column.data) {
    numbers.set(readNullableNumbers(data), at);
    at += data.length;
  }
  return numbers;
}

/** Joins each row with the one row of a table that has its keys, if there is one; rows stay where they are. */
export function joinTable(frame: LazyDataFrame, table: LazyDataFrame, keys: readonly Expr[]): LazyDataFrame {
  // The types want names, of which an expression is made with each call.
  const on = keys as unknown as string[];
  return frame.join(table, { on, how: 'left', nullsEqual: true, maintainOrder: 'left' });
}
