// Stages that learn numbers of whole columns in one pass, and then run row by row with them: the table is never held.
import type { Expr, LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../../../core/index.ts';
import type { NativeStage } from '../../contract.ts';
import { notLearnedError } from '../errors.ts';

/** What was learned of a column; null where it has no value to learn from. */
export type Learned = Readonly<Record<string, number | null>>;

/** A stage that learns `statistics` of each of its columns and becomes what `build` gives for them. */
export function learnFromColumns(
  name: string,
  details: Readonly<Record<string, unknown>>,
  columns: readonly string[],
  statistics: (column: string) => Readonly<Record<string, Expr>>,
  build: (learned: ReadonlyMap<string, Learned>) => NativeStage,
): NativeStage {
  return learningStage(name, details, async (frame) => build(await learnColumns(frame, columns, statistics)));
}

/** A stage that cannot be applied before it has learned. */
export function learningStage(
  name: string,
  details: Readonly<Record<string, unknown>>,
  learn: (frame: LazyDataFrame) => Promise<NativeStage>,
): NativeStage {
  return {
    name,
    scope: 'table',
    details,
    learnsFrom: 'rows',
    learn,
    apply: () => {
      throw notLearnedError(name);
    },
  };
}

async function learnColumns(
  frame: LazyDataFrame,
  columns: readonly string[],
  statistics: (column: string) => Readonly<Record<string, Expr>>,
): Promise<Map<string, Learned>> {
  const wanted = columns.flatMap((column, place) =>
    Object.entries(statistics(column)).map(([key, expression]) => expression.alias(`${place}.${key}`)),
  );
  const [row = {}] = (await frame.select(...wanted).collect()).toRecords() as [Record<string, unknown>?];
  return new Map(
    columns.map((column, place) => {
      const keys = Object.keys(statistics(column));
      return [column, Object.fromEntries(keys.map((key) => [key, toNumber(row[`${place}.${key}`])]))];
    }),
  );
}

const toNumber = (value: unknown): number | null =>
  value === null || value === undefined ? null : Number(value);

/** The values of a column that statistics can be made of: not null, NaN or infinite; as doubles. */
export function finite(column: string): Expr {
  const { col, Float64 } = loadPolars();
  const value = col(column).cast(Float64);
  return value.filter(value.isFinite());
}
