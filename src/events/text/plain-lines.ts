// What may decode runs of plain lines faster than decode-text.ts does: types only; kernels/kernel-text.ts is one.
import type { EventSlot, Geometry, Polarity, ReadCounts } from '../model/index.ts';

/** What is known of a file's lines once its first event has come. */
export interface PlainLineFacts {
  /** What each column is: 0 t, 1 x, 2 y, 3 p, 4 nothing. */
  readonly order: Uint8Array;
  /** Digits that t gains by its unit; below 0 it loses some, and no line is plain. */
  readonly shift: number;
  readonly geometry: Geometry | null;
  readonly dropOutside: boolean;
  readonly polarity: Polarity;
}

/** How far a run went; good until the next one. */
export interface PlainRun {
  readonly bytes: number;
  readonly lines: number;
  /** Time of its last event. */
  readonly lastTime: number;
}

/** Decodes plain lines. */
export interface PlainLines {
  begin(facts: PlainLineFacts): void;
  /**
   * Appends the events of plain lines from the first byte on and counts them. It may stop anywhere, at the first line
   * that is not plain at the latest; `bytes` ends with a line.
   */
  decode(bytes: Uint8Array, events: EventSlot, lastTime: number, counts: ReadCounts): PlainRun;
}
