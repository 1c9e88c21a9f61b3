// The state of each region of one process: not watched, watched through probe pages, or away. Also what
// is learned of each mapping: how often probes come back, and how much of it may be tried next.
import { PAGE, countPages, ownPages } from './pagemap.ts';
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
  /** Of a region that is away: the pages that are known to be in memory; others are new. */
  kept: Uint8Array;
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
  /** In use all over: nothing of it is watched until then. */
  busy: Hold;
  /** Too much came back: nothing of it is taken until then. */
  spared: Hold;
}

/** A time to leave something alone, twice as long each time. */
interface Hold {
  untilMs: number;
  lengthMs: number;
}

/** From this age on a watched region counts as quiet for what is learned of its mapping. */
export const LATE_FROM_MS = 2000;
/** First regions watched of a mapping, and first bytes taken of it. */
const FIRST_REGIONS = 32;
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
    busy: { untilMs: Number.NEGATIVE_INFINITY, lengthMs: FIRST_MAPPING_HOLD_MS },
    spared: { untilMs: Number.NEGATIVE_INFINITY, lengthMs: FIRST_MAPPING_HOLD_MS },
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
  extend(record.busy, nowMs);
  record.placed = 0;
  record.quickReturns = 0;
}

function extend(hold: Hold, nowMs: number): void {
  hold.untilMs = nowMs + hold.lengthMs;
  hold.lengthMs = Math.min(2 * hold.lengthMs, LONGEST_MAPPING_HOLD_MS);
}

/** How a step is judged by the share of taken pages that came back. */
export interface TrialRule {
  /** Up to this share the next step is larger. */
  readonly goodShare: number;
  /** From this share on the mapping is spared for a while. */
  readonly badShare: number;
  /** Factor of the next step. */
  readonly growth: number;
}

/** Judges the last step in a mapping by what came back of it: a larger step, the same, or none for a while. */
export function judgeTrial(record: MappingRecord, nowMs: number, rule: TrialRule): void {
  if (record.takenPages === 0) return;
  const share = record.returnedPages / record.takenPages;
  if (share >= rule.badShare) {
    extend(record.spared, nowMs);
    record.trialBytes = FIRST_TRIAL_BYTES;
  } else if (share <= rule.goodShare) {
    record.trialBytes = Math.min(rule.growth * record.trialBytes, LARGEST_TRIAL_BYTES);
    record.spared.lengthMs = FIRST_MAPPING_HOLD_MS;
  }
  record.takenPages = 0;
  record.returnedPages = 0;
}

/** How often a page of a quiet region is used after all, a second; 0 while too little is known. */
export function lateReturnRate(record: MappingRecord, probesPerRegion: number): number {
  if (record.lateReturns < 1.5) return 0;
  return record.lateReturns / record.lateSeconds / probesPerRegion;
}

/** How many more regions of a mapping may be watched: more of them when those that are stay quiet. */
export function roomFor(
  record: MappingRecord | undefined,
  watches: Iterable<RegionWatch>,
  mappingKey: string,
  nowMs: number,
): number {
  if (record !== undefined && record.busy.untilMs > nowMs) return 0;
  let young = 0;
  let quiet = 0;
  for (const { place, quietSinceMs } of watches) {
    if (place.mapping.key !== mappingKey) continue;
    if (nowMs - quietSinceMs >= LATE_FROM_MS) quiet++;
    else young++;
  }
  return Math.max(FIRST_REGIONS, 4 * quiet) - young;
}

/** Counts the pages that were out and are in memory, and counts them no more as out. */
export function takeReturned({ place, out, kept }: RegionWatch, flags: Uint8Array | null): number {
  if (flags === null) return 0;
  let returned = 0;
  for (let i = 0; i < out.length; i++) {
    if (out[i] === 0) continue;
    // Anonymous memory without a swap entry was given back by the process itself.
    const isGone = place.kind === 'anonymous' && (flags[i]! & (PAGE.present | PAGE.swapped)) === 0;
    if (!isGone && (flags[i]! & PAGE.present) === 0) continue;
    out[i] = 0;
    if (isGone) continue;
    kept[i] = 1;
    returned++;
  }
  return returned;
}

/** Pages of a region that is away that were neither taken from it nor left in it. */
export const countNew = ({ out, kept }: RegionWatch, flags: Uint8Array | null): number =>
  countPages(ownPages(flags).map((isOwn, i) => isOwn & ~out[i]! & ~kept[i]!));
