// Honest outcomes. What an action freed is counted page by page (evidence.ts), never more than was handed
// over. How the host's free memory moved, less how it moves by itself, stands beside it as a cross-check
// with its noise, and is never taken for the figure. What the action cost the target is measured too.
import { messageOf } from '../core/index.ts';
import type { Clock, MemorySnapshot } from '../core/index.ts';
import type { TargetPlan } from './actuator.ts';
import { createDriftMeter } from './drift-meter.ts';
import { openEvidence } from './evidence.ts';
import type { Evidence, EvidenceReaders, EvidenceReading } from './evidence.ts';
import type { HostReaders, MemoryLevels } from './host-readers.ts';
import type { ReclaimBackend } from './reclaim-backend.ts';
import { returnCostUs } from './stall-meter.ts';
import { describeTarget } from './target.ts';

/** What an action really did, as far as it could be seen. Sizes in KiB. */
export interface Outcome {
  readonly beforeFreeKib: number;
  readonly afterFreeKib: number | null;
  readonly beforeAvailableKib: number;
  readonly afterAvailableKib: number | null;
  /** Taken, and at the end of the window neither in memory nor in the page cache, less `compressedKib`; null when it cannot be told. */
  readonly freedKib: number | null;
  /** Left the targets with the action. */
  readonly takenKib: number;
  /** Taken, and back in memory at the end of the window. */
  readonly returnedKib: number;
  /** Memory that keeping it compressed takes. */
  readonly compressedKib: number;
  /** Move of the host's free memory and of everybody else's page cache, less the drift: a cross-check; null before there were enough windows. */
  readonly hostFreedKib: number | null;
  /** Spread of that figure (1.48 × median absolute deviation of windows without the action's share). */
  readonly hostNoiseKib: number | null;
  /** Median move in windows of this length; null before there were enough. */
  readonly driftKib: number | null;
  /** How many windows that median is of. */
  readonly driftWindows: number;
  /** Major faults of the targets within the window. */
  readonly majorFaults: number;
  /** Time the targets waited for what came back, µs. */
  readonly stallUs: number;
  /** What this process takes itself. */
  readonly ownRssKib: number;
  /** From just before the action to the second reading. */
  readonly windowMs: number;
  /** Why the outcome could not be seen or attributed; null when it was. */
  readonly error: string | null;
}

/** An open window. */
export interface OutcomeWindow {
  readonly before: MemoryLevels;
  readonly hostKib: number;
  readonly openedMs: number;
  readonly plan: readonly TargetPlan[];
  readonly evidence: readonly Evidence[];
  readonly faults: number;
}

/** Measures one action at a time. */
export interface OutcomeTracker {
  /**
   * Learns how free memory moves by itself; a snapshot inside a window does not count.
   * @param timeMs when it was taken, on the monotonic clock. @default its timestamp
   */
  observe(snapshot: Pick<MemorySnapshot, 'timestamp'>, timeMs?: number): Promise<void>;
  /** Reads the levels just before an action and opens its window. */
  open(plan: readonly TargetPlan[]): Promise<OutcomeWindow>;
  /**
   * Notes what the action took, waits out the window and looks again. Never rejects.
   * @param advisedBytes what the kernel accepted of each target, in the order of the plan
   */
  close(window: OutcomeWindow, signal?: AbortSignal, advisedBytes?: readonly number[]): Promise<Outcome>;
  /** Milliseconds until the open window ends; null when none is open. */
  endsInMs(): number | null;
}

/** Options of {@link createOutcomeTracker}. */
export interface OutcomeTrackerOptions {
  readonly readers: Pick<HostReaders, 'readLevels' | 'readFilePages' | 'readBackend'> & EvidenceReaders;
  readonly clock: Clock;
  /** The processes whose file pages are not everybody else's. */
  readonly targetPids: () => Promise<readonly number[]>;
  /** Length of a window. @default 5000 */
  readonly windowMs?: number;
  /** How many windows are remembered. @default 20 */
  readonly driftWindows?: number;
}

/** Builds the tracker. */
export function createOutcomeTracker(options: OutcomeTrackerOptions): OutcomeTracker {
  const { readers, clock, windowMs = 5000, driftWindows = 20 } = options;
  const drift = createDriftMeter(windowMs, driftWindows);
  let open: { endsMs: number } | null = null;

  const endsInMs = (): number | null =>
    open === null ? null : Math.max(0, open.endsMs - clock.monotonicMs());

  const finish = async (window: OutcomeWindow): Promise<Outcome> => {
    const { levels, hostKib } = await readHost(options);
    const readings = await Promise.all(window.evidence.map((evidence) => evidence.read()));
    const faults = Math.max(0, (await readFaults(readers, window.plan)) - window.faults);
    const lost = await findEndedTarget(readers, window.plan);
    const elapsedMs = clock.monotonicMs() - window.openedMs;
    const moved = hostKib - window.hostKib;
    const { kind } = await readers.readBackend();
    const sums = sumReadings(readings, window.plan, faults, kind, readers.pageSizeBytes);
    const error = lost ?? readings.find(({ why }) => why !== null)?.why ?? null;
    const before = drift.read(elapsedMs);
    // What the action did is known, so the rest of the move is drift: it goes on being learned.
    if (sums.freedKib !== null && lost === null) drift.add(moved - sums.freedKib, elapsedMs);
    return {
      ...beforeOf(window),
      afterFreeKib: levels.freeKib,
      afterAvailableKib: levels.memAvailableKib,
      ...sums,
      freedKib: error === null ? sums.freedKib : null,
      hostFreedKib: before.kib === null ? null : Math.round(moved - before.kib),
      hostNoiseKib: before.noiseKib,
      driftKib: before.kib,
      driftWindows: before.windows,
      windowMs: elapsedMs,
      error,
    };
  };

  return {
    async observe({ timestamp }, timeMs = timestamp) {
      if (open !== null || !drift.isDue(timeMs)) return;
      const { hostKib } = await readHost(options);
      // An action may have begun meanwhile.
      if (endsInMs() === null) drift.observe(timeMs, hostKib);
    },
    async open(plan) {
      open = { endsMs: clock.monotonicMs() + windowMs };
      try {
        const evidence = await Promise.all(plan.map((target) => openEvidence(readers, target)));
        const faults = await readFaults(readers, plan);
        const { levels, hostKib } = await readHost(options);
        return { before: levels, hostKib, openedMs: clock.monotonicMs(), plan, evidence, faults };
      } catch (error) {
        open = null;
        drift.restart();
        throw error;
      }
    },
    async close(window, signal, advisedBytes = []) {
      open = { endsMs: clock.monotonicMs() + windowMs };
      try {
        for (const [i, evidence] of window.evidence.entries()) await evidence.settle(advisedBytes[i]);
        await clock.sleep(windowMs, signal);
        return await finish(window);
      } catch (error) {
        const why = signal?.aborted === true ? 'closed before the window ended' : messageOf(error);
        return unseen(window, clock.monotonicMs() - window.openedMs, why);
      } finally {
        for (const evidence of window.evidence) evidence.close();
        open = null;
        drift.restart();
      }
    },
    endsInMs,
  };
}

/** Free memory and everybody else's page cache, which trade places without anybody's doing. */
async function readHost({
  readers,
  targetPids,
}: OutcomeTrackerOptions): Promise<{ levels: MemoryLevels; hostKib: number }> {
  const [levels, pids] = await Promise.all([readers.readLevels(), targetPids()]);
  let filePages = 0;
  for (const pid of pids) filePages += (await readers.readFilePages(pid)) ?? 0;
  const targetsKib = (filePages * readers.pageSizeBytes) / 1024;
  return { levels, hostKib: levels.freeKib + levels.cachedKib - targetsKib };
}

async function readFaults(
  readers: Pick<HostReaders, 'readStat'>,
  plan: readonly TargetPlan[],
): Promise<number> {
  let faults = 0;
  for (const { target } of plan)
    if (target.kind === 'process') faults += (await readers.readStat(target.pid))?.majorFaults ?? 0;
  return faults;
}

type Sums = Pick<
  Outcome,
  'freedKib' | 'takenKib' | 'returnedKib' | 'compressedKib' | 'majorFaults' | 'stallUs' | 'ownRssKib'
>;

function sumReadings(
  readings: readonly EvidenceReading[],
  plan: readonly TargetPlan[],
  majorFaults: number,
  backend: ReclaimBackend['kind'],
  pageSizeBytes: number,
): Sums {
  const kib = (key: 'takenBytes' | 'returnedBytes' | 'compressedBytes' | 'freedBytes'): number =>
    Math.round(readings.reduce((sum, reading) => sum + (reading[key] ?? 0), 0) / 1024);
  const returned = { file: 0, anon: 0 };
  readings.forEach(({ returnedBytes }, i) => {
    const { bytes, bytesByKind } = plan[i]!;
    const anonShare = bytes === 0 ? 0 : (bytesByKind.anonymous ?? 0) / bytes;
    returned.anon += (returnedBytes / pageSizeBytes) * anonShare;
    returned.file += (returnedBytes / pageSizeBytes) * (1 - anonShare);
  });
  return {
    freedKib: readings.every(({ freedBytes }) => freedBytes !== null) ? kib('freedBytes') : null,
    takenKib: kib('takenBytes'),
    returnedKib: kib('returnedBytes'),
    compressedKib: kib('compressedBytes'),
    majorFaults,
    stallUs: Math.round(returnCostUs(backend, returned, majorFaults)),
    ownRssKib: ownRssKib(),
  };
}

const ownRssKib = (): number => Math.round(process.memoryUsage.rss() / 1024);

const beforeOf = ({ before }: OutcomeWindow): Pick<Outcome, 'beforeFreeKib' | 'beforeAvailableKib'> => ({
  beforeFreeKib: before.freeKib,
  beforeAvailableKib: before.memAvailableKib,
});

function unseen(window: OutcomeWindow, windowMs: number, error: string): Outcome {
  return {
    ...beforeOf(window),
    afterFreeKib: null,
    afterAvailableKib: null,
    freedKib: null,
    takenKib: 0,
    returnedKib: 0,
    compressedKib: 0,
    hostFreedKib: null,
    hostNoiseKib: null,
    driftKib: null,
    driftWindows: 0,
    majorFaults: 0,
    stallUs: 0,
    ownRssKib: ownRssKib(),
    windowMs,
    error,
  };
}

// A target that ends gives all its memory back, which is not what the action freed.
async function findEndedTarget(
  readers: Pick<HostReaders, 'readStat'>,
  plan: readonly TargetPlan[],
): Promise<string | null> {
  for (const { target } of plan) {
    if (target.kind !== 'process') continue;
    const stat = await readers.readStat(target.pid);
    if (stat?.startTimeTicks !== target.startTimeTicks)
      return `${describeTarget(target)} ended within the window; what it gave back then is not the action's`;
  }
  return null;
}
