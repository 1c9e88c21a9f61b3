// Records that are not in memory any more, from the history: by sequence number within this epoch, by
// timestamp from earlier ones. What the history does not hold is said, never skipped.
import type { AnyRow } from '../../core/index.ts';
import type { StreamTable } from './stream-contract.ts';
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
  const found: AnyRow[] = [];
  const range = { fromMs: first.timestamp, ...(end && { toMs: end.timestamp }) };
  for await (const rows of history.read(table, range)) for (const row of rows) found.push(row);
  const numbered = numberRows([...entries, { sequence: to, timestamp: end?.timestamp ?? Infinity }], found);
  return { from, rows: numbered.slice(from - first.sequence) };
}

function nothing(count: number): null[] {
  return Array.from({ length: count }, () => null);
}

/**
 * Gives rows their numbers. Between two entries the history must hold as many rows as were published; when
 * it holds fewer, its oldest are gone (retention); when it holds more, a clock stepped back mixed them and
 * none can be told apart.
 */
function numberRows(entries: readonly IndexEntry[], rows: readonly AnyRow[]): (AnyRow | null)[] {
  const numbered: (AnyRow | null)[] = [];
  let at = 0;
  for (const [i, entry] of entries.slice(0, -1).entries()) {
    const next = entries[i + 1]!;
    const wanted = next.sequence - entry.sequence;
    const start = at;
    while (at < rows.length && Number(rows[at]!['timestamp']) < next.timestamp) at++;
    const held = at - start;
    // After the newest entry rows may have been added since: the published ones come first.
    const usable = next.timestamp === Infinity ? Math.min(held, wanted) : held;
    if (usable > wanted) numbered.push(...nothing(wanted));
    else numbered.push(...nothing(wanted - usable), ...rows.slice(start, start + usable));
  }
  return numbered;
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
