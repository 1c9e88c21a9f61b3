// Time-ordered reads over sealed segments and rows not sealed yet, one segment in memory at a time.
// Segments overlap only when the clock stepped back; those few are merged row by row.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type * as arrow from 'apache-arrow';
import { buildRecordBatch, rowsOf } from '../core/index.ts';
import type { AnyRow, RecordKind } from '../core/index.ts';

/** A half-open time range. */
export interface TimeRange {
  /** First timestamp wanted. @default the oldest */
  readonly fromMs?: number;
  /** First timestamp not wanted any more. @default after the newest */
  readonly toMs?: number;
}

/** Options of a query. */
export interface QueryOptions extends TimeRange {
  /** Most rows in one batch. @default 16384 */
  readonly batchRows?: number;
}

/** Rows of one stretch of time, both ends inclusive; `read` resolves to null when they are gone. */
export interface QuerySource {
  readonly fromMs: number;
  readonly toMs: number;
  read(): Promise<arrow.RecordBatch | null>;
}

/** A source over rows in memory. Rows must not be empty. */
export function buildRowsSource(kind: RecordKind, rows: readonly AnyRow[]): QuerySource {
  const sorted = sortByTime(rows);
  return {
    fromMs: timeOf(sorted[0]!),
    toMs: timeOf(sorted.at(-1)!),
    read: () => Promise.resolve(buildRecordBatch(kind, sorted)),
  };
}

/** Sorts rows by timestamp, keeping the order of equal ones; sorted input is returned as it is. */
export function sortByTime(rows: readonly AnyRow[]): readonly AnyRow[] {
  const isSorted = rows.every((row, i) => i === 0 || timeOf(rows[i - 1]!) <= timeOf(row));
  return isSorted ? rows : [...rows].sort((a, b) => timeOf(a) - timeOf(b));
}

/** True when a stretch of time, both ends inclusive, has a part in the range. */
export function isWithin(
  stretch: { readonly fromMs: number; readonly toMs: number },
  { fromMs = -Infinity, toMs = Infinity }: TimeRange,
): boolean {
  return stretch.toMs >= fromMs && stretch.fromMs < toMs;
}

/** Yields batches of the range in time order. Lets other work run between batches. */
export async function* queryBatches(
  kind: RecordKind,
  sources: readonly QuerySource[],
  { fromMs = -Infinity, toMs = Infinity, batchRows = 16_384 }: QueryOptions,
): AsyncGenerator<arrow.RecordBatch> {
  const wanted = sources.filter((source) => isWithin(source, { fromMs, toMs }));
  for (const group of groupOverlapping(wanted)) {
    const batch = await readGroup(kind, group);
    if (!batch) continue;
    const end = firstAtOrAfter(batch, toMs);
    for (let at = firstAtOrAfter(batch, fromMs); at < end; at += batchRows) {
      yield batch.slice(at, Math.min(end, at + batchRows));
      await nextTurn();
    }
  }
}

function groupOverlapping(sources: readonly QuerySource[]): QuerySource[][] {
  const groups: QuerySource[][] = [];
  let groupEndMs = -Infinity;
  for (const source of [...sources].sort((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs)) {
    // Touching at one timestamp is the normal border of two segments, not an overlap.
    if (source.fromMs < groupEndMs) groups.at(-1)!.push(source);
    else groups.push([source]);
    groupEndMs = Math.max(groupEndMs, source.toMs);
  }
  return groups;
}

async function readGroup(kind: RecordKind, group: readonly QuerySource[]): Promise<arrow.RecordBatch | null> {
  if (group.length === 1) return group[0]!.read();
  const rows: AnyRow[] = [];
  for (const source of group) {
    const batch = await source.read();
    if (batch) for (const row of rowsOf(kind, batch)) rows.push(row);
  }
  return rows.length > 0 ? buildRecordBatch(kind, sortByTime(rows)) : null;
}

/** Index of the first row at or after a time, by bisection. */
function firstAtOrAfter(batch: arrow.RecordBatch, timeMs: number): number {
  const times = batch.getChildAt(0)!;
  let low = 0;
  let high = batch.numRows;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Number(times.get(middle)) < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function timeOf(row: AnyRow): number {
  return Number(row['timestamp']);
}
