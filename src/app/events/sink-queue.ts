// Hands events to one sink, one at a time, without ever holding up who emits them. A sink that fails or is slow
// loses events, and they are counted; the others do not notice.
import { messageOf } from '../../core/index.ts';
import type { DaemonEvent } from './daemon-event.ts';
import type { EventSink, SinkStats } from './event-sink.ts';
import { createRateLimit } from './rate-limit.ts';

/** Events that may wait for one sink. */
const MAX_WAITING = 64;
/** One of a kind in this time. */
export const RATE_WINDOW_MS = 10_000;
/** What is on its way at the end of the daemon gets this long. */
const CLOSE_MS = 3000;

/** Options of {@link createSinkQueue}. */
export interface SinkQueueOptions {
  readonly log: (text: string) => void;
  /** @default 10_000 */
  readonly rateWindowMs?: number | undefined;
}

/** A sink with its queue. */
export interface SinkQueue {
  /** Never waits, never throws. */
  emit(event: DaemonEvent): void;
  stats(): SinkStats;
  /** Sends what waits, for at most 3 s. */
  close(): Promise<void>;
}

/** Builds the queue. */
export function createSinkQueue(sink: EventSink, options: SinkQueueOptions): SinkQueue {
  const { log, rateWindowMs = RATE_WINDOW_MS } = options;
  const waiting: DaemonEvent[] = [];
  const counts = { delivered: 0, failed: 0, dropped: 0 };
  const closing = new AbortController();
  let lastError: string | null = null;
  let running: Promise<void> | null = null;

  const fail = (error: unknown): void => {
    counts.failed++;
    const text = messageOf(error);
    // Said once, not at every event.
    if (text !== lastError) log(`events: ${sink.kind} ${sink.target} failed: ${text}`);
    lastError = text;
  };
  const work = async (): Promise<void> => {
    for (let event = waiting.shift(); event; event = waiting.shift()) {
      try {
        await sink.deliver(event, closing.signal);
        counts.delivered++;
        lastError = null;
      } catch (error) {
        fail(error);
      }
    }
    running = null;
  };
  const enqueue = (event: DaemonEvent): void => {
    if (waiting.length >= MAX_WAITING) {
      waiting.shift();
      counts.dropped++;
    }
    waiting.push(event);
    running ??= work();
  };
  const limit = createRateLimit(rateWindowMs, enqueue);

  return {
    emit: (event) => limit.push(event),
    stats: () => ({
      sink: sink.kind,
      target: sink.target,
      ...counts,
      suppressed: limit.suppressed,
      waiting: waiting.length,
      lastError,
    }),
    async close() {
      limit.flush();
      const timer = setTimeout(() => {
        counts.dropped += waiting.splice(0).length;
        closing.abort();
      }, CLOSE_MS);
      await running;
      clearTimeout(timer);
    },
  };
}
