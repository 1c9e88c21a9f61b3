// Where a training set's snapshots come from: rows, or Arrow batches of the memory kind, from
// memory or from a store that reads as it goes. Batches are read through one reused row object.
import type * as arrow from 'apache-arrow';
import { memoryKind, toNumbers } from '../core/index.ts';
import type { MemorySnapshot } from '../core/index.ts';

/** Snapshots in time order, as rows or as Arrow record batches of the memory kind. */
export type SnapshotSource =
  Iterable<MemorySnapshot | arrow.RecordBatch> | AsyncIterable<MemorySnapshot | arrow.RecordBatch>;

const rowsPerYield = 16_384;

/**
 * Hands each snapshot to `take`, yielding to the event loop every few thousand rows. The object
 * may be reused for the next row: keep values, not the object.
 */
export async function forEachSnapshot(
  source: SnapshotSource,
  take: (snapshot: MemorySnapshot) => void,
  signal?: AbortSignal,
): Promise<void> {
  let sinceYield = 0;
  const takeItem = (item: MemorySnapshot | arrow.RecordBatch): boolean => {
    sinceYield += isRow(item) ? takeRow(item, take) : takeBatch(item, take);
    return sinceYield >= rowsPerYield;
  };
  const pause = async (): Promise<void> => {
    sinceYield = 0;
    signal?.throwIfAborted();
    await yieldToEventLoop();
  };
  signal?.throwIfAborted();
  if (Symbol.asyncIterator in source) {
    for await (const item of source) if (takeItem(item)) await pause();
  } else {
    for (const item of source) if (takeItem(item)) await pause();
  }
}

/** Resolves after pending I/O and timers had their turn. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function takeRow(row: MemorySnapshot, take: (snapshot: MemorySnapshot) => void): number {
  take(row);
  return 1;
}

function takeBatch(batch: arrow.RecordBatch, take: (snapshot: MemorySnapshot) => void): number {
  const row = new BatchRow(batch);
  const snapshot = row as unknown as MemorySnapshot;
  for (row.position = 0; row.position < batch.numRows; row.position++) take(snapshot);
  return batch.numRows;
}

/** A cursor over a batch that looks like a snapshot; a column is converted when it is first read. */
class BatchRow {
  readonly batch: arrow.RecordBatch;
  readonly columns: (Float64Array | undefined)[] = memoryKind.fields.map(() => undefined);
  position = 0;

  constructor(batch: arrow.RecordBatch) {
    this.batch = batch;
  }
}

memoryKind.fields.forEach(({ name }, column) => {
  Object.defineProperty(BatchRow.prototype, name, {
    get(this: BatchRow): number | null {
      const values = (this.columns[column] ??= numbersOf(this.batch, name));
      const value = values[this.position]!;
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
  const column = batch.getChild(name);
  if (!column) return new Float64Array(batch.numRows).fill(Number.NaN);
  const values: unknown = column.data[0]?.values;
  const numbers =
    values instanceof BigInt64Array && values.length === batch.numRows
      ? toNumbers(values)
      : Float64Array.from({ length: batch.numRows }, (_, i) => Number(column.get(i)));
  if (column.nullCount === 0) return numbers;
  for (let i = 0; i < numbers.length; i++) if (!column.isValid(i)) numbers[i] = Number.NaN;
  return numbers;
}
