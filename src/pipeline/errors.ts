// The errors of pipelines. Every code is listed in docs/errors.md.
import type * as arrow from 'apache-arrow';
import { RuvectorError, adviseOn, messageOf, systemCodeOf } from '../core/index.ts';

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

/** A budget of no bytes, code `ERR_PIPELINE_BUDGET`. */
export function budgetLimitError(limitBytes: number): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_BUDGET',
    `Cannot create memory budget "${limitBytes}": it is no whole number of bytes above 0; give one`,
    { details: { limitBytes } },
  );
}

/** A lease of no number of bytes, code `ERR_PIPELINE_BUDGET`. */
export function budgetRequestError(bytes: number): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_BUDGET',
    `Cannot lease "${bytes}" bytes: that is no whole number from 0; give one`,
    { details: { bytes } },
  );
}

/** More than there will ever be, code `ERR_PIPELINE_BUDGET`. */
export function budgetTooSmallError(bytes: number, limitBytes: number): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_BUDGET',
    `Cannot lease "${bytes}" bytes: the whole budget is ${limitBytes} bytes; give the pipeline a larger budget or smaller batches`,
    { details: { bytes, limitBytes } },
  );
}

/** A batch that became larger than memory there is, code `ERR_PIPELINE_BUDGET`. */
export function batchGrowthError(
  stage: string,
  batchBytes: number,
  extraBytes: number,
  limitBytes: number,
): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_BUDGET',
    `Cannot hold a batch in stage "${stage}": it has ${batchBytes} bytes and lacks ${extraBytes} of a budget of ${limitBytes}; give the pipeline a larger budget or smaller batches`,
    { details: { stage, batchBytes, extraBytes, limitBytes } },
  );
}

/** A stage that failed on a batch, code `ERR_PIPELINE_STAGE`; an error that has a code of its own stays what it is. */
export function stageError(stage: string, cause: unknown): RuvectorError {
  if (cause instanceof RuvectorError) return cause;
  const { state, nextStep } =
    systemCodeOf(cause) === undefined
      ? {
          state: messageOf(cause),
          nextStep: "correct it, or let the stage's error policy leave such batches out",
        }
      : adviseOn(cause);
  return new RuvectorError('ERR_PIPELINE_STAGE', `Cannot run stage "${stage}": ${state}; ${nextStep}`, {
    cause,
    details: { stage },
  });
}

/** A transform that has not answered in time, code `ERR_PIPELINE_TIMEOUT`. */
export function stageTimeoutError(stage: string, timeoutMs: number, rows: number): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_TIMEOUT',
    `Cannot transform a batch of ${rows} rows in stage "${stage}": it has not answered within ${timeoutMs} ms; find what it waits for, allow it more time (timeoutMs) or smaller batches, or let the stage skip such batches`,
    { details: { stage, timeoutMs, rows } },
  );
}

/** A run that cannot be made as asked, code `ERR_PIPELINE_OPTIONS`; all mistakes in one report. */
export function stagesOptionsError(problems: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_OPTIONS',
    `Cannot run stages: ${problems.join('; ')}; correct what is named`,
    { details: { problems } },
  );
}

/** A checkpoint that cannot be resumed from, code `ERR_PIPELINE_CHECKPOINT`. */
export function checkpointError(path: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_CHECKPOINT',
    `Cannot resume from checkpoint "${path}": ${state}; remove it and what the sink wrote to start again`,
    { cause, details: { path } },
  );
}
