// The table users see as a plan: the columns of buildAdrView, as expressions of the native ones. They are built once a
// table: an expression of nodejs-polars takes about half a megabyte here, and is collected late.
import type { Expr, LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../core/index.ts';
import type { Arithmetic, FieldType, ViewColumn, Polars } from '../core/index.ts';

/** Gives a frame of a native kind the columns of its view. */
export type ToDocument = (frame: LazyDataFrame) => LazyDataFrame;

/** Builds what gives frames these columns, in their order. Loads Polars. */
export async function buildToDocument(columns: readonly ViewColumn[]): Promise<ToDocument> {
  const polars = loadPolars();
  const isKept = ({ field, inputs, formula }: ViewColumn): boolean => !formula && field.name === inputs[0];
  const computed = columns.filter((column) => !isKept(column)).map((column) => toExpression(polars, column));
  // One expression for all of them.
  const all = polars.col(columns.map(({ field }) => field.name));
  return (frame) => (computed.length === 0 ? frame : frame.withColumns(...computed)).select(all);
}

function toExpression(polars: Polars, { field, inputs, formula }: ViewColumn): Expr {
  if (!formula) return polars.col(inputs[0]!).alias(field.name);
  const doubles = inputs.map((name) => polars.col(name).cast(polars.Float64));
  // As a column of the table holds it, and as rows and batches do: what is not finite then is null.
  const value = formula(arithmeticOf(polars), doubles).cast(typeOf(polars, field.type));
  return polars.when(value.isFinite()).then(value).otherwise(polars.lit(null)).alias(field.name);
}

const arithmeticOf = (polars: Polars): Arithmetic<Expr> => ({
  number: (value) => polars.lit(value).cast(polars.Float64),
  minus: (a, b) => a.minus(b),
  times: (a, b) => a.multiplyBy(b),
  // By a column: by a number Polars multiplies with its reciprocal, and 1023 / 1000 would be 1.0230000000000001.
  over: (a, b) => a.divideBy(a.multiplyBy(polars.lit(0)).plus(b)),
});

/** Formulas give fractions. */
const typeOf = (polars: Polars, type: FieldType) => (type === 'float32' ? polars.Float32 : polars.Float64);
