// Errors of the pipeline room. Codes are listed in docs/errors.md and mirrored in Python.
import { adviseOn, messageOf, RuvectorError, systemCodeOf } from '../core/index.ts';

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

/** Slots of no size or number, code `ERR_PIPELINE_SLOT`. */
export function slabSizeError({ slotBytes, slots }: { slotBytes: number; slots: number }): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_SLOT',
    `Cannot create slab of "${slots}" slots of "${slotBytes}" bytes: both have to be whole numbers above 0; give such`,
    { details: { slotBytes, slots } },
  );
}

/** No slot will ever be so large, code `ERR_PIPELINE_SLOT`. */
export function slotTooLargeError(bytes: number, largestSlotBytes: number): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_SLOT',
    `Cannot take slot of "${bytes}" bytes: the largest has ${largestSlotBytes}; cut the batch, or give the slab larger slots`,
    { details: { bytes, largestSlotBytes } },
  );
}

/** The name of a transform that runs in workers. */
export interface TransformName {
  readonly module: string;
  readonly exportName: string;
}

const describeTransform = ({ module, exportName }: TransformName): string =>
  `transform "${exportName}" of "${module}"`;

/** A module that no thread could find, code `ERR_PIPELINE_MODULE`. */
export function moduleReferenceError(text: string): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_MODULE',
    `Cannot load transform module "${text}": it is neither a URL nor an absolute path; give what import.meta.resolve() says of it`,
    { details: { module: text } },
  );
}

/** A module that does not make the transform, code `ERR_PIPELINE_MODULE`. */
export function transformLoadError(name: TransformName, state: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_MODULE',
    `Cannot load ${describeTransform(name)}: ${state}; name a function that makes a transform`,
    { cause, details: { ...name } },
  );
}

/** What user code in a worker threw, as the thread describes it. */
export interface ThrownInWorker {
  readonly stage: 'load' | 'schema' | 'transform';
  readonly message: string;
  readonly stack: string | null;
  readonly code: string | null;
}

/** User code threw: while it was loaded, code `ERR_PIPELINE_MODULE`, or at work, code `ERR_PIPELINE_TRANSFORM`. */
export function transformFailedError(name: TransformName, thrown: ThrownInWorker): RuvectorError {
  const cause = Object.assign(new Error(thrown.message), {
    ...(thrown.stack !== null && { stack: thrown.stack }),
    ...(thrown.code !== null && { code: thrown.code }),
  });
  if (thrown.stage === 'load') return transformLoadError(name, thrown.message, cause);
  const what = thrown.stage === 'schema' ? 'columns' : 'a batch';
  return new RuvectorError(
    'ERR_PIPELINE_TRANSFORM',
    `Cannot run ${describeTransform(name)}: it refused ${what}: ${thrown.message}; correct the transform or what it is given`,
    { cause, details: { ...name, stage: thrown.stage, thrownCode: thrown.code } },
  );
}

/** Batches of other columns than a transform was asked about, code `ERR_PIPELINE_TRANSFORM`. */
export function otherColumnsError(name: TransformName, columns: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_TRANSFORM',
    `Cannot run ${describeTransform(name)}: it was created for other columns (${columns.join(', ')}); create one for these`,
    { details: { ...name, columns } },
  );
}

/** How a worker was lost. */
export type LostWorker =
  | { readonly kind: 'crash'; readonly cause: unknown }
  | { readonly kind: 'timeout'; readonly afterMs: number };

/** A thread died with a batch, code `ERR_PIPELINE_WORKER`, or was ended because it took too long, `ERR_PIPELINE_TIMEOUT`. */
export function transformWorkerLostError(name: TransformName, lost: LostWorker): RuvectorError {
  const what = describeTransform(name);
  if (lost.kind === 'timeout') {
    return new RuvectorError(
      'ERR_PIPELINE_TIMEOUT',
      `Cannot run ${what}: it did not return within ${lost.afterMs} ms and its worker was ended; give it more time or smaller batches`,
      { details: { ...name, afterMs: lost.afterMs } },
    );
  }
  return new RuvectorError(
    'ERR_PIPELINE_WORKER',
    `Cannot run ${what}: its worker died: ${messageOf(lost.cause)}; look for an exit, an uncaught error or a memory limit in it`,
    { cause: lost.cause, details: { ...name } },
  );
}

/** What a transform remembered died with its worker, code `ERR_PIPELINE_WORKER`. */
export function stateLostError(name: TransformName): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_WORKER',
    `Cannot run ${describeTransform(name)}: what it kept from earlier batches died with its worker; start the run again`,
    { details: { ...name } },
  );
}

/** A batch for workers that are gone, code `ERR_PIPELINE_CLOSED`. */
export function workersClosedError(name: TransformName): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_CLOSED',
    `Cannot run ${describeTransform(name)}: its workers are closed; create it again`,
    { details: { ...name } },
  );
}

/** A column that cannot be had as numbers, or be made of them, code `ERR_PIPELINE_TYPE`. */
export function columnBlockError(name: string, state: string): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_TYPE',
    `Cannot use column "${name}": ${state}; fill or cast it first`,
    { details: { column: name } },
  );
}

/** A field of an extension type that breaks its own rules, code `ERR_PIPELINE_TYPE`. */
export function extensionFieldError(
  name: string,
  extension: string,
  state: string,
  cause: unknown,
): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_TYPE',
    `Cannot use field "${name}" as ${extension}: ${state}; correct who wrote it`,
    { cause, details: { field: name, extension } },
  );
}

/** A column that has no form as another type, code `ERR_PIPELINE_TYPE`. */
export function conformError(name: string, from: string, to: string): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_TYPE',
    `Cannot read column "${name}" as ${to}: it is ${from}; ask for the type that it has`,
    { details: { column: name, from, to } },
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
export function transformTimeoutError(stage: string, timeoutMs: number, rows: number): RuvectorError {
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

import type * as arrow from 'apache-arrow';

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

/** A transform that has not answered in time, code `ERR_PIPELINE_TIMEOUT`. */
export function stageTimeoutError(stage: string, timeoutMs: number, rows: number): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_TIMEOUT',
    `Cannot transform a batch of ${rows} rows in stage "${stage}": it has not answered within ${timeoutMs} ms; find what it waits for, allow it more time (timeoutMs) or smaller batches, or let the stage skip such batches`,
    { details: { stage, timeoutMs, rows } },
  );
}

// Files

/** A file that cannot be written, code `ERR_PIPELINE_FILE`. Errors that have a code of ours stay as they are. */
export function fileWriteError(path: string, cause: unknown): RuvectorError {
  if (cause instanceof RuvectorError) return cause;
  const { state, nextStep } = adviseOn(cause);
  return new RuvectorError(
    'ERR_PIPELINE_FILE',
    `Cannot write "${path}": ${state}; ${nextStep}, or choose another path, nothing is left of it`,
    { cause, details: { path, systemCode: systemCodeOf(cause) ?? null } },
  );
}

/** Another run writes to the same file, code `ERR_PIPELINE_FILE`. `pid` is null when it is unknown. */
export function fileBusyError(path: string, pid: number | null): RuvectorError {
  const owner = pid === null ? 'another process' : `process ${pid}`;
  return new RuvectorError(
    'ERR_PIPELINE_FILE',
    `Cannot write "${path}": ${owner} is writing it now; wait for it or choose another path`,
    { details: { path, systemCode: null, pid } },
  );
}
