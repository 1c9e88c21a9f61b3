// Time-ordered reads over sealed segments and rows not sealed yet. What a range needs is chosen here;
// merge-sources.ts puts it in order, in bounded memory.
import type * as arrow from 'apache-arrow';
import { buildRecordBatch } from '../core/index.ts';
import type { AnyRow, QueryOptions, RecordKind, TimeRange } from '../core/index.ts';
import { mergeSources } from './merge-sources.ts';
import type { QuerySource } from './query-source.ts';

/** Decoded bytes a query holds open while sources overlap. */
const OPEN_BYTES = 32 * 2 ** 20;
/** Rows in memory become batches of this many, each when it is needed. */
const SOURCE_ROWS = 4096;

/** Sources over rows in memory. */
export function buildRowsSources(kind: RecordKind, rows: readonly AnyRow[]): QuerySource[] {
  const sorted = sortByTime(rows);
  const sources: QuerySource[] = [];
  for (let at = 0; at < sorted.length; at += SOURCE_ROWS) {
    const part = sorted.slice(at, at + SOURCE_ROWS);
    sources.push({
      fromMs: timeOf(part[0]!),
      toMs: timeOf(part.at(-1)!),
      rows: part.length,
      read: () => Promise.resolve(buildRecordBatch(kind, part)),
    });
  }
  return sources;
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

/**
 * Yields batches of the range in time order, rows of equal time in the order of their sources. Lets other
 * work run between batches.
 * @param sources the oldest first
 */
export async function* queryBatches(
  kind: RecordKind,
  sources: readonly QuerySource[],
  { fromMs = -Infinity, toMs = Infinity, batchRows = 16_384 }: QueryOptions,
  openBytes: number = OPEN_BYTES,
): AsyncGenerator<arrow.RecordBatch> {
  const wanted = sources.filter((source) => isWithin(source, { fromMs, toMs }));
  yield* mergeSources(kind, wanted, { fromMs, toMs, batchRows, openBytes });
}

function timeOf(row: AnyRow): number {
  return Number(row['timestamp']);
}
