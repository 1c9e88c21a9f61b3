// What readers hand on: batches of events in the order of the file, and the one thing that every format's reader is.
import type { EventColumns, EventSlot, TriggerColumns, TriggerSlot } from './columns.ts';
import type { ReadCounts } from './counts.ts';
import type { EventFormat, Geometry } from './formats.ts';

/** Events that travel together, and the triggers that stood among them in the file. */
export interface EventBatch {
  readonly events: EventColumns;
  readonly triggers: TriggerColumns;
}

/** A recording that is open, whatever its format: one call at a time, in the order of the file. */
export interface EventSource extends AsyncDisposable {
  readonly format: EventFormat;
  /** Null where neither the file nor the caller says it. */
  readonly geometry: Geometry | null;
  /** What the file says of itself, in its own words. */
  readonly header: Readonly<Record<string, string>>;
  /** Unit of `t`; `ns` only where the caller asked for it. */
  readonly timeUnit: 'us' | 'ns';
  /** Live; complete when {@link fill} has given false. */
  readonly counts: Readonly<ReadCounts>;
  /** Where it is known before the end. */
  readonly totalEvents: number | null;
  /** Bytes of the file that have been read, and its size where it has one: for progress. */
  readonly bytesRead: number;
  readonly totalBytes: number | null;
  /** What a user should know of how it was read, one sentence each. */
  readonly notes: readonly string[];
  /** A slot that is filled without a copy, where the reader has memory of its own for that. */
  createSlot?(capacity: number): EventSlot;
  /**
   * Appends events, and triggers, to slots; it may give fewer than there is room for.
   *
   * @param triggers undefined: triggers are counted, not stored
   * @returns false when nothing is left; a full slot of triggers ends a call like a full slot of events
   * @throws RuvectorError `ERR_EVENTS_*`; the signal's reason, within 50 ms
   */
  fill(events: EventSlot, triggers?: TriggerSlot, signal?: AbortSignal): Promise<boolean>;
}
