// History first, then what is appended from now on: the source of a followed stream. A subscriber
// that falls behind is never dropped and holds nothing up; it catches up from the history.
import type * as arrow from 'apache-arrow';
import { buildRecordBatch } from '../core/index.ts';
import type { AnyRow, RecordKind } from '../core/index.ts';

/** The part of the history a feed reads. */
export interface FeedHistory {
  query(kind: string, range: { fromMs?: number; toMs?: number }): AsyncIterable<arrow.RecordBatch>;
}

/** Options of {@link LiveFeed.follow}. */
export interface FollowOptions {
  /** First timestamp wanted. @default now; the oldest when `follow` is false */
  readonly fromMs?: number | undefined;
  /** Ends the stream after the history. @default undefined: no end */
  readonly toMs?: number | undefined;
  /** False ends after the history. @default true */
  readonly follow?: boolean | undefined;
}

/** Rows a subscriber may lag behind in memory before it reads them from the history instead. */
const MAX_WAITING_ROWS = 4096;

interface Subscriber {
  waiting: AnyRow[];
  hasLost: boolean;
  wake: () => void;
}

/** Fans appended rows of one kind out to any number of followers. */
export class LiveFeed {
  readonly #kind: RecordKind;
  readonly #history: FeedHistory;
  readonly #subscribers = new Set<Subscriber>();

  constructor(kind: RecordKind, history: FeedHistory) {
    this.#kind = kind;
    this.#history = history;
  }

  /** Hands rows that were just appended to the history to every follower; never waits. */
  publish(rows: readonly AnyRow[]): void {
    for (const subscriber of this.#subscribers) {
      if (subscriber.waiting.length + rows.length > MAX_WAITING_ROWS) {
        subscriber.waiting = [];
        subscriber.hasLost = true;
      }
      if (!subscriber.hasLost) subscriber.waiting.push(...rows);
      subscriber.wake();
    }
  }

  /** Record batches in time order, each row once, until the signal aborts. */
  async *follow(options: FollowOptions, signal: AbortSignal): AsyncGenerator<arrow.RecordBatch> {
    const subscriber: Subscriber = { waiting: [], hasLost: false, wake: () => {} };
    this.#subscribers.add(subscriber);
    try {
      let nextMs = options.fromMs ?? (options.follow === false ? 0 : Date.now());
      for (;;) {
        for await (const batch of this.#history.query(this.#kind.name, rangeFrom(nextMs, options.toMs))) {
          yield batch;
          nextMs = Math.max(nextMs, lastTimestampOf(batch) + 1);
        }
        if (options.follow === false) return;
        subscriber.hasLost = false;
        while (!subscriber.hasLost) {
          await nextRows(subscriber, signal);
          if (signal.aborted) return;
          const rows = takeFrom(subscriber, nextMs);
          if (rows.length === 0) continue;
          yield buildRecordBatch(this.#kind, rows);
          nextMs = Number(rows.at(-1)!['timestamp']) + 1;
        }
      }
    } finally {
      this.#subscribers.delete(subscriber);
    }
  }
}

function rangeFrom(fromMs: number, toMs: number | undefined): { fromMs: number; toMs?: number } {
  return toMs === undefined ? { fromMs } : { fromMs, toMs };
}

/** Waiting rows from `fromMs` on; older ones were already read from the history. */
function takeFrom(subscriber: Subscriber, fromMs: number): AnyRow[] {
  const rows = subscriber.waiting.filter((row) => Number(row['timestamp']) >= fromMs);
  subscriber.waiting = [];
  return rows;
}

function nextRows(subscriber: Subscriber, signal: AbortSignal): Promise<void> {
  if (subscriber.waiting.length > 0 || subscriber.hasLost || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = (): void => {
      signal.removeEventListener('abort', wake);
      subscriber.wake = () => {};
      resolve();
    };
    subscriber.wake = wake;
    signal.addEventListener('abort', wake, { once: true });
  });
}

function lastTimestampOf(batch: arrow.RecordBatch): number {
  return Number(batch.getChildAt(0)?.get(batch.numRows - 1) ?? 0);
}
