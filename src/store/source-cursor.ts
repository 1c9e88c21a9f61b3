// One source of a merge: where its next row is, and its decoded rows while it is open. A parked cursor
// holds no rows, only its place; opening it again decodes the source again.
import type * as arrow from 'apache-arrow';
import { takeRows, timesOf } from '../core/index.ts';
import type { QuerySource } from './query-source.ts';

/** A place in the merged order: rows before it have an earlier time, or the same and an older source. */
export interface MergeKey {
  readonly timeMs: number;
  readonly order: number;
}

/** True when `a` comes first. */
export function isBefore(a: MergeKey, b: MergeKey): boolean {
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.order < b.order);
}

/** Rows in time order with their times as numbers. */
export interface TimedBatch {
  readonly batch: arrow.RecordBatch;
  readonly times: Float64Array;
}

/** Reads one source from its first row in a range to its last. */
export class SourceCursor implements MergeKey {
  /** Sources given first are older: their rows come first among those of equal time. */
  readonly order: number;
  readonly source: QuerySource;
  readonly #range: { readonly fromMs: number; readonly toMs: number };
  /** Time of the next row; a lower bound of it until the source was opened. */
  timeMs: number;
  /** Index of the next row, known from the first opening on. */
  at = -1;
  end = -1;
  open: TimedBatch | null = null;
  openBytes = 0;

  constructor(source: QuerySource, order: number, range: { fromMs: number; toMs: number }) {
    this.source = source;
    this.order = order;
    this.#range = range;
    this.timeMs = Math.max(source.fromMs, range.fromMs);
  }

  /** Decodes the source. @returns false when it has no row left, or is gone */
  async read(): Promise<boolean> {
    const batch = await this.source.read();
    if (!batch) return false;
    const { times } = (this.open = sortBatch(batch));
    this.openBytes = batch.data.byteLength + times.byteLength;
    if (this.at === -1) {
      this.at = firstAtOrAfter(times, this.#range.fromMs, 0, times.length);
      this.end = firstAtOrAfter(times, this.#range.toMs, this.at, times.length);
    }
    if (this.isDone) return false;
    this.timeMs = times[this.at]!;
    return true;
  }

  get isDone(): boolean {
    return this.at >= this.end;
  }

  /** Index of the first row that does not come before `key`, at least `at`. */
  indexOf(key: MergeKey | null): number {
    if (key === null) return this.end;
    const { times } = this.open!;
    // Times are whole milliseconds: behind all rows of a time is before the first one of the next.
    const timeMs = this.order < key.order ? key.timeMs + 1 : key.timeMs;
    // Most runs of interleaved sources are short: look close by first.
    let step = 1;
    let low = this.at;
    while (low + step < this.end && times[low + step]! < timeMs) {
      low += step;
      step *= 2;
    }
    return firstAtOrAfter(times, timeMs, low, Math.min(this.end, low + step));
  }

  /** Goes on to a row. */
  advance(to: number): void {
    this.at = to;
    if (!this.isDone) this.timeMs = this.open!.times[to]!;
  }

  /** Gives the decoded rows up and keeps the place. */
  park(): void {
    this.open = null;
    this.openBytes = 0;
  }
}

/** The batch in time order, rows of equal time as they were. A writer whose clock stepped may leave it unsorted. */
function sortBatch(batch: arrow.RecordBatch): TimedBatch {
  const times = timesOf(batch);
  if (times.every((time, i) => i === 0 || times[i - 1]! <= time)) return { batch, times };
  const rows = Uint32Array.from(times.keys()).sort((a, b) => times[a]! - times[b]! || a - b);
  return { batch: takeRows(batch, rows), times: Float64Array.from(rows, (row) => times[row]!) };
}

/** Index of the first time at or after another in a stretch, by bisection; `high` when there is none. */
function firstAtOrAfter(times: Float64Array, timeMs: number, low: number, high: number): number {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
