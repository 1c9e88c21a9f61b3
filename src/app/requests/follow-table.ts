// A table, as record batches or rows: the history as it is read, then what is appended from now on, out of the hub's
// subscription. Each row comes once, whatever its timestamp. A reader that falls behind holds nothing up: what
// left the hub's memory is read from the history again.
import type * as arrow from 'apache-arrow';
import type { AnyRow, HistoryKind, HistoryReader } from '../../core/index.ts';
import { followGapError } from '../errors.ts';
import type { StreamEvent } from '../../stream/index.ts';
import type { AppendedRows } from '../streams/stream-service.ts';

/** What tables are followed in. */
export interface FollowSource {
  readonly history: HistoryReader;
  readonly appended: AppendedRows;
  /** @default Date.now */
  readonly nowMs?: () => number;
}

/** How the rows of a table leave: as record batches, or as something else. */
export interface FollowView<T = arrow.RecordBatch> {
  apply(batch: arrow.RecordBatch): T;
  /** Builds the same of rows that were just appended. */
  fromRows(rows: readonly AnyRow[]): T;
}

/** Options of {@link followTable}. */
export interface FollowOptions {
  /** First timestamp wanted. @default now; the oldest when the table is not followed */
  readonly fromMs?: number | undefined;
  /** First timestamp not wanted; such a source ends after the history. @default none */
  readonly toMs?: number | undefined;
  /** False ends after the history. @default true without `toMs` */
  readonly follow?: boolean | undefined;
  /** Most rows of the history at a time. @default that of a query */
  readonly batchRows?: number | undefined;
}

/**
 * Rows as the view gives them, until the signal aborts or the range ends.
 * @throws RuvectorError `ERR_WIRE_STREAM_HISTORY` when the history does not hold what a slow reader left
 */
export async function* followTable<T>(
  { history, appended, nowMs = Date.now }: FollowSource,
  table: HistoryKind,
  { fromMs, toMs, follow = toMs === undefined, batchRows }: FollowOptions,
  view: FollowView<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const limit = batchRows === undefined ? {} : { batchRows };
  if (!follow) {
    const range = { fromMs: fromMs ?? 0, ...(toMs !== undefined && { toMs }), ...limit };
    for await (const batch of history.query(table, range)) yield view.apply(batch);
    return;
  }
  const left = new AbortController();
  // The history decides what a query holds when it is asked; no turn of the event loop lies between the two.
  const subscription = appended.subscribe(table, AbortSignal.any([signal, left.signal]));
  // What lies beyond now was stamped by a clock that was ahead, and is none of what just happened.
  const toNowMs = Math.max(nowMs(), appended.lastMs(table) ?? 0) + 1;
  const range = { fromMs: fromMs ?? Infinity, toMs: toNowMs, ...limit };
  try {
    if (range.fromMs < range.toMs) {
      for await (const batch of history.query(table, range)) yield view.apply(batch);
    }
    for await (const events of subscription.batches()) {
      const rows = rowsOfEvents(events);
      if (rows.length > 0) yield view.fromRows(rows);
    }
  } finally {
    left.abort();
  }
}

function rowsOfEvents(events: readonly StreamEvent[]): AnyRow[] {
  return events.flatMap((event) => {
    if (event.type === 'gap') throw followGapError(event.table, event.dropped);
    return event.type === 'record' ? [event.row] : [];
  });
}
