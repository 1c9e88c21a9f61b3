// The state of each region of one process: not watched, watched through probe pages, or away. Also what
// is learned of each mapping: how often probes come back, and how much of it may be tried next.
import type { RegionPlace } from './region-map.ts';

/** One region that is watched or away. */
export interface RegionWatch {
  place: RegionPlace;
  /** `watched`: its probes are out. `away`: it was paged out, and its pages stand for the probes. */
  phase: 'watched' | 'away';
  /** Nothing of it was used since, ms of the monotonic clock. */
  quietSinceMs: number;
  /**
   * Pages that are out: 1 a page. Of a watched region these are its probes, and what left the process with
   * them: taking one page of a large folio of a file unmaps all of it, though it stays in the page cache.
   */
  out: Uint8Array;
  /** A use is due until then, so it is not taken; null when none is. */
  dueUntilMs: number | null;
  /** How many were taken, and how many of them came back. */
  takenPages: number;
  returnedPages: number;
}

/** What is learned of one mapping. */
export interface MappingRecord {
  /** Probes placed and come back at once, lately; both fade. */
  placed: number;
  quickReturns: number;
  /** Region seconds that quiet regions were watched, and how many of them were used after all; both fade. */
  lateSeconds: number;
  lateReturns: number;
  /** Pages taken since the last verdict, and how many came back. */
  takenPages: number;
  returnedPages: number;
  /** Most bytes of the next action in it. */
  trialBytes: number;
  heldUntilMs: number;
  holdMs: number;
}

/** First regions watched of a mapping, and first bytes taken of it. */
export const FIRST_REGIONS = 32;
export const FIRST_TRIAL_BYTES = 8 * 2 ** 20;
const LARGEST_TRIAL_BYTES = 2 ** 30;
const FIRST_MAPPING_HOLD_MS = 30_000;
const LONGEST_MAPPING_HOLD_MS = 240_000;
/** Time in which a probe's return counts half. */
const HALF_LIFE_MS = 30_000;
/** So many probes tell something about their mapping. */
const ENOUGH_PROBES = 16;
/** Share of a mapping's probes that come back at once, above which it is in use all over. */
const BUSY_SHARE = 0.5;
/** Share of taken pages that came back: below, the next step is larger; above, the mapping is left alone. */
const GOOD_SHARE = 0.05;
const BAD_SHARE = 0.2;

/** A mapping nothing is known of. */
export function createMappingRecord(): MappingRecord {
  return {
    placed: 0,
    quickReturns: 0,
    lateSeconds: 0,
    lateReturns: 0,
    takenPages: 0,
    returnedPages: 0,
    trialBytes: FIRST_TRIAL_BYTES,
    heldUntilMs: Number.NEGATIVE_INFINITY,
    holdMs: FIRST_MAPPING_HOLD_MS,
  };
}

/** Lets what was seen fade as time passes. */
export function fade(record: MappingRecord, elapsedMs: number): void {
  const factor = 0.5 ** (elapsedMs / HALF_LIFE_MS);
  record.placed *= factor;
  record.quickReturns *= factor;
  record.lateSeconds *= factor;
  record.lateReturns *= factor;
}

/** Holds a mapping whose first probes nearly all came back: it is in use all over. */
export function holdIfBusy(record: MappingRecord, nowMs: number): void {
  if (record.placed < ENOUGH_PROBES || record.quickReturns <= BUSY_SHARE * record.placed) return;
  hold(record, nowMs);
}

function hold(record: MappingRecord, nowMs: number): void {
  record.heldUntilMs = nowMs + record.holdMs;
  record.holdMs = Math.min(2 * record.holdMs, LONGEST_MAPPING_HOLD_MS);
  record.trialBytes = FIRST_TRIAL_BYTES;
  record.placed = 0;
  record.quickReturns = 0;
}

/**
 * Judges the last step in a mapping by what came back of it: a larger step, the same, or none for a while.
 * @param growth factor of a step that went well
 */
export function judgeTrial(record: MappingRecord, nowMs: number, growth: number): void {
  if (record.takenPages === 0) return;
  const share = record.returnedPages / record.takenPages;
  if (share >= BAD_SHARE) hold(record, nowMs);
  else if (share <= GOOD_SHARE) {
    record.trialBytes = Math.min(growth * record.trialBytes, LARGEST_TRIAL_BYTES);
    record.holdMs = FIRST_MAPPING_HOLD_MS;
  }
  record.takenPages = 0;
  record.returnedPages = 0;
}

/** How often a page of a quiet region is used after all, a second; 0 while too little is known. */
export function lateReturnRate(record: MappingRecord, probesPerRegion: number): number {
  if (record.lateReturns < 1.5) return 0;
  return record.lateReturns / record.lateSeconds / probesPerRegion;
}
