// Where events go. Types only.
import type { DaemonEvent } from './daemon-event.ts';

/** The kinds of sinks. */
export type SinkKind = 'command' | 'webhook' | 'journald';

/** One `--on-event`. */
export interface EventSink {
  readonly kind: SinkKind;
  /** Where to, without secrets. */
  readonly target: string;
  /** Hands one event over; rejects when it did not arrive. The signal ends it. */
  deliver(event: DaemonEvent, signal: AbortSignal): Promise<void>;
}

/** What became of the events for one sink. Plain JSON. */
export interface SinkStats {
  readonly sink: SinkKind;
  readonly target: string;
  readonly delivered: number;
  readonly failed: number;
  /** Held back by the limit on rate and told of as a count. */
  readonly suppressed: number;
  /** Dropped because too many were waiting. */
  readonly dropped: number;
  readonly waiting: number;
  readonly lastError: string | null;
}
