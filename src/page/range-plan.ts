// Rows of memory → buckets of time, and buckets → wider ones, as native plans. A bucket holds for each field the least and
// the greatest value, a sum and what it is divided by, so that wider buckets made of it are exact: for a gauge the number
// of values, for a rate what changed and the seconds it took.
import type { DataFrame, LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../core/index.ts';
import { MAX_RATE_GAP_MS, pageFields } from './page-fields.ts';
import type { PageField } from './page-fields.ts';
import { planSql } from './plan-sql.ts';

/** Start of a bucket, ms since the epoch. */
const AT = 'at';

const namesOf = (name: string): readonly [string, string, string, string] => [
  `${name}:min`,
  `${name}:max`,
  `${name}:sum`,
  `${name}:n`,
];

/** A range of time, half-open. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Fields by their names; those that nobody knows are left out. */
export const pageFieldsOf = (names: readonly string[]): PageField[] =>
  names.flatMap((name) => pageFields.get(name) ?? []);

/**
 * Plans the buckets of rows.
 * @param before the row before them, which only the first rate looks at
 */
export function planBuckets(
  rows: LazyDataFrame,
  before: LazyDataFrame | null,
  fields: readonly PageField[],
  stepMs: number,
): LazyDataFrame {
  const columns = [...new Set(fields.flatMap(({ column, minus }) => (minus ? [column, minus] : [column])))];
  const rates = fields.filter(({ kind }) => kind === 'rate');
  const taken = ['CAST(timestamp AS BIGINT) AS ms', ...columns].join(', ');
  const text = `
    WITH taken AS (
      SELECT 1 AS own, ${taken} FROM rows
      ${before === null ? '' : `UNION ALL SELECT 0 AS own, ${taken} FROM earlier`}
    ), changes AS (
      SELECT *, ${['ms', ...rates.map(({ column }) => column)].map(changeOf).join(', ')} FROM taken
    ), counted AS (
      SELECT ms - ms % ${stepMs} AS ${AT}, ${fields.flatMap(valuesOf).join(', ')} FROM changes WHERE own = 1
    )
    SELECT ${AT}, ${fields.flatMap(({ name }) => aggregatesOf(name, 'rows')).join(', ')}
    FROM counted GROUP BY ${AT}`;
  return planSql(before === null ? { rows } : { rows, earlier: before }, text);
}

const changeOf = (column: string): string =>
  `${column} - LAG(${column}) OVER (ORDER BY ms) AS ${column}_change`;

/** A row's value, what it adds to the sum, and to what the sum is divided by. */
function valuesOf({ name, kind, column, minus, scale = 1 }: PageField): string[] {
  const [value, , sum, n] = namesOf(name);
  if (kind === 'gauge') {
    const own = `CAST(${column} AS DOUBLE)${minus ? ` - CAST(${minus} AS DOUBLE)` : ''}`;
    return [
      `${own} AS "${value}"`,
      `${own} AS "${sum}"`,
      `CASE WHEN ${own} IS NULL THEN 0.0 ELSE 1.0 END AS "${n}"`,
    ];
  }
  // A counter that falls is another boot; a pause says nothing of its moments.
  const counts = `${column}_change >= 0 AND ms_change > 0 AND ms_change <= ${MAX_RATE_GAP_MS}`;
  const only = (text: string): string => `CASE WHEN ${counts} THEN ${text} END`;
  const change = `CAST(${column}_change AS DOUBLE) * ${scale}`;
  const seconds = 'CAST(ms_change AS DOUBLE) / 1000.0';
  return [
    `${only(`${change} / (${seconds})`)} AS "${value}"`,
    `${only(change)} AS "${sum}"`,
    `${only(seconds)} AS "${n}"`,
  ];
}

/** A row has one value, the least and the greatest in one; a bucket has two. */
function aggregatesOf(name: string, of: 'rows' | 'buckets'): string[] {
  const [min, max, sum, n] = namesOf(name);
  return [
    `MIN("${min}") AS "${min}"`,
    `MAX("${of === 'rows' ? min : max}") AS "${max}"`,
    `SUM("${sum}") AS "${sum}"`,
    `SUM("${n}") AS "${n}"`,
  ];
}

/** Plans to read buckets that are there: of some fields, in a range. */
export function selectBuckets(
  buckets: LazyDataFrame,
  fields: readonly PageField[],
  { fromMs, toMs }: Span,
): LazyDataFrame {
  const columns = fields.flatMap(({ name }) => namesOf(name)).map((name) => `"${name}"`);
  return planSql(
    { buckets },
    `SELECT ${AT}, ${columns.join(', ')} FROM buckets WHERE ${AT} >= ${fromMs} AND ${AT} < ${toMs}`,
  );
}

/** Plans wider buckets of buckets; those of one start become one. */
export function planWider(
  buckets: LazyDataFrame,
  fields: readonly PageField[],
  stepMs: number,
  { fromMs, toMs }: Span,
): LazyDataFrame {
  const wider = `${AT} - ${AT} % ${stepMs}`;
  const text = `
    SELECT ${wider} AS start, ${fields.flatMap(({ name }) => aggregatesOf(name, 'buckets')).join(', ')}
    FROM buckets WHERE ${AT} >= ${fromMs} AND ${AT} < ${toMs} GROUP BY ${wider} ORDER BY start`;
  return planSql({ buckets }, text);
}

/** Frames of the same columns one after the other. */
export const joinFrames = (frames: readonly LazyDataFrame[]): LazyDataFrame =>
  frames.length === 1 ? frames[0]! : loadPolars().concat([...frames]);

/** Numbers to draw of one field; null where there is no value. */
export interface FieldBuckets {
  readonly min: (number | null)[];
  readonly max: (number | null)[];
  readonly mean: (number | null)[];
}

/** Takes wider buckets out of Polars, into their places on a grid without holes. */
export function readBuckets(
  frame: DataFrame,
  fields: readonly PageField[],
  grid: { readonly fromMs: number; readonly stepMs: number; readonly length: number },
): Record<string, FieldBuckets> {
  const places = numbersOf(frame, 'start').map((at) => (at! - grid.fromMs) / grid.stepMs);
  const read: Record<string, FieldBuckets> = {};
  for (const { name } of fields) {
    const [min, max, sum, n] = namesOf(name).map((column) => numbersOf(frame, column));
    const mean = sum!.map((value, i) => (value !== null && n![i]! > 0 ? value / n![i]! : null));
    const place = (values: readonly (number | null)[]): (number | null)[] =>
      spread(values, places, grid.length);
    read[name] = { min: place(min!), max: place(max!), mean: place(mean) };
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
  const all = Array.from({ length }, (): number | null => null);
  for (const [i, value] of values.entries()) all[places[i]!] = value === null ? null : round(value);
  return all;
}

/** Seven digits: more than a picture shows, and half the bytes. */
const round = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(7)));
