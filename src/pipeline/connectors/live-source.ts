// A source of what arrives by itself. It gives what is there instead of waiting for a full batch, and it may end by
// itself after some rows or some time, because what it reads need not end.
import * as arrow from 'apache-arrow';
import type { Batch, Source } from '../contract.ts';
import { changedSchemaError } from './errors.ts';
import type { Arrivals } from './arrival-queue.ts';
import { createRowColumns } from './row-columns.ts';
import type { RowColumn } from './row-columns.ts';

/** When a source that does not end by itself ends. */
export interface LiveLimits {
  /** @default no limit */
  readonly rows?: number | undefined;
  /** @default no limit */
  readonly forMs?: number | undefined;
}

/** A batch that is not full waits so long for more rows. */
const LINGER_MS = 100;
/** What may wait unread, in bytes of messages. */
export const BUFFER_BYTES = 8 * 2 ** 20;

/** Asks for at most so many rows; null ends. */
type Next = (maxRows: number, signal: AbortSignal) => Promise<Batch | null>;

interface Feed {
  readonly schema: arrow.Schema;
  readonly next: Next;
  readonly memoryUsage: () => number;
  readonly close: () => Promise<void>;
}

/** Ends a feed in time. */
function createLiveSource({ schema, next, memoryUsage, close }: Feed, limits: LiveLimits): Source {
  let rowsLeft = limits.rows ?? Infinity;
  const endMs = performance.now() + (limits.forMs ?? Infinity);
  const nextBatch: Next = async (maxRows, signal) => {
    const leftMs = endMs - performance.now();
    if (rowsLeft <= 0 || leftMs <= 0) return null;
    const wanted = Math.min(maxRows, rowsLeft);
    const batch = Number.isFinite(leftMs)
      ? await nextInTime(next, wanted, leftMs, signal)
      : await next(wanted, signal);
    rowsLeft -= batch?.numRows ?? 0;
    return batch;
  };
  return { schema, nextBatch, sizeHint: () => null, memoryUsage, close };
}

async function nextInTime(
  next: Next,
  maxRows: number,
  leftMs: number,
  signal: AbortSignal,
): Promise<Batch | null> {
  const timeIsUp = AbortSignal.timeout(Math.ceil(leftMs));
  try {
    return await next(maxRows, AbortSignal.any([signal, timeIsUp]));
  } catch (error) {
    if (signal.aborted || error !== timeIsUp.reason) throw error;
    return null;
  }
}

/** Batches that arrive as such, cut where they are larger than asked for. */
export function createBatchFeed(
  where: string,
  queue: Arrivals<readonly Batch[]>,
  first: readonly Batch[],
  { limits, close }: { readonly limits: LiveLimits; readonly close: () => Promise<void> },
): Source {
  const { schema } = first[0]!;
  const waiting: Batch[] = [...first];
  const next: Next = async (maxRows, signal) => {
    while (waiting.length === 0) {
      const batches = await queue.take(signal);
      if (!batches) return null;
      waiting.push(...batches);
    }
    const batch = waiting.shift()!;
    assertSameColumns(where, schema, batch.schema);
    if (batch.numRows <= maxRows) return batch;
    waiting.unshift(batch.slice(maxRows));
    return batch.slice(0, maxRows);
  };
  const memoryUsage = (): number => queue.bytes + waiting.reduce((sum, { data }) => sum + data.byteLength, 0);
  return createLiveSource({ schema, next, memoryUsage, close }, limits);
}

function assertSameColumns(where: string, wanted: arrow.Schema, found: arrow.Schema): void {
  if (arrow.util.compareSchemas(wanted, found)) return;
  const describe = ({ fields }: arrow.Schema): string =>
    fields.map(({ name, type }) => `${name} ${String(type)}`).join(', ');
  throw changedSchemaError(where, describe(wanted), describe(found));
}

/** A row of values in the order of the columns. */
export type Row = readonly unknown[];

/** Rows that arrive a few at a time, collected into batches. */
export function createRowFeed(
  where: string,
  queue: Arrivals<readonly Row[]>,
  { columns, first, limits, close }: RowFeedParts,
): Source {
  const collected = createRowColumns(where, columns);
  let waiting: readonly Row[] = first;
  let at = 0;
  const fill = (maxRows: number): void => {
    while (at < waiting.length && collected.rows < maxRows) collected.push(waiting[at++]!);
  };
  let failure: { readonly error: unknown } | null = null;
  const take = async (signal: AbortSignal, waitMs: number): Promise<readonly Row[] | null | undefined> => {
    try {
      return await queue.take(signal, waitMs);
    } catch (error) {
      if (signal.aborted || collected.rows === 0) throw error;
      // What was collected is given first.
      failure = { error };
      return null;
    }
  };
  const next: Next = async (maxRows, signal) => {
    const endMs = performance.now() + LINGER_MS;
    for (;;) {
      fill(maxRows);
      if (collected.rows >= maxRows) return collected.finish();
      if (failure) throw failure.error;
      const rows = await take(signal, collected.rows > 0 ? Math.max(0, endMs - performance.now()) : Infinity);
      if (!rows) return collected.rows > 0 ? collected.finish() : null;
      [waiting, at] = [rows, 0];
    }
  };
  const memoryUsage = (): number => queue.bytes + collected.sizeBytes;
  return createLiveSource({ schema: collected.schema, next, memoryUsage, close }, limits);
}

interface RowFeedParts {
  readonly columns: readonly RowColumn[];
  /** Rows that were read to learn the columns. */
  readonly first: readonly Row[];
  readonly limits: LiveLimits;
  readonly close: () => Promise<void>;
}
