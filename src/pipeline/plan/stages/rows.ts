// Stages of one row at a time: select, filter, with columns, cast, drop, rename.
import type { LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../../../core/index.ts';
import type { NativeStage, StageScope } from '../../contract.ts';
import { stageOptionError } from '../errors.ts';
import { readCondition, readExpressions } from '../expression.ts';
import type { Expression } from '../expression.ts';
import { readTypes } from '../polars.ts';

/** Keeps or computes columns, in this order: `select('pid', 'rss_kib / 1024.0 as working_set_mb')`. */
export function select(...expressions: readonly Expression[]): NativeStage {
  return expressionStage('select', { expressions }, (frame) => {
    const read = readExpressions('select', expressions, frame);
    return { scope: read.scope, apply: (inner) => inner.select(...read.expressions) };
  });
}

/** Adds columns behind the others; one of a name that is there takes its place. */
export function withColumns(...expressions: readonly Expression[]): NativeStage {
  return expressionStage('with columns', { expressions }, (frame) => {
    const read = readExpressions('with columns', expressions, frame);
    return { scope: read.scope, apply: (inner) => inner.withColumns(...read.expressions) };
  });
}

/** Keeps the rows for which the condition is true; null is not true, and NaN is above all numbers. */
export function filter(condition: Expression): NativeStage {
  return expressionStage('filter', { condition }, (frame) => {
    const read = readCondition('filter', condition, frame);
    return { scope: read.scope, apply: (inner) => inner.filter(read.condition) };
  });
}

/** Leaves columns out. */
export function drop(...columns: readonly string[]): NativeStage {
  return rowStage('drop', { columns }, (frame) => frame.drop([...columns]));
}

/** Gives columns other names: old to new. */
export function rename(names: Readonly<Record<string, string>>): NativeStage {
  return rowStage('rename', { names }, (frame) => frame.rename({ ...names }));
}

/** Types that a column can be cast to, by Polars' names. */
export const castTypes = [
  'Int8',
  'Int16',
  'Int32',
  'Int64',
  'UInt8',
  'UInt16',
  'UInt32',
  'UInt64',
  'Float32',
  'Float64',
  'Bool',
  'String',
  'Date',
] as const;

/** Options of {@link cast}. */
export interface CastOptions {
  /** True: a value that does not fit ends the run. False: it becomes null. @default true */
  readonly strict?: boolean;
}

/** Gives columns another type: `cast({ pid: 'Int64' })`. */
export function cast(
  types: Readonly<Record<string, (typeof castTypes)[number]>>,
  { strict = true }: CastOptions = {},
): NativeStage {
  for (const [column, type] of Object.entries(types)) {
    if (!castTypes.includes(type)) {
      throw stageOptionError('cast', `the type of "${column}"`, type, `one of ${castTypes.join(', ')}`);
    }
  }
  return rowStage('cast', { types, strict }, (frame) => {
    const polars = loadPolars();
    const present = readTypes(frame);
    return frame.withColumns(
      ...Object.entries(types).map(([column, type]) => {
        // Numbers of a category would be those of its place in a dictionary.
        const isCategory = ['Categorical', 'Enum'].includes(present.get(column)?.variant ?? '');
        const value = isCategory ? polars.col(column).cast(polars.String) : polars.col(column);
        return value.cast(polars[type], strict);
      }),
    );
  });
}

/** A stage whose every row depends on itself only. */
export function rowStage(
  name: string,
  details: Readonly<Record<string, unknown>>,
  apply: NativeStage['apply'],
): NativeStage {
  return { name, scope: 'row', details, apply };
}

interface ReadStage {
  readonly scope: StageScope;
  apply(frame: LazyDataFrame): LazyDataFrame;
}

/** A stage whose expressions are read against the columns that reach it. */
function expressionStage(
  name: string,
  facts: Readonly<Record<string, unknown>>,
  read: (frame: LazyDataFrame) => ReadStage,
): NativeStage {
  const details = { ...facts, ...describe(facts['expressions'] ?? facts['condition']) };
  return {
    name,
    // How far it looks is known once its expressions are read: all rows is always right.
    scope: 'table',
    details,
    apply: (frame) => read(frame).apply(frame),
    learnsFrom: 'columns',
    learn: async (frame) => ({ name, details, ...read(frame) }),
  };
}

/** Expressions as text, for `explain()`. */
function describe(value: unknown): Readonly<Record<string, unknown>> {
  if (Array.isArray(value)) return { expressions: value.map(String) };
  return { condition: String(value) };
}
