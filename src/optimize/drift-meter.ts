// How a level moves by itself: the median and the spread of its move in windows of one length.

import { medianOf } from './use-rhythm.ts';

/** Learns how a level moves. */
export interface DriftMeter {
  /** Notes that time goes on; true when a window begins or ends at `timeMs` and `observe` needs the level. */
  isDue(timeMs: number): boolean;
  observe(timeMs: number, levelKib: number): void;
  /** Adds the move of a window that was seen otherwise. */
  add(movedKib: number, elapsedMs: number): void;
  /** Forgets the window in progress, not the finished ones. */
  restart(): void;
  /** Median and spread, scaled to a length; null before there were enough windows. */
  read(lengthMs: number): Drift;
}

/** What is known of the drift. */
export interface Drift {
  readonly kib: number | null;
  /** 1.48 × median absolute deviation: a standard deviation, where moves are normal. */
  readonly noiseKib: number | null;
  readonly windows: number;
}

/** Fewer windows than this say nothing. */
export const MIN_DRIFT_WINDOWS = 5;

const MAD_TO_SIGMA = 1.4826;

/** Builds a meter over consecutive windows that do not overlap. */
export function createDriftMeter(windowMs: number, keep: number): DriftMeter {
  const ratesKibPerMs: number[] = [];
  let start: { timeMs: number; levelKib: number } | null = null;
  let lastMs = 0;
  const add = (movedKib: number, elapsedMs: number): void => {
    ratesKibPerMs.push(movedKib / elapsedMs);
    if (ratesKibPerMs.length > keep) ratesKibPerMs.shift();
  };
  return {
    add,
    isDue(timeMs) {
      // A gap in the snapshots may hide anything, so such a window is not comparable.
      const isBroken = start !== null && (timeMs < start.timeMs || timeMs - lastMs > windowMs);
      if (isBroken) start = null;
      lastMs = timeMs;
      return start === null || timeMs - start.timeMs >= windowMs;
    },
    observe(timeMs, levelKib) {
      const elapsedMs = start === null ? 0 : timeMs - start.timeMs;
      if (start === null) start = { timeMs, levelKib };
      else if (elapsedMs >= windowMs) {
        add(levelKib - start.levelKib, elapsedMs);
        start = { timeMs, levelKib };
      }
    },
    restart() {
      start = null;
    },
    read(lengthMs) {
      const windows = ratesKibPerMs.length;
      if (windows < MIN_DRIFT_WINDOWS) return { kib: null, noiseKib: null, windows };
      const median = medianOf(ratesKibPerMs);
      const spread = MAD_TO_SIGMA * medianOf(ratesKibPerMs.map((rate) => Math.abs(rate - median)));
      return { kib: Math.round(median * lengthMs), noiseKib: Math.round(spread * lengthMs), windows };
    },
  };
}
