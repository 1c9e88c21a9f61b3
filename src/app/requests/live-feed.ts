// History first, then what is appended from now on: the source of a followed stream. Each row comes
// once, whatever its timestamp. A subscriber that falls behind holds nothing up: what it has not taken
// yet waits in memory, up to a bound, and beyond it is read from the history again by time.
import type * as arrow from 'apache-arrow';
import { buildRecordBatch } from '../../core/index.ts';
import type { AnyRow, RecordKind } from '../../core/index.ts';

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
  /** Least timestamp of what did not fit; Infinity when nothing is lost. */
  lostFromMs: number;
  wake: () => void;
}

/** Fans appended rows of one kind out to any number of followers. */
export class LiveFeed {
  readonly #kind: RecordKind;
  readonly #history: FeedHistory;
  readonly #subscribers = new Set<Subscriber>();
  readonly #nowMs: () => number;
  /** Timestamp of what was published last. */
  #publishedMs = Number.NEGATIVE_INFINITY;

  constructor(kind: RecordKind, history: FeedHistory, nowMs: () => number = Date.now) {
    this.#kind = kind;
    this.#history = history;
    this.#nowMs = nowMs;
  }

  /** Hands rows that were just appended to the history to every follower; never waits. */
  publish(rows: readonly AnyRow[]): void {
    this.#publishedMs = Number(rows.at(-1)?.['timestamp'] ?? this.#publishedMs);
    for (const subscriber of this.#subscribers) {
      for (const row of rows) subscriber.waiting.push(row);
      const hasLost = subscriber.lostFromMs < Infinity;
      if (hasLost || subscriber.waiting.length > MAX_WAITING_ROWS) lose(subscriber);
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
    const subscriber: Subscriber = { waiting: [], lostFromMs: Infinity, wake: () => {} };
    this.#subscribers.add(subscriber);
    try {
      yield* this.#followFrom(options.fromMs ?? Infinity, subscriber, signal);
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
      subscriber.lostFromMs = Infinity;
      // What lies beyond now was stamped by a clock that was ahead, and is none of what just happened.
      const toMs = Math.max(this.#nowMs(), this.#publishedMs) + 1;
      if (nextMs < toMs) yield* this.#history.query(this.#kind.name, { fromMs: nextMs, toMs });
      while (subscriber.lostFromMs === Infinity) {
        await nextRows(subscriber, signal);
        if (signal.aborted) return;
        const rows = subscriber.waiting;
        subscriber.waiting = [];
        if (rows.length > 0) yield buildRecordBatch(this.#kind, rows);
      }
      nextMs = subscriber.lostFromMs;
    }
  }
}

function rangeFrom(fromMs: number, toMs: number | undefined): { fromMs: number; toMs?: number } {
  return toMs === undefined ? { fromMs } : { fromMs, toMs };
}

/** What did not fit is read from the history again, from its least timestamp on. */
function lose(subscriber: Subscriber): void {
  for (const row of subscriber.waiting) {
    subscriber.lostFromMs = Math.min(subscriber.lostFromMs, Number(row['timestamp']));
  }
  subscriber.waiting = [];
}

function nextRows(subscriber: Subscriber, signal: AbortSignal): Promise<void> {
  if (subscriber.waiting.length > 0 || subscriber.lostFromMs < Infinity || signal.aborted)
    return Promise.resolve();
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
