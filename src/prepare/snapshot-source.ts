// Where a training set's snapshots come from: rows, or Arrow batches of the memory kind, from memory or from a store
// that reads as it goes. Batches are read through one reused row, a cursor over their columns as float64.
import type * as arrow from 'apache-arrow';
import { readNullableNumbers } from '../core/index.ts';
import type { MemorySnapshot } from '../core/index.ts';
import { snapshotColumns } from './snapshot-columns.ts';
import type { SnapshotValues } from './snapshot-columns.ts';

/**
 * Snapshots in time order, as rows or as Arrow record batches of the memory kind. A column of a batch may also be
 * float64 with NaN for null, which is read as it lies.
 */
export type SnapshotSource =
  Iterable<MemorySnapshot | arrow.RecordBatch> | AsyncIterable<MemorySnapshot | arrow.RecordBatch>;

/** Hands each of some snapshots to `take`. The object may be reused for the next: keep values, not the object. */
export type SnapshotRun = (take: (snapshot: SnapshotValues) => void) => void;

/** Some milliseconds of work. */
const rowsPerRun = 8192;

/** The snapshots in runs of a few thousand, with a turn of the event loop before each. */
export async function* readSnapshots(
  source: SnapshotSource,
  signal?: AbortSignal,
): AsyncGenerator<SnapshotRun> {
  signal?.throwIfAborted();
  let rows: MemorySnapshot[] = [];
  for await (const item of source) {
    if (isRow(item)) {
      rows.push(item);
      if (rows.length < rowsPerRun) continue;
    }
    if (rows.length > 0) {
      yield await nextRun(runOfRows(rows), signal);
      rows = [];
    }
    if (isRow(item)) continue;
    const cursor = new BatchRow(item);
    for (let from = 0; from < item.numRows; from += rowsPerRun) {
      yield await nextRun(runOfBatch(cursor, from, Math.min(item.numRows, from + rowsPerRun)), signal);
    }
  }
  if (rows.length > 0) yield await nextRun(runOfRows(rows), signal);
}

/** Resolves after pending I/O and timers had their turn. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

async function nextRun(run: SnapshotRun, signal: AbortSignal | undefined): Promise<SnapshotRun> {
  await yieldToEventLoop();
  signal?.throwIfAborted();
  return run;
}

function runOfRows(rows: readonly MemorySnapshot[]): SnapshotRun {
  return (take) => rows.forEach((row) => take(row));
}

function runOfBatch(cursor: BatchRow, from: number, to: number): SnapshotRun {
  const snapshot = cursor as unknown as SnapshotValues;
  return (take) => {
    for (cursor.position = from; cursor.position < to; cursor.position++) take(snapshot);
  };
}

/** A cursor over a batch that looks like a snapshot. */
class BatchRow {
  readonly columns: readonly Float64Array[];
  position = 0;

  constructor(batch: arrow.RecordBatch) {
    this.columns = snapshotColumns.map((name) => numbersOf(batch, name));
  }
}

snapshotColumns.forEach((name, column) => {
  Object.defineProperty(BatchRow.prototype, name, {
    get(this: BatchRow): number | null {
      const value = this.columns[column]![this.position]!;
      return Number.isNaN(value) ? null : value;
    },
  });
});

// Arrow's own `instanceof` probes prototypes and would take a third of the whole run.
function isRow(item: MemorySnapshot | arrow.RecordBatch): item is MemorySnapshot {
  return 'timestamp' in item;
}

/** A column as float64, null as NaN. A column the batch lacks is all null. */
function numbersOf(batch: arrow.RecordBatch, name: string): Float64Array {
  const column = batch.getChild(name)?.data[0];
  if (!column) return new Float64Array(batch.numRows).fill(Number.NaN);
  const isReady = column.values instanceof Float64Array && column.nullCount === 0;
  return isReady ? column.values : readNullableNumbers(column);
}
