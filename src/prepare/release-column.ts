// What becomes of a text, and of columns as expressions over a row to which the tables of a plan were joined.
import type { Expr } from 'nodejs-polars';
import type { RecordKind, Polars } from '../core/index.ts';
import { timePrecisionField, totalOfFree, vocabularies } from './column-treatment.ts';
import type { TreatedColumn, Treatment } from './column-treatment.ts';
import { codesIn } from './free-text.ts';
import { PRECISION_COLUMN } from './group-table.ts';
import { int } from './polars-frame.ts';
import { hashText } from './release-key.ts';
import type { ReleaseKey } from './release-key.ts';

/** The word, or several joined by "+", if all are known; else "other". */
export function knownWords(column: string, text: string): string {
  const words = vocabularies[column]!;
  return text.split('+').every((word) => words.has(word)) ? text : 'other';
}

/** What becomes of a text in a release, by the treatment of its column. */
export const textTreatments: Partial<
  Record<Treatment, (text: string, column: string, key: ReleaseKey) => string>
> = {
  codes: (text) => codesIn(text),
  vocabulary: (text, column) => knownWords(column, text),
  'text-hash': (text, _column, key) => hashText(key, text),
};

/** How joined rows become released ones. */
export interface ReleaseExpressions {
  /** False for a suppressed row; fails for one that was not planned. */
  readonly isReleased: Expr;
  /** The columns that are not released as they were measured. */
  readonly changed: readonly Expr[];
  /** All columns that are released, in order. */
  readonly columns: Expr;
}

export function buildReleaseExpressions(
  polars: Polars,
  columns: readonly TreatedColumn[],
  released: RecordKind,
): ReleaseExpressions {
  return {
    isReleased: buildIsReleased(polars, columns),
    changed: buildChanged(polars, columns),
    columns: polars.cols(released.fields.map(({ name }) => name)),
  };
}

/**
 * A row is planned when every table that it was joined with knows it. For another one -1 is no unsigned number: the
 * plan ends with an error that names the column.
 */
function buildIsReleased(polars: Polars, columns: readonly TreatedColumn[]): Expr {
  const precision = polars.col(PRECISION_COLUMN);
  const isPlanned = columns.flatMap(({ field: { name }, treatment }) => {
    const known = (): Expr => polars.col(`released.${name}`).isNotNull();
    if (treatment === 'process-number') return [known()];
    return treatment in textTreatments ? [polars.col(name).isNull().or(known())] : [];
  });
  return polars
    .when(isPlanned.reduce((all, next) => all.and(next), precision.isNotNull()))
    .then(precision)
    .otherwise(int(polars, -1))
    .cast(polars.UInt64, true)
    .gt(polars.lit(0).cast(polars.UInt64));
}

/** True for the error of a plan that met a row which was not planned. */
export function isUnplanned(error: unknown): boolean {
  return error instanceof Error && error.message.includes(`failed in column '${PRECISION_COLUMN}'`);
}

/** Treatments whose column stands in a table of the plan. */
const fromTables: ReadonlySet<Treatment> = new Set(['time', 'size', 'name', 'process-number']);

function buildChanged(polars: Polars, columns: readonly TreatedColumn[]): Expr[] {
  const changed = columns.flatMap(({ field: { name }, treatment, released }) => {
    if (fromTables.has(treatment) || treatment in textTreatments) {
      return polars.col(`released.${name}`).alias(released!.name);
    }
    if (treatment !== 'free-of-size') return [];
    return polars.col(name).add(polars.col(`moved.${totalOfFree[name]!}`));
  });
  const counters = columns.filter(({ treatment }) => treatment === 'counter').map(({ field }) => field.name);
  changed.push(polars.col(PRECISION_COLUMN).alias(timePrecisionField.name));
  return counters.length === 0 ? changed : [...changed, buildSince(polars, counters)];
}

/** What counters counted since their first value; null below it: they wrapped or began anew, nobody knows since when. */
function buildSince(polars: Polars, counters: readonly string[]): Expr {
  const since = polars.cols([...counters]).sub(polars.cols(counters.map((name) => `first.${name}`)));
  return polars
    .when(since.gtEq(int(polars, 0)))
    .then(since)
    .otherwise(polars.lit(null));
}
