// Whether a region that is watched or away may be taken now, and why not. Pure but for what is remembered.
import { PROBES } from './probe-chooser.ts';
import type { RegionMemory } from './region-memory.ts';
import type { Care } from './region-plan.ts';
import { lateReturnRate } from './region-watch.ts';
import type { MappingRecord, RegionWatch } from './region-watch.ts';

/** With a rhythm, a region is quiet after so long: when its next use is known, there is no need to wait. */
const RHYTHM_QUIET_MS = 2000;

/** Why a region is not taken now; null when it may be. */
export function whyNotTaken(
  watch: RegionWatch,
  record: MappingRecord,
  memory: RegionMemory,
  care: Care,
  nowMs: number,
): string | null {
  if (watch.dueUntilMs !== null) return 'in use at regular times, the next is due';
  if (memory.heldUntilMs(watch.place.key) > nowMs) return 'in use a moment ago';
  const hasRhythm = care.usesRhythm && memory.rhythmOf(watch.place.key) !== null;
  const minQuietMs = hasRhythm ? Math.min(care.minQuietMs, RHYTHM_QUIET_MS) : care.minQuietMs;
  if (watch.phase === 'watched' && nowMs - watch.quietSinceMs < minQuietMs)
    return `not yet quiet for ${minQuietMs / 1000} s`;
  // A rhythm says when it comes back; what its mapping does otherwise does not matter.
  if (hasRhythm) return null;
  if (record.spared.untilMs > nowMs) return 'in a mapping of which too much came back';
  return lateReturnRate(record, PROBES) > care.maxReturnRate ? 'like regions that were used after all' : null;
}
