// A table as record batches: the history as it is read, then what is appended from now on, out of the hub's
// subscription. Each row comes once, whatever its timestamp. A reader that falls behind holds nothing up: what
// left the hub's memory is read from the history again.
import type * as arrow from 'apache-arrow';
import type { AnyRow, BatchTransform, HistoryKind, HistoryReader } from '../../core/index.ts';
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

/** How the rows of a table leave. */
export interface FollowView extends BatchTransform {
  /** Builds the batch of rows that were just appended. */
  fromRows(rows: readonly AnyRow[]): arrow.RecordBatch;
}

/** Options of {@link followTable}. */
export interface FollowOptions {
  /** First timestamp wanted. @default now; the oldest when the table is not followed */
  readonly fromMs?: number | undefined;
  /** First timestamp not wanted; such a source ends after the history. @default none */
  readonly toMs?: number | undefined;
  /** False ends after the history. @default true without `toMs` */
  readonly follow?: boolean | undefined;
}

/**
 * Record batches, until the signal aborts or the range ends.
 * @throws RuvectorError `ERR_WIRE_STREAM_HISTORY` when the history does not hold what a slow reader left
 */
export async function* followTable(
  { history, appended, nowMs = Date.now }: FollowSource,
  table: HistoryKind,
  { fromMs, toMs, follow = toMs === undefined }: FollowOptions,
  view: FollowView,
  signal: AbortSignal,
): AsyncGenerator<arrow.RecordBatch> {
  if (!follow) {
    const range = { fromMs: fromMs ?? 0, ...(toMs !== undefined && { toMs }) };
    for await (const batch of history.query(table, range)) yield view.apply(batch);
    return;
  }
  const left = new AbortController();
  // The history decides what a query holds when it is asked; no turn of the event loop lies between the two.
  const subscription = appended.subscribe(table, AbortSignal.any([signal, left.signal]));
  // What lies beyond now was stamped by a clock that was ahead, and is none of what just happened.
  const range = { fromMs: fromMs ?? Infinity, toMs: Math.max(nowMs(), appended.lastMs(table) ?? 0) + 1 };
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
