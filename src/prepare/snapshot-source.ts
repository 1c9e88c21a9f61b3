// Where a training set's snapshots come from: rows, or Arrow batches of the memory kind, from
// memory or from a store that reads as it goes. Batches are read through one reused row object.
import * as arrow from 'apache-arrow';
import { memoryKind } from '../core/index.ts';
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
    sinceYield += item instanceof arrow.RecordBatch ? takeBatch(item, take) : takeRow(item, take);
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
  const columns = memoryKind.fields.map((field) => numbersOf(batch, field.name));
  const names = memoryKind.fields.map((field) => field.name);
  const row = Object.fromEntries(names.map((name) => [name, null])) as Record<string, number | null>;
  for (let i = 0; i < batch.numRows; i++) {
    for (let c = 0; c < names.length; c++) {
      const value = columns[c]![i]!;
      row[names[c]!] = Number.isNaN(value) ? null : value;
    }
    take(row as unknown as MemorySnapshot);
  }
  return batch.numRows;
}

/** A column as float64, null as NaN. A column the batch lacks is all null. */
function numbersOf(batch: arrow.RecordBatch, name: string): Float64Array {
  const numbers = new Float64Array(batch.numRows).fill(Number.NaN);
  const column = batch.getChild(name);
  if (!column) return numbers;
  for (let i = 0; i < numbers.length; i++) {
    const value: unknown = column.get(i);
    if (value !== null) numbers[i] = Number(value);
  }
  return numbers;
}
