// The table users see as a plan: the columns of buildAdrView, as expressions of the native ones.
import type { Expr, LazyDataFrame } from 'nodejs-polars';
import type { Arithmetic, FieldType, ViewColumn } from '../core/index.ts';

type Polars = typeof import('nodejs-polars').default;

/** Gives a frame of a native kind these columns of its view, in their order. */
export async function toDocumentFrame(
  frame: LazyDataFrame,
  columns: readonly ViewColumn[],
): Promise<LazyDataFrame> {
  const { default: polars } = await import('nodejs-polars');
  return frame.select(...columns.map((column) => toExpression(polars, column)));
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
  over: (a, b) => a.divideBy(b),
});

/** Formulas give fractions. */
const typeOf = (polars: Polars, type: FieldType) => (type === 'float32' ? polars.Float32 : polars.Float64);
