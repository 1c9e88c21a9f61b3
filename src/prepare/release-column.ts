// Turns one column of a batch into what is released of it, by its treatment.
import type * as arrow from 'apache-arrow';
import { buildData, buildIntegers, readNullableNumbers } from '../core/index.ts';
import { totalOfFree, vocabularies } from './column-treatment.ts';
import type { TreatedColumn, Treatment } from './column-treatment.ts';
import type { SizeLevel } from './coarse-size.ts';
import { columnOf, mapText } from './column-values.ts';
import { codesIn } from './free-text.ts';
import type { PlanTables } from './plan-tables.ts';
import { SUPPRESSED } from './quasi-groups.ts';
import type { Rung } from './quasi-groups.ts';
import type { ReleaseKey } from './release-key.ts';
import { floorTime } from './time-levels.ts';

/** A batch and what is decided about its rows. */
export interface ReleaseContext {
  readonly batch: arrow.RecordBatch;
  readonly tables: PlanTables;
  readonly times: Float64Array;
  /** Number of each row's names or sizes. */
  readonly ids: Int32Array;
  /** Index into `ladder` of each row; suppressed rows are computed all the same and then dropped. */
  readonly rungs: Uint8Array;
  readonly ladder: readonly Rung[];
  /** Boot or process of each row. */
  readonly owners: Int32Array;
  readonly schema: arrow.Schema;
}

type Release = (column: arrow.Data, treated: TreatedColumn, context: ReleaseContext) => arrow.Data;

const releases: Readonly<Record<Exclude<Treatment, 'remove'>, Release>> = {
  keep: (column) => column,
  time: releaseTime,
  size: releaseSize,
  'free-of-size': releaseFree,
  name: releaseName,
  'process-number': (_column, { released }, context) =>
    buildData(typeOf(context, released!.name), context.owners.length, {
      data: context.tables.processes!.numbersOf(context.owners),
      nullCount: 0,
      nullBitmap: null,
    }),
  counter: (column, { field }, { tables, owners }) =>
    (tables.processes ?? tables.boots)!.rebase(column, field.name, owners),
  codes: (column) => mapText(column, codesIn),
  vocabulary: (column, { field }) => mapText(column, (text) => knownWords(field.name, text)),
  'text-hash': (column, _treated, { tables }) => mapText(column, (text) => hashText(tables.key, text)),
};

/** The released column; the treatment must not be `remove`. */
export function releaseColumn(treated: TreatedColumn, context: ReleaseContext): arrow.Data {
  const release = releases[treated.treatment as Exclude<Treatment, 'remove'>];
  return release(columnOf(context.batch, treated.field.name), treated, context);
}

/** How far each row's time was rounded. */
export function releaseTimePrecision(context: ReleaseContext): arrow.Data {
  const { rungs, ladder } = context;
  const precisions = new Float64Array(rungs.length);
  for (let i = 0; i < rungs.length; i++) precisions[i] = rungAt(ladder, rungs[i]!).time.precisionMs;
  return buildIntegers(typeOf(context, 'time_precision_ms'), precisions);
}

/** The word, or several joined by "+", if all are known; else "other". */
export function knownWords(column: string, text: string): string {
  const words = vocabularies[column]!;
  return text.split('+').every((word) => words.has(word)) ? text : 'other';
}

/** A text as 16 hexadecimal digits of its keyed hash. */
export function hashText(key: ReleaseKey, text: string): string {
  return key.hash(text).toString(16).padStart(16, '0');
}

function releaseTime(column: arrow.Data, _treated: TreatedColumn, context: ReleaseContext): arrow.Data {
  const { times, rungs, ladder } = context;
  const floored = new Float64Array(times.length);
  for (let i = 0; i < times.length; i++) floored[i] = floorTime(times[i]!, rungAt(ladder, rungs[i]!).time);
  return buildIntegers(column.type, floored);
}

function releaseSize(column: arrow.Data, { field }: TreatedColumn, context: ReleaseContext): arrow.Data {
  return buildIntegers(column.type, coarseSizes(field.name, context).coarse);
}

/** What is free of a total: moved with it. */
function releaseFree(column: arrow.Data, { field }: TreatedColumn, context: ReleaseContext): arrow.Data {
  const { coarse, exact } = coarseSizes(totalOfFree[field.name]!, context);
  const free = readNullableNumbers(column);
  for (let i = 0; i < free.length; i++) free[i]! += coarse[i]! - exact[i]!;
  return buildIntegers(column.type, free);
}

function coarseSizes(name: string, context: ReleaseContext): { coarse: Float64Array; exact: Float64Array } {
  const { ids, rungs, ladder } = context;
  const sizes = context.tables.sizes!;
  const column = sizes.columns.indexOf(name);
  const coarse = new Float64Array(ids.length);
  const exact = new Float64Array(ids.length);
  for (let i = 0; i < ids.length; i++) {
    const level = rungAt(ladder, rungs[i]!).attribute as SizeLevel;
    exact[i] = sizes.trueSizeAt(ids[i]!, column);
    coarse[i] = sizes.sizeAt(ids[i]!, column, level);
  }
  return { coarse, exact };
}

function releaseName(_column: arrow.Data, { released }: TreatedColumn, context: ReleaseContext): arrow.Data {
  const { ids, rungs, ladder } = context;
  const hashes = context.tables.names!.hashes();
  const values = new BigUint64Array(ids.length);
  const nullBitmap = new Uint8Array(Math.ceil(ids.length / 8));
  let nullCount = 0;
  for (let i = 0; i < ids.length; i++) {
    if (rungs[i] !== SUPPRESSED && ladder[rungs[i]!]!.attribute === 0) {
      values[i] = hashes[ids[i]!]!;
      nullBitmap[i >> 3]! |= 1 << (i & 7);
    } else nullCount++;
  }
  const parts = { data: values, nullCount, nullBitmap };
  return buildData(typeOf(context, released!.name), ids.length, parts);
}

/** The rung of a row; any will do for one that is dropped. */
function rungAt(ladder: readonly Rung[], rung: number): Rung {
  return ladder[rung] ?? ladder[0]!;
}

function typeOf({ schema }: ReleaseContext, name: string): arrow.DataType {
  return schema.fields.find((field) => field.name === name)!.type;
}
