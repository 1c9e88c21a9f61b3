// Rows of memory → buckets of time, and buckets → wider ones, as native plans. A bucket holds for each field the least and
// the greatest value, a sum and what it is divided by, so that wider buckets made of it are exact: for a gauge the number
// of values, for a rate what changed and the seconds it took. Expressions are made once: each costs half a millisecond.
import type { DataFrame, Expr, LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../core/index.ts';
import { MAX_RATE_GAP_MS, pageFields } from './page-fields.ts';
import type { PageField } from './page-fields.ts';

/** Start of a bucket, ms since the epoch. */
const AT = 'at';

interface FieldExpressions {
  /** A row's values: what is looked at for the extremes, what is summed, what it is divided by. */
  readonly row: readonly Expr[];
  readonly bucket: readonly Expr[];
  readonly wider: readonly Expr[];
}

interface Common {
  readonly time: Expr;
  readonly elapsed: Expr;
  readonly at: Expr;
}

let common: Common | null = null;
const expressions = new Map<string, FieldExpressions>();

const namesOf = (name: string): readonly [string, string, string, string] => [
  `${name}:min`,
  `${name}:max`,
  `${name}:sum`,
  `${name}:n`,
];

function commonOf(): Common {
  const { col, Int64 } = loadPolars();
  const time = col('timestamp').cast(Int64);
  common ??= { time, elapsed: time.minus(time.shift(1)), at: col(AT) };
  return common;
}

function expressionsOf(field: PageField): FieldExpressions {
  const known = expressions.get(field.name);
  if (known) return known;
  const { col } = loadPolars();
  const [min, max, sum, n] = namesOf(field.name);
  const made: FieldExpressions = {
    row: field.kind === 'gauge' ? gaugeRow(field) : rateRow(field),
    bucket: [
      col(min).min().alias(min),
      col(min).max().alias(max),
      col(sum).sum().alias(sum),
      col(n).sum().alias(n),
    ],
    wider: [
      col(min).min().alias(min),
      col(max).max().alias(max),
      col(sum).sum().alias(sum),
      col(n).sum().alias(n),
    ],
  };
  expressions.set(field.name, made);
  return made;
}

function gaugeRow({ name, column, minus }: PageField): Expr[] {
  const { col, Float64 } = loadPolars();
  const [min, , sum, n] = namesOf(name);
  const own = col(column).cast(Float64);
  const value = minus === undefined ? own : own.minus(col(minus).cast(Float64));
  return [value.alias(min), value.alias(sum), value.isNotNull().cast(Float64).alias(n)];
}

function rateRow({ name, column, scale = 1 }: PageField): Expr[] {
  const { col, Float64, lit, when } = loadPolars();
  const [min, , sum, n] = namesOf(name);
  const { elapsed } = commonOf();
  const change = col(column).cast(Float64).minus(col(column).cast(Float64).shift(1));
  const counts = change
    .gtEq(lit(0))
    .and(elapsed.gt(lit(0)))
    .and(elapsed.ltEq(lit(MAX_RATE_GAP_MS)));
  const seconds = elapsed.cast(Float64).div(lit(1000));
  const scaled = change.mul(lit(scale));
  const only = (value: Expr): Expr => when(counts).then(value).otherwise(lit(null));
  return [only(scaled.div(seconds)).alias(min), only(scaled).alias(sum), only(seconds).alias(n)];
}

/** Fields by their names; those that nobody knows are left out. */
export const fieldsOf = (names: readonly string[]): PageField[] =>
  names.flatMap((name) => pageFields.get(name) ?? []);

/**
 * Plans the buckets of rows that are in time order.
 * @param skipRows rows at the beginning that only the first rate looks at
 */
export function planBuckets(
  rows: LazyDataFrame,
  fields: readonly PageField[],
  stepMs: number,
  skipRows: number,
): LazyDataFrame {
  const { lit } = loadPolars();
  const { time } = commonOf();
  const at = time.minus(time.modulo(lit(stepMs))).alias(AT);
  const values = rows.select(at, ...fields.flatMap((field) => expressionsOf(field).row));
  return (skipRows === 0 ? values : values.slice(skipRows, 2 ** 31))
    .groupBy(AT)
    .agg(...fields.flatMap((field) => expressionsOf(field).bucket));
}

/** Plans to read buckets that are there: of some fields, in a range. */
export function selectBuckets(
  buckets: LazyDataFrame,
  fields: readonly PageField[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): LazyDataFrame {
  const { lit } = loadPolars();
  const { at } = commonOf();
  return buckets
    .filter(at.gtEq(lit(fromMs)).and(at.lt(lit(toMs))))
    .select(AT, ...fields.flatMap(({ name }) => namesOf(name)));
}

/** Plans wider buckets of buckets; those of one start become one. */
export function planWider(
  buckets: LazyDataFrame,
  fields: readonly PageField[],
  stepMs: number,
  range: { readonly fromMs: number; readonly toMs: number },
): LazyDataFrame {
  const { lit } = loadPolars();
  const { at } = commonOf();
  return selectBuckets(buckets, fields, range)
    .withColumns(at.minus(at.modulo(lit(stepMs))).alias(AT))
    .groupBy(AT)
    .agg(...fields.flatMap((field) => expressionsOf(field).wider))
    .sort(AT);
}

/** Numbers to draw of one field; null where there is no value. */
export interface FieldBuckets {
  readonly min: (number | null)[];
  readonly max: (number | null)[];
  readonly mean: (number | null)[];
}

/** Takes buckets out of Polars, into their places on a grid without holes. */
export function readBuckets(
  frame: DataFrame,
  fields: readonly PageField[],
  grid: { readonly fromMs: number; readonly stepMs: number; readonly length: number },
): Record<string, FieldBuckets> {
  const places = numbersOf(frame, AT).map((at) => (at! - grid.fromMs) / grid.stepMs);
  const read: Record<string, FieldBuckets> = {};
  for (const { name } of fields) {
    const [min, max, sum, n] = namesOf(name).map((column) => numbersOf(frame, column));
    read[name] = {
      min: spread(min!, places, grid.length),
      max: spread(max!, places, grid.length),
      mean: spread(
        sum!.map((value, i) => (n![i]! > 0 ? value! / n![i]! : null)),
        places,
        grid.length,
      ),
    };
  }
  return read;
}

const numbersOf = (frame: DataFrame, column: string): (number | null)[] =>
  (frame.getColumn(column).toArray() as (number | bigint | null)[]).map((value) =>
    value === null ? null : Number(value),
  );

function spread(
  values: readonly (number | null)[],
  places: readonly number[],
  length: number,
): (number | null)[] {
  const all = new Array<number | null>(length).fill(null);
  for (const [i, value] of values.entries()) all[places[i]!] = value === null ? null : round(value);
  return all;
}

/** Seven digits: more than a picture shows, and half the bytes. */
const round = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(7)));
