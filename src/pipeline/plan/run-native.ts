// A native part of a pipeline at work: plans that read, compute and write without a row in JavaScript. A plan that runs
// cannot be stopped: an abort rejects at once, and what the plan still writes is removed when it ends by itself.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataFrame, LazyDataFrame } from 'nodejs-polars';
import { messageOf } from '../../core/index.ts';
import type { NativePartition, NativeSink, NativeStage } from '../contract.ts';
import { applyStages, openPerRow, openTable, splitByScope } from './frames.ts';
import type { OpenTables } from './frames.ts';
import { isValueError, toRunError, toValueError } from './polars-errors.ts';
import { unreadableSourceError } from './errors.ts';

/** One file at work. */
export interface NativeJob {
  readonly tables: OpenTables;
  /** Those that learn have learned. */
  readonly stages: readonly NativeStage[];
  readonly sink: NativeSink;
}

/** How it is watched and ended. */
export interface NativeRunOptions {
  readonly signal: AbortSignal;
  /** Told of each part that was written. */
  readonly onPart?: (part: WrittenPart) => void;
}

/** A part of the file. */
export interface WrittenPart {
  /** Rows it was read from, where known. */
  readonly rows: number | null;
  readonly parts: number;
  readonly of: number;
  /** Time the plan took. */
  readonly busyMs: number;
}

/**
 * Writes a file. Parts follow each other; while a plan runs, the part before it is put into the file.
 * @returns what a user should know about the file
 * @throws RuvectorError `ERR_PIPELINE_*`; the signal's reason, at once
 */
export async function runNative(job: NativeJob, options: NativeRunOptions): Promise<readonly string[]> {
  const { sink } = job;
  const { signal } = options;
  signal.throwIfAborted();
  const folder = await sink.open(signal);
  const running: Promise<unknown>[] = [];
  try {
    await writeParts(job, folder, running, options);
    signal.throwIfAborted();
    return await sink.finish();
  } catch (error) {
    const cleanUp = removeWritten(sink, folder, running);
    if (!signal.aborted) await cleanUp;
    throw error;
  }
}

/** Ends the sink now, and once more removes its folder when no plan can write into it any more. */
async function removeWritten(
  sink: NativeSink,
  folder: string,
  running: readonly Promise<unknown>[],
): Promise<void> {
  await Promise.allSettled([sink.abort()]);
  await Promise.allSettled(running);
  await Promise.allSettled([rm(folder, { recursive: true, force: true })]);
}

async function writeParts(
  job: NativeJob,
  folder: string,
  running: Promise<unknown>[],
  { signal, onPart }: NativeRunOptions,
): Promise<void> {
  const { sink, tables, stages } = job;
  const parts = planParts(tables, stages, sink.partRows);
  let appended: Promise<void> = Promise.resolve();
  for (const [i, partitions] of parts.entries()) {
    const path = join(folder, `part-${i}`);
    const startMs = performance.now();
    const written = writePart(job, partitions, path, i);
    running.push(written);
    await untilAborted(Promise.all([written, appended]), signal);
    appended = sink.append(path);
    appended.catch(() => undefined); // It is waited for with the next part, or below.
    running.push(appended);
    const busyMs = performance.now() - startMs;
    onPart?.({ rows: countRows(partitions), parts: i + 1, of: parts.length, busyMs });
  }
  await untilAborted(appended, signal);
}

/** Which partitions each part of the file is read from. */
export function planParts(
  { source, partitions }: OpenTables,
  stages: readonly NativeStage[],
  partRows: number,
): readonly (readonly NativePartition[])[] {
  if (splitByScope(stages).whole.length > 0 || partitions.length <= 1) return [partitions];
  if (stages.some(({ holdsRows }) => holdsRows)) return partitions.map((partition) => [partition]);
  if (source.streams) return [partitions];
  const parts: NativePartition[][] = [];
  let rows = Infinity;
  for (const partition of partitions) {
    const more = partition.maxRows ?? Infinity;
    if (rows >= partRows) {
      parts.push([]);
      rows = 0;
    }
    parts.at(-1)!.push(partition);
    rows += more;
  }
  return parts;
}

function countRows(partitions: readonly NativePartition[]): number | null {
  return partitions.reduce<number | null>(
    (sum, { maxRows }) => (sum === null || maxRows === null ? null : sum + maxRows),
    0,
  );
}

async function writePart(
  { tables, stages, sink }: NativeJob,
  partitions: readonly NativePartition[],
  path: string,
  part: number,
): Promise<void> {
  const frame = await openPart(tables, partitions, stages);
  await collectPlan(await sink.write(frame, path, part), { tables, partitions, stages, sink: sink.name });
}

/** The plan of one part: some partitions, or the whole table. */
async function openPart(
  tables: OpenTables,
  partitions: readonly NativePartition[],
  stages: readonly NativeStage[],
): Promise<LazyDataFrame> {
  const { perRow, whole } = splitByScope(stages);
  if (whole.length > 0) return openTable(tables, stages);
  return openPerRow(tables, partitions, perRow);
}

interface Blame {
  readonly tables: OpenTables;
  readonly partitions: readonly NativePartition[];
  readonly stages: readonly NativeStage[];
  readonly sink: string;
}

/** Runs a plan. What fails names the stage that it fails in. */
export async function collectPlan(plan: LazyDataFrame, blame: Blame): Promise<DataFrame> {
  try {
    return await plan.collect();
  } catch (error) {
    throw await nameStage(error, blame);
  }
}

/** Polars does not say where a value failed: the stages are run again, one more at a time, until one does. */
async function nameStage(error: unknown, { tables, partitions, stages, sink }: Blame): Promise<Error> {
  const names = { source: tables.source.name, stages, sink };
  if (!isValueError(error)) return toRunError(names, error);
  for (let count = 0; count <= stages.length; count++) {
    const failed = await failureOf(tables, partitions, stages.slice(0, count));
    if (failed === null) continue;
    if (count === 0) return unreadableSourceError(names.source, messageOf(failed), failed);
    return toValueError(stages[count - 1]!.name, failed);
  }
  return toRunError(names, error);
}

async function failureOf(
  tables: OpenTables,
  partitions: readonly NativePartition[],
  stages: readonly NativeStage[],
): Promise<unknown> {
  try {
    const frame = await openPart(tables, partitions, stages);
    await applyStages(frame, [], tables.inputs).sinkIpc('/dev/null').collect();
    return null;
  } catch (error) {
    return error;
  }
}

/** Waits, unless the signal aborts: it then rejects with its reason at once. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  work.catch(() => undefined); // It may fail after nobody waits for it.
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
