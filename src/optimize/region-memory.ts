// What is remembered of regions between the times they are looked at: how long one that was used again
// is left alone. A file's regions are known by file and offset, so they are known again after the
// process that mapped them has started anew.

import { KEPT_ONSETS, findRhythm } from './use-rhythm.ts';
import type { Rhythm } from './use-rhythm.ts';

/** How one region was used. */
interface RegionRecord {
  holdMs: number;
  heldUntilMs: number;
  lastUseMs: number;
  /** When its last uses began. */
  onsetsMs: number[];
}

/** A use after so long a pause is a new one. */
const NEW_USE_AFTER_MS = 4000;
/** A region with a rhythm is looked at again so soon after a use began. */
const RHYTHM_HOLD_MS = 2000;

/** Options of {@link createRegionMemory}. */
export interface RegionMemoryOptions {
  /** First hold of a region that was used again. @default 6000 */
  readonly firstHoldMs?: number;
  /** Longest hold. @default 120000 */
  readonly longestHoldMs?: number;
  /** Regions remembered; the one used longest ago goes first. @default 65536 */
  readonly capacity?: number;
}

/** Remembers. */
export interface RegionMemory {
  /**
   * Notes that a region was used, or that its pages came back.
   * @param wasQuick it came back soon after it was taken: its hold doubles; else it starts at the first hold
   */
  noteUse(key: string, nowMs: number, wasQuick: boolean): void;
  /** When the region may be looked at again; negative infinity when nothing is known of it. */
  heldUntilMs(key: string): number;
  /** Its rhythm, when it has one. */
  rhythmOf(key: string): Rhythm | null;
  /** Notes that a use that was due did not come: the rhythm is learned anew. */
  noteMiss(key: string): void;
}

/** Builds an empty memory. */
export function createRegionMemory(options: RegionMemoryOptions = {}): RegionMemory {
  const { firstHoldMs = 6000, longestHoldMs = 120_000, capacity = 65_536 } = options;
  const records = new Map<string, RegionRecord>();
  return {
    noteUse(key, nowMs, wasQuick) {
      const known = records.get(key);
      const isNew = known === undefined || nowMs - known.lastUseMs >= NEW_USE_AFTER_MS;
      const onsetsMs = [...(known?.onsetsMs ?? []), ...(isNew ? [nowMs] : [])].slice(-KEPT_ONSETS);
      const doubled = known !== undefined && wasQuick ? 2 * known.holdMs : firstHoldMs;
      const holdMs = Math.min(doubled, longestHoldMs);
      const heldMs = findRhythm(onsetsMs) === null ? holdMs : RHYTHM_HOLD_MS;
      // Set anew, so that the order of the map is the order of use.
      records.delete(key);
      records.set(key, { holdMs, heldUntilMs: nowMs + heldMs, lastUseMs: nowMs, onsetsMs });
      if (records.size > capacity) records.delete(records.keys().next().value!);
    },
    heldUntilMs: (key) => records.get(key)?.heldUntilMs ?? Number.NEGATIVE_INFINITY,
    rhythmOf: (key) => findRhythm(records.get(key)?.onsetsMs ?? []),
    noteMiss(key) {
      const known = records.get(key);
      if (known !== undefined) known.onsetsMs = [];
    },
  };
}
