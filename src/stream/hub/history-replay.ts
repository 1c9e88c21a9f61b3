// Records that are not in memory any more, from the history: by sequence number within this epoch, by
// timestamp from earlier ones. What the history does not hold is said, never skipped.
import type { AnyRow } from '../../core/index.ts';
import type { StreamTable } from '../stream-contract.ts';
import type { IndexEntry, TableLog } from './table-log.ts';

/** The history a hub continues from. Its rows look as the published ones do. */
export interface StreamHistory {
  /** Rows in time order, those of equal time as they were published; `toMs` is not included. */
  read(
    table: StreamTable,
    range: { readonly fromMs: number; readonly toMs?: number },
  ): AsyncIterable<readonly AnyRow[]>;
}

/** Records in memory at a time while the history is read. */
const CHUNK_ROWS = 4096;

/** A stretch of records: `rows[i]` is null where the history does not hold it. */
export interface Replayed {
  readonly from: number;
  readonly rows: readonly (AnyRow | null)[];
}

/**
 * Reads the records from `from` on, up to those in memory, at most a few thousand.
 * @throws what the history throws
 */
export async function readReplay(
  history: StreamHistory | null,
  table: StreamTable,
  log: TableLog,
  from: number,
): Promise<Replayed> {
  const { entries, end } = log.entriesAround(from, log.first, CHUNK_ROWS);
  const first = entries[0];
  if (!history || !first) return { from, rows: nothing(log.first - from) };
  const to = end?.sequence ?? log.next;
  const numbering = new Numbering([...entries, { sequence: to, timestamp: end?.timestamp ?? Infinity }]);
  const range = { fromMs: first.timestamp, ...(end && { toMs: end.timestamp }) };
  for await (const rows of history.read(table, range)) {
    if (!rows.every((row) => numbering.take(row))) break;
  }
  return { from, rows: numbering.finish().slice(from - first.sequence) };
}

function nothing(count: number): null[] {
  return Array.from({ length: count }, () => null);
}

/**
 * Gives rows their numbers. Between two entries the history must hold as many rows as were published; when
 * it holds fewer, its oldest are gone (retention); when it holds more, a clock that stepped back mixed others in.
 * Then those with the very timestamp of the entry are the ones if they are as many and no entry was dropped behind
 * it, else none can be told apart.
 * Of a stretch that holds more no more is kept than tells so: a clock that was wrong may have put the whole
 * history there.
 */
class Numbering {
  readonly #entries: readonly IndexEntry[];
  readonly #numbered: (AnyRow | null)[] = [];
  #stretch = 0;
  #held: AnyRow[] = [];
  /** Those among the stretch's rows that have the timestamp of its entry. */
  #exact: AnyRow[] = [];

  /** @param entries in order; the last one is the end and has no rows */
  constructor(entries: readonly IndexEntry[]) {
    this.#entries = entries;
  }

  /** Takes the next row in time. @returns false when no further one is needed */
  take(row: AnyRow): boolean {
    while (Number(row['timestamp']) >= this.#end.timestamp) {
      this.#close();
      if (this.#isDone) return false;
    }
    if (this.#held.length <= this.#wanted) this.#held.push(row);
    const isExact = Number(row['timestamp']) === this.#entries[this.#stretch]!.timestamp;
    if (isExact && this.#exact.length <= this.#wanted) this.#exact.push(row);
    // After the newest entry rows may have been added since: the published ones come first.
    return this.#end.timestamp < Infinity || this.#held.length < this.#wanted;
  }

  finish(): readonly (AnyRow | null)[] {
    while (!this.#isDone) this.#close();
    return this.#numbered;
  }

  get #isDone(): boolean {
    return this.#stretch >= this.#entries.length - 1;
  }

  get #end(): IndexEntry {
    return this.#entries[this.#stretch + 1]!;
  }

  get #wanted(): number {
    return this.#end.sequence - this.#entries[this.#stretch]!.sequence;
  }

  #close(): void {
    const wanted = this.#wanted;
    const usable = this.#usable;
    // One by one: a stretch behind a wrong clock may be longer than a call may have arguments.
    for (let missing = wanted - usable.length; missing > 0; missing--) this.#numbered.push(null);
    for (const row of usable) this.#numbered.push(row);
    this.#held = [];
    this.#exact = [];
    this.#stretch++;
  }

  get #usable(): readonly AnyRow[] {
    const wanted = this.#wanted;
    if (this.#end.timestamp === Infinity) return this.#held.slice(0, wanted);
    if (this.#held.length <= wanted) return this.#held;
    const { isThinned = false } = this.#entries[this.#stretch]!;
    return !isThinned && this.#exact.length === wanted ? this.#exact : [];
  }
}

/**
 * Reads what earlier epochs stored from a timestamp on (inclusive), up to the first record of this one.
 * @throws what the history throws
 */
export async function* readEarlier(
  history: StreamHistory,
  table: StreamTable,
  log: TableLog,
  fromMs: number,
): AsyncGenerator<readonly AnyRow[]> {
  const toMs = log.startMs;
  for await (const rows of history.read(table, { fromMs, ...(toMs !== undefined && { toMs }) })) {
    // While this was read, the first record of this epoch may have been published.
    const startMs = log.startMs ?? Infinity;
    const earlier = rows.filter((row) => Number(row['timestamp']) < startMs);
    if (earlier.length > 0) yield earlier;
    if (earlier.length < rows.length) return;
  }
}
