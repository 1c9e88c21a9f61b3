// The last records of one table and where the older ones are: a ring of rows by sequence number, and an
// index from sequence numbers to timestamps by which the history finds them. No I/O.
import type { AnyRow } from '../../core/index.ts';

/** A place where the history can be entered: its first row at `timestamp` is record `sequence`. */
export interface IndexEntry {
  readonly sequence: number;
  readonly timestamp: number;
  /** Set where time stepped back and a new run of rising timestamps begins: the newest one of the run before. */
  readonly newestBefore?: number;
  /** True when entries after it were dropped: then its rows have later timestamps too. */
  readonly isThinned?: boolean;
}

/** Beyond this every second entry within a run is dropped: reads then start a little earlier. */
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
    const sequence = this.#next;
    this.#startMs ??= timestamp;
    // Within a run a timestamp above all before says what comes earlier.
    if (timestamp > this.#newestMs) this.#addEntry({ sequence, timestamp });
    else if (timestamp < this.#newestMs) {
      this.#addEntry({ sequence, timestamp, newestBefore: this.#newestMs });
    }
    this.#rows[sequence % this.capacity] = row;
    this.#next++;
  }

  #addEntry(entry: IndexEntry): void {
    this.#newestMs = entry.timestamp;
    this.#index.push(entry);
    if (this.#index.length <= MAX_INDEX_ENTRIES) return;
    // Runs cannot be joined: where there is little else the oldest are forgotten, and come as a gap.
    this.#index = thin(this.#index).slice(-MAX_INDEX_ENTRIES * 0.75);
  }

  /** The record with this number, which must be in memory. */
  at(sequence: number): AnyRow {
    return this.#rows[sequence % this.capacity]!;
  }

  /**
   * The index entries that enclose the records `from` to below `to` (at most about `mostRows`), or those of
   * them that belong to the run of `from`: the first is at or before `from`; `end` is where the stretch ends,
   * absent when it ends with the newest record.
   */
  entriesAround(from: number, to: number, mostRows: number): { entries: IndexEntry[]; end?: IndexEntry } {
    const start = this.#entryAt(from);
    if (start < 0) return { entries: [] };
    let end = start + 1;
    const limit = Math.min(to, from + mostRows);
    while (end < this.#index.length && this.#isWithin(this.#index[end]!, limit)) end++;
    const entries = this.#index.slice(start, end);
    const last = this.#index[end];
    if (!last) return { entries };
    const { sequence, newestBefore } = last;
    // The time of the next run says nothing about this one, whose last rows are its newest.
    return { entries, end: newestBefore === undefined ? last : { sequence, timestamp: newestBefore + 1 } };
  }

  #isWithin({ sequence, newestBefore }: IndexEntry, limit: number): boolean {
    return sequence < limit && newestBefore === undefined;
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

/** Every second entry, and all that begin a run. */
function thin(index: readonly IndexEntry[]): IndexEntry[] {
  const kept: IndexEntry[] = [];
  for (const [i, entry] of index.entries()) {
    if (i % 2 === 0 || entry.newestBefore !== undefined) kept.push(entry);
    else kept.push({ ...kept.pop()!, isThinned: true });
  }
  return kept;
}
