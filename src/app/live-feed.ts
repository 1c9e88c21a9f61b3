// History first, then what is appended from now on: the source of a followed stream. Each row comes
// once, whatever its timestamp. A subscriber that falls behind holds nothing up: what it has not taken
// yet waits in memory, up to a bound, and beyond it is read from the history again by time.
import type * as arrow from 'apache-arrow';
import { buildRecordBatch } from '../core/index.ts';
import type { AnyRow, RecordKind } from '../core/index.ts';

/** The part of the history a feed reads. */
export interface FeedHistory {
  query(kind: string, range: { fromMs?: number; toMs?: number }): AsyncIterable<arrow.RecordBatch>;
}

/** Options of {@link LiveFeed.follow}. */
export interface FollowOptions {
  /** First timestamp wanted. @default now; the oldest when the stream does not follow */
  readonly fromMs?: number | undefined;
  /** First timestamp not wanted; such a stream ends after the history. @default none */
  readonly toMs?: number | undefined;
  /** False ends after the history. @default true without `toMs` */
  readonly follow?: boolean | undefined;
}

/** Rows that may wait for one subscriber. */
const MAX_WAITING_ROWS = 65_536;

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
      if (!subscriber.hasLost) for (const row of rows) subscriber.waiting.push(row);
      subscriber.wake();
    }
  }

  /** Record batches, until the signal aborts or the range ends. */
  async *follow(options: FollowOptions, signal: AbortSignal): AsyncGenerator<arrow.RecordBatch> {
    const follows = options.follow ?? options.toMs === undefined;
    if (!follows) {
      yield* this.#history.query(this.#kind.name, rangeFrom(options.fromMs ?? 0, options.toMs));
      return;
    }
    const subscriber: Subscriber = { waiting: [], hasLost: false, wake: () => {} };
    this.#subscribers.add(subscriber);
    try {
      yield* this.#followFrom(options.fromMs ?? Date.now(), subscriber, signal);
    } finally {
      this.#subscribers.delete(subscriber);
    }
  }

  async *#followFrom(
    fromMs: number,
    subscriber: Subscriber,
    signal: AbortSignal,
  ): AsyncGenerator<arrow.RecordBatch> {
    let nextMs = fromMs;
    while (!signal.aborted) {
      // The history decides what a query holds when it is asked; everything published later waits here.
      subscriber.waiting = [];
      subscriber.hasLost = false;
      const past = this.#history.query(this.#kind.name, rangeFrom(nextMs, undefined));
      for await (const batch of past) {
        yield batch;
        nextMs = Math.max(nextMs, lastTimestampOf(batch) + 1);
      }
      while (!subscriber.hasLost) {
        await nextRows(subscriber, signal);
        if (signal.aborted) return;
        const rows = subscriber.waiting;
        subscriber.waiting = [];
        if (rows.length === 0) continue;
        yield buildRecordBatch(this.#kind, rows);
        for (const row of rows) nextMs = Math.max(nextMs, Number(row['timestamp']) + 1);
      }
    }
  }
}

function rangeFrom(fromMs: number, toMs: number | undefined): { fromMs: number; toMs?: number } {
  return toMs === undefined ? { fromMs } : { fromMs, toMs };
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
