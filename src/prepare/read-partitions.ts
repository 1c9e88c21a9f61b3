// Drives the first pass of a plan over the parts of a table.
import type { LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../core/index.ts';
import type { AnonymizationPlan, PlanBuilder } from './anonymization-plan.ts';
import type { Queries } from './polars-frame.ts';

/** A part of a table that fits into memory. `HistoryPartition` is one. */
export interface FramePartition {
  /** At least as many rows as it has; null where nobody knows. */
  readonly maxRows: number | null;
  /** Builds the plan that reads it: all columns of the kind, in time order. */
  open(): Promise<LazyDataFrame>;
}

/** Options of `Anonymizer.planPartitions`. */
export interface PlanPartitionsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told how many rows were read so far. */
  readonly onRows?: ((rows: number) => void) | undefined;
}

/** Small partitions are read together up to so many rows: each plan costs milliseconds; four times as many take 150 MB more. */
const ROWS_AT_ONCE = 2 ** 16;

/** Reads all partitions and finishes the plan. */
export async function readPartitions(
  builder: PlanBuilder,
  partitions: readonly FramePartition[],
  { signal, onRows }: PlanPartitionsOptions = {},
): Promise<AnonymizationPlan> {
  for (const together of joinSmall(partitions)) {
    const frames: LazyDataFrame[] = [];
    for (const partition of together) {
      signal?.throwIfAborted();
      frames.push(await partition.open());
    }
    await compute(builder.read(loadPolars().concat(frames)), signal);
    onRows?.(builder.rows);
  }
  signal?.throwIfAborted();
  return builder.finish();
}

/** Computes frames at once, on the calling thread. */
export function computeNow(queries: Queries): void {
  for (let next = queries.next(); next.done !== true;) next = queries.next(next.value.collectSync());
}

async function compute(queries: Queries, signal: AbortSignal | undefined): Promise<void> {
  for (let next = queries.next(); next.done !== true;) {
    signal?.throwIfAborted();
    next = queries.next(await untilAborted(next.value.collect(), signal));
  }
}

/** Rejects with the signal's reason at once; Polars cannot be stopped, and its result is then nobody's. */
async function untilAborted<T>(computed: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await computed;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([computed, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
    computed.catch(() => {});
  }
}

function joinSmall(partitions: readonly FramePartition[]): FramePartition[][] {
  const joined: FramePartition[][] = [];
  let rows = Infinity;
  for (const partition of partitions) {
    rows += partition.maxRows ?? Infinity;
    if (rows <= ROWS_AT_ONCE) joined.at(-1)!.push(partition);
    else {
      joined.push([partition]);
      rows = partition.maxRows ?? Infinity;
    }
  }
  return joined;
}
