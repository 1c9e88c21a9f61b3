// Missing values: a constant, the value before, or the mean or median of the column.
import type { Expr } from 'nodejs-polars';
import type { NativeStage } from '../../contract.ts';
import { loadPolars } from '../polars.ts';
import { finite, learnFromColumns } from './learn.ts';
import { rowStage } from './rows.ts';

/** Options of {@link fill}. */
export interface FillOptions {
  readonly columns: readonly string[];
  /** A value, `forward` for the row before, `mean` or `median` over finite values of the whole table. */
  readonly with: { readonly value: number | string | boolean } | 'forward' | 'mean' | 'median';
  /** True: NaN is a missing value too. @default false */
  readonly nan?: boolean;
  /** `forward` takes values of the same group only. @default none */
  readonly by?: readonly string[];
}

/** Replaces missing values. What has nothing before it, or a column without values, stays null. */
export function fill({ columns, with: filling, nan = false, by = [] }: FillOptions): NativeStage {
  const details = { columns, with: filling, nan, by };
  const missing = (column: string): Expr => (nan ? nanToNull(column) : loadPolars().col(column));
  if (filling === 'forward') {
    const forward = (column: string): Expr => missing(column).forwardFill();
    return {
      name: 'fill',
      scope: by.length > 0 ? 'group' : 'table',
      holdsRows: true,
      details,
      apply: (frame) => frame.withColumns(...columns.map((column) => over(forward(column), by))),
    };
  }
  if (typeof filling === 'object') return fillValues(details, columns, missing, () => filling.value);
  return learnFromColumns(
    'fill',
    details,
    columns,
    (column) => ({ value: finite(column)[filling]() }),
    (learned) => {
      const valueOf = (column: string) => learned.get(column)!['value'] ?? null;
      const values = Object.fromEntries(columns.map((column) => [column, valueOf(column)]));
      return fillValues({ ...details, values }, columns, missing, valueOf);
    },
  );
}

function fillValues(
  details: Readonly<Record<string, unknown>>,
  columns: readonly string[],
  missing: (column: string) => Expr,
  valueOf: (column: string) => number | string | boolean | null,
): NativeStage {
  return rowStage('fill', details, (frame) =>
    frame.withColumns(
      ...columns.map((column) => {
        const value = valueOf(column);
        return value === null ? missing(column) : missing(column).fillNull(loadPolars().lit(value));
      }),
    ),
  );
}

function nanToNull(column: string): Expr {
  const { col, lit, when } = loadPolars();
  return when(col(column).isNotNan()).then(col(column)).otherwise(lit(null)).alias(column);
}

/** An expression within each group; over the whole table without any. */
export function over(expression: Expr, by: readonly string[]): Expr {
  const [first, ...rest] = by;
  return first === undefined ? expression : expression.over(first, ...rest);
}
