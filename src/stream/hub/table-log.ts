// The last records of one table and where the older ones are: a ring of rows by sequence number, and an
// index from sequence numbers to timestamps by which the history finds them. No I/O.
import type { AnyRow } from '../../core/index.ts';

/** A place where the history can be entered: its first row at `timestamp` is record `sequence`. */
export interface IndexEntry {
  readonly sequence: number;
  readonly timestamp: number;
}

/** Beyond this every second entry is dropped: reads then start a little earlier. */
const MAX_INDEX_ENTRIES = 32_768;

/** The records of one table, numbered from 1. */
export class TableLog {
  readonly capacity: number;
  readonly #rows: (AnyRow | undefined)[] = [];
  #next = 1;
  #index: IndexEntry[] = [];
  #newestMs = -Infinity;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Sequence number of the oldest record in memory; `next` when there is none. */
  get first(): number {
    return Math.max(1, this.#next - this.capacity);
  }

  /** Sequence number of the record that comes next. */
  get next(): number {
    return this.#next;
  }

  /** Timestamp of the first record of this epoch. */
  get startMs(): number | undefined {
    return this.#startMs;
  }
  #startMs: number | undefined;

  get lastTimestamp(): number | undefined {
    return this.#next === 1 ? undefined : Number(this.at(this.#next - 1)['timestamp']);
  }

  append(row: AnyRow): void {
    const timestamp = Number(row['timestamp']);
    this.#startMs ??= timestamp;
    // Only a timestamp above all before says what comes earlier; a clock that stepped back says nothing.
    if (timestamp > this.#newestMs) this.#addEntry({ sequence: this.#next, timestamp });
    this.#rows[this.#next % this.capacity] = row;
    this.#next++;
  }

  #addEntry(entry: IndexEntry): void {
    this.#newestMs = entry.timestamp;
    this.#index.push(entry);
    if (this.#index.length > MAX_INDEX_ENTRIES) this.#index = this.#index.filter((_, i) => i % 2 === 0);
  }

  /** The record with this number, which must be in memory. */
  at(sequence: number): AnyRow {
    return this.#rows[sequence % this.capacity]!;
  }

  /**
   * The index entries that enclose the records `from` to below `to` (at most about `mostRows`): the first
   * is at or before `from`; the last is where the stretch ends, or absent when it ends with the newest record.
   */
  entriesAround(from: number, to: number, mostRows: number): { entries: IndexEntry[]; end?: IndexEntry } {
    const start = this.#entryAt(from);
    if (start < 0) return { entries: [] };
    let end = start + 1;
    const limit = Math.min(to, from + mostRows);
    while (end < this.#index.length && this.#index[end]!.sequence < limit) end++;
    const entries = this.#index.slice(start, end);
    const last = this.#index[end];
    return last ? { entries, end: last } : { entries };
  }

  /** Position of the last entry at or before a sequence number, or -1. */
  #entryAt(sequence: number): number {
    let low = 0;
    let high = this.#index.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#index[middle]!.sequence <= sequence) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
