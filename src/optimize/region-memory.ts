// What is remembered of regions between the times they are looked at: how long one that was used again
// is left alone. A file's regions are known by file and offset, so they are known again after the
// process that mapped them has started anew.

import { KEPT_ONSETS, findRhythm } from './use-rhythm.ts';
import type { Rhythm } from './use-rhythm.ts';

/** How one region was used. */
interface RegionRecord {
  holdMs: number;
  watchedFromMs: number;
  heldUntilMs: number;
  /** When its last uses began. */
  onsetsMs: number[];
}

/** A use after so long a quiet time may be one of a rhythm: the region is watched again soon, to see the next. */
const RHYTHM_FROM_MS = 8000;
const RHYTHM_HOLD_MS = 3000;

/** A return within this time was quick. */
const QUICK_MS = 30_000;

/** Options of {@link createRegionMemory}. */
export interface RegionMemoryOptions {
  /** First hold of a region that was used again. @default 6000 */
  readonly firstHoldMs?: number;
  /** Longest hold. @default 120000 */
  readonly longestHoldMs?: number;
  /** Within how long the return of a probe doubles the hold. @default 30000 */
  readonly quickProbeMs?: number;
  /** Regions remembered; the one used longest ago goes first. @default 65536 */
  readonly capacity?: number;
}

/** A use of a region. */
export interface RegionUse {
  /** For how long it had been quiet. */
  readonly quietMs: number;
  /** False when only its probes had been taken. */
  readonly wasTaken: boolean;
}

/** Remembers. */
export interface RegionMemory {
  /**
   * Notes that a region was used, or that its pages came back. What came back quickly is held twice as
   * long as the last time, else for the first hold.
   */
  noteUse(key: string, nowMs: number, use: RegionUse): void;
  /** When the region may be watched again; negative infinity when nothing is known of it. */
  watchedFromMs(key: string): number;
  /** When it may be taken again. */
  heldUntilMs(key: string): number;
  /** Its rhythm, when it has one. */
  rhythmOf(key: string): Rhythm | null;
  /** Notes that a use that was due did not come: the rhythm is learned anew. */
  noteMiss(key: string): void;
}

/** Builds an empty memory. */
export function createRegionMemory(options: RegionMemoryOptions = {}): RegionMemory {
  const { firstHoldMs = 6000, longestHoldMs = 120_000 } = options;
  const { quickProbeMs = QUICK_MS, capacity = 65_536 } = options;
  const records = new Map<string, RegionRecord>();
  return {
    noteUse(key, nowMs, { quietMs, wasTaken }) {
      const known = records.get(key);
      const mayBeRhythm = quietMs >= RHYTHM_FROM_MS;
      const onsetsMs = [...(known?.onsetsMs ?? []), ...(mayBeRhythm ? [nowMs] : [])].slice(-KEPT_ONSETS);
      const isQuick = known !== undefined && quietMs < (wasTaken ? QUICK_MS : quickProbeMs);
      const holdMs = isQuick ? Math.min(2 * known.holdMs, longestHoldMs) : firstHoldMs;
      const hasRhythm = findRhythm(onsetsMs) !== null;
      // Set anew, so that the order of the map is the order of use.
      records.delete(key);
      records.set(key, {
        holdMs,
        watchedFromMs: nowMs + (mayBeRhythm ? RHYTHM_HOLD_MS : holdMs),
        heldUntilMs: nowMs + (hasRhythm ? RHYTHM_HOLD_MS : holdMs),
        onsetsMs,
      });
      if (records.size > capacity) records.delete(records.keys().next().value!);
    },
    watchedFromMs: (key) => records.get(key)?.watchedFromMs ?? Number.NEGATIVE_INFINITY,
    heldUntilMs: (key) => records.get(key)?.heldUntilMs ?? Number.NEGATIVE_INFINITY,
    rhythmOf: (key) => findRhythm(records.get(key)?.onsetsMs ?? []),
    noteMiss(key) {
      const known = records.get(key);
      if (known !== undefined) known.onsetsMs = [];
    },
  };
}
