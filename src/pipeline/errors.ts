// The errors of pipelines. Every code is listed in docs/errors.md.
import type * as arrow from 'apache-arrow';
import { RuvectorError, adviseOn, messageOf, systemCodeOf } from '../core/index.ts';
import type { Field } from 'apache-arrow';

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
export function workerLostError(name: TransformName, lost: LostWorker): RuvectorError {
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

/** A stage that does not fit the types of its columns, code `ERR_PIPELINE_TYPE`. */
export function unfitTypeError(
  stage: string,
  state: string,
  column: string | null,
  cause?: unknown,
): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_TYPE',
    `Cannot plan stage "${stage}": ${state}; cast the column first, or take another one`,
    { cause, details: { stage, column } },
  );
}

/** Values that a stage cannot turn into what it was asked for, code `ERR_PIPELINE_VALUE`. */
export function unfitValueError(
  stage: string,
  state: string,
  column: string | null,
  cause?: unknown,
): RuvectorError {
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

/** Polars says the reason first, then the plan it was resolving. */

const firstLine = (error: unknown): string => messageOf(error).split('\n', 1)[0]!;

const quoteAll = (names: readonly string[]): string =>
  names.length === 0 ? 'no columns' : names.map((name) => `"${name}"`).join(', ');

// Connectors

/** A query that the database refuses, or that fails while it is read, code `ERR_PIPELINE_QUERY`. */
export function queryError(where: string, query: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_QUERY',
    `Cannot read query "${shorten(query)}" of ${where}: ${messageOf(cause)}; correct the query or the place`,
    { cause, details: { query } },
  );
}

/** A table that takes no rows, code `ERR_PIPELINE_TABLE`. */
export function tableError(what: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_TABLE',
    `Cannot write ${what}: ${messageOf(cause)}; nothing was written, correct it and run again`,
    { cause },
  );
}

/** A server that cannot be reached, or was lost, code `ERR_PIPELINE_CONNECTION`. */
export function connectionError(
  verb: 'reach' | 'read' | 'write',
  what: string,
  cause: unknown,
): RuvectorError {
  const isAbsent = systemCodeOf(cause) === 'ECONNREFUSED';
  const state = isAbsent ? 'nothing listens there (ECONNREFUSED)' : messageOf(cause);
  return new RuvectorError(
    'ERR_PIPELINE_CONNECTION',
    `Cannot ${verb} ${what}: ${state}; start it, or correct the address and the password`,
    { cause },
  );
}

/** A value that its column cannot hold, code `ERR_PIPELINE_SOURCE_VALUE`. */
export function sourceValueError(
  where: string,
  column: string,
  row: number,
  value: unknown,
  type: string,
): RuvectorError {
  const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value));
  return new RuvectorError(
    'ERR_PIPELINE_SOURCE_VALUE',
    `Cannot read column "${column}" of ${where}: row ${row} holds ${shorten(text)}, which is no ${type}; ` +
      'cast it in the query, or give the column another type',
    { details: { column, row, type } },
  );
}

/** A column whose values cannot go where they should, code `ERR_PIPELINE_SCHEMA`. */
export function unwritableColumnError(what: string, fields: readonly Field[]): RuvectorError {
  const columns = fields.map(({ name, type }) => `"${name}" (${String(type)})`).join(', ');
  return new RuvectorError(
    'ERR_PIPELINE_SCHEMA',
    `Cannot write ${what}: it cannot hold ${columns}; leave these columns out with a \`select\`, or cast them`,
    { details: { columns: fields.map(({ name }) => name) } },
  );
}

/** Columns of one name, code `ERR_PIPELINE_SCHEMA`. */
export function duplicateColumnsError(where: string, names: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_SCHEMA',
    `Cannot read ${where}: it has more than one column "${[...new Set(names)].join('", "')}"; name them apart with AS`,
    { details: { columns: names } },
  );
}

/** A column declared as what there is not, code `ERR_PIPELINE_SCHEMA`. */
export function columnTypeError(name: string, type: string, known: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_SCHEMA',
    `Cannot read column "${name}" as "${type}": there is no such type; write one of ${known.join(', ')}`,
    { details: { column: name, type } },
  );
}

/** A message that is not what its format says, code `ERR_PIPELINE_MESSAGE`. */
export function messageError(where: string, format: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_MESSAGE',
    `Cannot read a message of "${where}" as ${format}: ${messageOf(cause)}; send whole messages, or name another format`,
    { cause },
  );
}

/** Batches of other columns than those before, code `ERR_PIPELINE_SCHEMA`. */
export function changedSchemaError(where: string, wanted: string, found: string): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_SCHEMA',
    `Cannot read "${where}": its columns were ${wanted} and are ${found}; read each of them by a pipeline of its own`,
  );
}

/** A dead-letter sink that takes no batches, code `ERR_PIPELINE_PART_OPTIONS`. */
export function deadLetterError(sink: string): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_PART_OPTIONS',
    `Cannot send dead batches to sink "${sink}": it is a file that plans write; use sqlite-table, postgres or zeromq`,
    { details: { sink } },
  );
}

// Texts

const shorten = (text: string): string => (text.length > 120 ? `${text.slice(0, 117)}...` : text);

// Plugins

/** A plugin that cannot be loaded, code `ERR_PIPELINE_PLUGIN`. */
export function pluginLoadError(plugin: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_PLUGIN',
    `Cannot load plugin "${plugin}": ${messageOf(cause)}; name a module by its path, or a package that is installed beside the file`,
    { cause, details: { plugin } },
  );
}

/** A module that registers nothing, code `ERR_PIPELINE_PLUGIN`. */
export function pluginShapeError(plugin: string, found: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_PLUGIN',
    `Cannot load plugin "${plugin}": it exports ${found.join(', ') || 'nothing'}; export register(registry), or sources, transforms or sinks`,
    { details: { plugin } },
  );
}

/** A part that is not made as it has to be, code `ERR_PIPELINE_PLUGIN`. */
export function partEntryError(plugin: string, kind: string, flaw: string): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_PLUGIN',
    `Cannot register a ${kind} of plugin "${plugin}": ${flaw}; correct the plugin`,
    { details: { plugin } },
  );
}

/** Two parts of one kind and name, code `ERR_PIPELINE_PLUGIN`. */
export function nameTakenError(kind: string, name: string, plugin: string, other: string): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_PLUGIN',
    `Cannot register ${kind} "${name}" of plugin "${plugin}": the name is taken (${other}); rename one of them`,
    { details: { plugin, name } },
  );
}

/** A name that nothing has, code `ERR_PIPELINE_PART`. */
export function unknownPartError(
  kind: string,
  name: string,
  nearest: string | null,
  known: readonly string[],
): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_PART',
    `Cannot find ${kind} "${name}": there is none of that name; ${
      nearest === null ? `use one of ${known.join(', ')}, or name its plugin` : `did you mean "${nearest}"?`
    }`,
    { details: { kind, name, nearest } },
  );
}

/** Options of a part that cannot be used, code `ERR_PIPELINE_PART_OPTIONS`. All mistakes in one report. */
export function partOptionsError(kind: string, name: string, problems: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_PART_OPTIONS',
    `Cannot make ${kind} "${name}": ${problems.join('; ')}; correct ${problems.length > 1 ? 'these options' : 'this option'}`,
    { details: { problems } },
  );
}

/** A join with a table that no plan can read, code `ERR_PIPELINE_PART_OPTIONS`. */
export function joinedSourceError(stage: string, source: string | null): RuvectorError {
  const state = source === null ? 'its table is missing' : `"${source}" gives rows one after the other`;
  return new RuvectorError(
    'ERR_PIPELINE_PART_OPTIONS',
    `Cannot make transform "${stage}": ${state}; name a table that plans read: files or the history`,
    { details: { stage, source } },
  );
}

// The file

/** Mistakes of a pipeline file, each with its line and column, code `ERR_PIPELINE_DESCRIPTION`. */
export function pipelineFileError(path: string, problems: readonly string[], cause?: unknown): RuvectorError {
  const list =
    problems.length === 1 ? ` ${problems[0]}` : `\n${problems.map((line) => `  ${line}`).join('\n')}\n`;
  return new RuvectorError(
    'ERR_PIPELINE_DESCRIPTION',
    `Cannot use pipeline file "${path}":${list}; correct ${problems.length > 1 ? 'them' : 'it'}, \`ruvector-memopt pipeline list\` says what there is`,
    { cause, details: { path, problems } },
  );
}
