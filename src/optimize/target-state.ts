// What is kept of one target between looks, and how it is measured. It decides nothing.
import type { HostReaders } from './host-readers.ts';
import type { TrialRule } from './region-watch.ts';
import type { Shortage } from './shortage.ts';
import type { TargetCounters } from './stall-meter.ts';
import type { ResolvedTarget } from './target-resolver.ts';
import type { TargetSensor } from './target-sensor.ts';

/** What is kept. Times are those of the monotonic clock. */
export interface TargetState {
  /** Null for targets that are not processes. */
  readonly sensor: TargetSensor | null;
  lastMs: number | null;
  /** When what came back of the last action is judged, and how; null when it was. */
  judgeAtMs: number | null;
  trialRule: TrialRule;
  dryRunMs: number | null;
  restUntilMs: number;
  restMs: number;
  scannedMs: number;
  /** Pages of files that were taken and are cached again, and when that was counted. */
  cachedAgain: number;
  cachedMs: number;
  bytes: number;
  shortages: Shortage[];
}

/** A target that suffered is left alone for so long, twice as long each time. */
export const FIRST_REST_MS = 30_000;

/** The state of a target that was not seen before. */
export const createTargetState = (sensor: TargetSensor | null, trialRule: TrialRule): TargetState => ({
  sensor,
  lastMs: null,
  judgeAtMs: null,
  trialRule,
  dryRunMs: null,
  restUntilMs: Number.NEGATIVE_INFINITY,
  restMs: FIRST_REST_MS,
  scannedMs: Number.NEGATIVE_INFINITY,
  cachedAgain: 0,
  cachedMs: Number.NEGATIVE_INFINITY,
  bytes: 0,
  shortages: [],
});

/** Resident bytes of a target, and the counters that tell its stall. */
export async function measureTarget(
  readers: HostReaders,
  { target, stat }: ResolvedTarget,
  { sensor }: TargetState,
): Promise<{ bytes: number; counters: TargetCounters }> {
  const none: TargetCounters = {
    majorFaults: null,
    psiSomeUs: null,
    returnedFilePages: null,
    returnedAnonPages: null,
  };
  if (target.kind === 'self')
    return { bytes: process.memoryUsage.rss(), counters: { ...none, majorFaults: 0 } };
  if (target.kind === 'cgroup') {
    const memory = await readers.readCgroup(target.path);
    return { bytes: memory?.currentBytes ?? 0, counters: { ...none, psiSomeUs: memory?.psiSomeUs ?? null } };
  }
  const returned = sensor?.read().returnedTaken ?? { filePages: 0, anonPages: 0 };
  const counters: TargetCounters = {
    majorFaults: stat?.majorFaults ?? null,
    psiSomeUs: null,
    returnedFilePages: returned.filePages,
    returnedAnonPages: returned.anonPages,
  };
  const bytes = (stat?.rssPages ?? 0) * readers.pageSizeBytes + (sensor?.unmappedBytes ?? 0);
  return { bytes, counters };
}
