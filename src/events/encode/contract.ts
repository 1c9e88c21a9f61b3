// What every encoder of words promises. Bytes only: headers come from header/, files from whoever writes them.
import type { EventColumns, TriggerColumns, WordFormat } from '../model/index.ts';

/** Word formats that are written; EVT4 is read only. */
export type WrittenFormat = Exclude<WordFormat, 'evt4'>;

/** Options of an encoder. */
export interface EncoderOptions {
  /** DAT: what the records are. @default 'events' */
  readonly datKind?: 'events' | 'triggers';
}

/**
 * Turns events into the bytes of one format, batch after batch. What a decoder would not give back exactly is an
 * `ERR_EVENTS_ENCODE` that names the event: x or y that has no room, t below 0, t that goes back so far that it reads as
 * a wrap. Smaller steps back are written as they are. ON is p > 0.
 */
export interface BlockEncoder {
  readonly format: WrittenFormat;
  /**
   * Bytes of `events`, t in microseconds, with `triggers` merged in by time: each stands before the first event that is
   * not earlier, and those later than the whole batch wait for the next one.
   */
  encode(events: EventColumns, triggers?: TriggerColumns): Uint8Array;
  /** Bytes of what still waits. */
  finish(): Uint8Array;
}
