// Errors of src/pipeline/plan. Codes are listed in docs/errors.md and mirrored in Python.
import type * as arrow from 'apache-arrow';
import { isRuvectorError, messageOf, RuvectorError } from '../../core/index.ts';

/** What does not fit in a stage. */
export interface UnfitFacts {
  readonly stage: string;
  /** What is the case, as Polars says it. */
  readonly state: string;
  /** Null where nobody says. */
  readonly column: string | null;
  readonly cause?: unknown;
}

/** A stage that does not fit the types of its columns, code `ERR_PIPELINE_TYPE`. */
export function unfitTypeError(facts: UnfitFacts): RuvectorError {
  const { stage, state, column, cause } = facts;
  return new RuvectorError(
    'ERR_PIPELINE_TYPE',
    `Cannot plan stage "${stage}": ${state}; cast the column first, or take another one`,
    { cause, details: { stage, column } },
  );
}

/** Values that a stage cannot turn into what it was asked for, code `ERR_PIPELINE_VALUE`. */
export function unfitValueError(facts: UnfitFacts): RuvectorError {
  const { stage, state, column, cause } = facts;
  return new RuvectorError(
    'ERR_PIPELINE_VALUE',
    `Cannot run stage "${stage}": ${state}; filter or fill such values before it, or cast with strict: false`,
    { cause, details: { stage, column } },
  );
}

/** SQL text that Polars cannot read as expressions over the columns there are, code `ERR_PIPELINE_EXPRESSION`. */
export function unreadableExpressionError(stage: string, text: string, cause: Error): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_EXPRESSION',
    `Cannot read expression "${text}" of stage "${stage}": ${firstLine(cause)}; write SQL expressions over the columns that reach it`,
    { cause, details: { stage, text } },
  );
}

/** A column that does not reach the stage, code `ERR_PIPELINE_COLUMN`. */
export function missingColumnError(
  stage: string,
  column: string,
  columns: readonly string[],
  cause?: unknown,
): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_COLUMN',
    `Cannot use column "${column}" in stage "${stage}": what reaches it has ${quoteAll(columns)}; name one of these`,
    { cause, details: { stage, column, columns } },
  );
}

/** A column that the other table of a join lacks, code `ERR_PIPELINE_COLUMN`. */
export function missingJoinColumnError(
  stage: string,
  {
    table,
    column,
    columns,
  }: { readonly table: string; readonly column: string; readonly columns: readonly string[] },
): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_COLUMN',
    `Cannot take column "${column}" of "${table}" in stage "${stage}": it has ${quoteAll(columns)}; name one of these`,
    { details: { stage, table, column, columns } },
  );
}

/** Options that a stage cannot work with, code `ERR_PIPELINE_OPTION`. */
export function stageOptionError(stage: string, option: string, value: unknown, need: string): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_OPTION',
    `Cannot build stage "${stage}": ${option} is ${JSON.stringify(value) ?? String(value)}; it needs ${need}`,
    { details: { stage, option } },
  );
}

/** A stage used before it has seen the rows that it learns from, code `ERR_PIPELINE_NOT_LEARNED`. */
export function notLearnedError(stage: string): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_NOT_LEARNED',
    `Cannot apply stage "${stage}": it has not seen any rows yet; run it in a pipeline, or await its learn() first`,
    { details: { stage } },
  );
}

/** More categories than columns are wanted for, code `ERR_PIPELINE_CATEGORIES`. */
export function tooManyCategoriesError(stage: string, column: string, limit: number): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_CATEGORIES',
    `Cannot run stage "${stage}": column "${column}" has more than ${limit} values; name the categories, or raise maxCategories`,
    { details: { stage, column, limit } },
  );
}

/** A source whose parts are none, code `ERR_PIPELINE_READ`. */
export function noPartitionError(source: string): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_READ',
    `Cannot read source "${source}": it gives no partitions, so that nothing says which columns it has; let it give one without rows where it is empty`,
    { details: { source } },
  );
}

/** Files that cannot be read, code `ERR_PIPELINE_READ`. */
export function unreadableSourceError(source: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_READ',
    `Cannot read source "${source}": ${state}; look at the path and the file`,
    { cause, details: { source } },
  );
}

/** A sink that cannot be written, code `ERR_PIPELINE_WRITE`; `ERR_PIPELINE_DISK_FULL` when there is no room. */
export function unwritableSinkError(sink: string, state: string, cause?: unknown): RuvectorError {
  const isFull = /os error (28|122)\b/.test(state);
  return new RuvectorError(
    isFull ? 'ERR_PIPELINE_DISK_FULL' : 'ERR_PIPELINE_WRITE',
    `Cannot write sink "${sink}": ${state}; ${isFull ? 'free space, or write elsewhere' : 'look at its folder and permissions'}`,
    { cause, details: { sink } },
  );
}

/** A plan that Polars gives up for a reason of its own, code `ERR_PIPELINE_PLAN`. */
export function failedPlanError(stages: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_PLAN',
    `Cannot run plan "${stages}": ${firstLine(cause)}; explain({ optimized: true }) shows what Polars made of it`,
    { cause, details: { stages } },
  );
}

/** Batches of one stage that differ in their columns, code `ERR_PIPELINE_COLUMN`. */
export function changedColumnsError(first: arrow.Schema, later: arrow.Schema): RuvectorError {
  const list = ({ fields }: arrow.Schema): string => fields.map((field) => String(field)).join(', ');
  return new RuvectorError(
    'ERR_PIPELINE_COLUMN',
    `Cannot hand batches to a plan: a later one has columns "${list(later)}", the first had "${list(first)}"; give all batches of a stage the same columns`,
  );
}

/** The error of a stage under the name that it has in its pipeline; its code stays. */
export function renamedStageError(error: RuvectorError, from: string, to: string): RuvectorError {
  const message = error.message.replace(`stage "${from}"`, `stage "${to}"`);
  return new RuvectorError(error.code, message, {
    cause: error.cause,
    details: { ...error.details, stage: to },
  });
}

/** Polars says the reason first, then the plan it was resolving. */
const firstLine = (error: unknown): string => messageOf(error).split('\n', 1)[0]!;

const quoteAll = (names: readonly string[]): string =>
  names.length === 0 ? 'no columns' : names.map((name) => `"${name}"`).join(', ');

/** An error of opening a stage, with the stage that it is about: the same error otherwise. */
export function stageOpenError(stage: string, error: unknown): unknown {
  if (!isRuvectorError(error) || error.details['stage'] !== undefined) return error;
  const { code, message, cause, details } = error;
  return new RuvectorError(code, message, { cause, details: { ...details, stage } });
}
