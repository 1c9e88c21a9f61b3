// Honest outcomes: freed memory is how free memory (MemFree and the per-CPU lists) moved from just
// before an action to the end of the next window, less how it moves in windows without action. It is
// already net of compressed bytes, of SwapCached and of what came back; the fall of RSS is none of these.
import type { Clock, MemorySnapshot } from '../core/index.ts';
import { messageOf } from '../core/index.ts';
import type { HostReaders, MemoryLevels } from './host-readers.ts';

/** What an action really did, as far as it could be seen. Sizes in KiB. */
export interface Outcome {
  readonly beforeFreeKib: number;
  readonly afterFreeKib: number | null;
  readonly beforeAvailableKib: number;
  readonly afterAvailableKib: number | null;
  /** Median move of free memory in windows of this length without action; null when there was none. */
  readonly driftKib: number | null;
  /** How many windows that median is of. */
  readonly driftWindows: number;
  /** after − before − drift (0 when unknown); null when it cannot be attributed. */
  readonly freedKib: number | null;
  /** From just before the action to the second reading. */
  readonly windowMs: number;
  /** Why the outcome could not be seen or attributed; null when it was. */
  readonly error: string | null;
}

/** An open window. */
export interface OutcomeWindow {
  readonly before: MemoryLevels;
  readonly openedMs: number;
}

/** Measures one action at a time. */
export interface OutcomeTracker {
  /** Learns the drift from snapshots; those inside a window do not count. */
  observe(snapshot: Pick<MemorySnapshot, 'timestamp' | 'mem_free_kib'>): Promise<void>;
  /** Reads the levels just before an action and opens its window. */
  open(): Promise<OutcomeWindow>;
  /**
   * Waits out the window and reads again. Never rejects.
   * @param findIntruder says what else moved free memory (a target that ended), or null
   */
  close(
    window: OutcomeWindow,
    findIntruder: () => Promise<string | null>,
    signal?: AbortSignal,
  ): Promise<Outcome>;
  /** Milliseconds until the open window ends; null when none is open. */
  endsInMs(): number | null;
}

/** Options of {@link createOutcomeTracker}. */
export interface OutcomeTrackerOptions {
  readonly readers: Pick<HostReaders, 'readLevels' | 'readPerCpuFreeKib'>;
  readonly clock: Clock;
  /** Length of a window. @default 5000 */
  readonly windowMs?: number;
  /** How many windows without action are remembered. @default 20 */
  readonly driftWindows?: number;
}

/** Windows after an action that count neither as its outcome nor as drift. */
const SETTLE_WINDOWS = 3;

/** Builds the tracker. */
export function createOutcomeTracker(options: OutcomeTrackerOptions): OutcomeTracker {
  const { readers, clock, windowMs = 5000, driftWindows = 20 } = options;
  const drift = createDriftMeter(windowMs, driftWindows);
  let open: { endsMs: number } | null = null;
  let quietFromMs = Number.NEGATIVE_INFINITY;

  const endsInMs = (): number | null =>
    open === null ? null : Math.max(0, open.endsMs - clock.monotonicMs());
  const end = (): void => {
    open = null;
    drift.restart();
    // What an action freed may come back for a while: that is no drift of the host.
    quietFromMs = clock.monotonicMs() + SETTLE_WINDOWS * windowMs;
  };

  return {
    async observe({ timestamp, mem_free_kib }) {
      if (open !== null || mem_free_kib === null || clock.monotonicMs() < quietFromMs) return;
      if (!drift.isDue(timestamp)) return;
      const perCpuKib = await readers.readPerCpuFreeKib();
      // An action may have begun meanwhile.
      if (endsInMs() === null) drift.observe(timestamp, mem_free_kib + perCpuKib);
    },
    async open() {
      open = { endsMs: clock.monotonicMs() + windowMs };
      try {
        const before = await readers.readLevels();
        return { before, openedMs: clock.monotonicMs() };
      } catch (error) {
        end();
        throw error;
      }
    },
    async close(window, findIntruder, signal) {
      open = { endsMs: clock.monotonicMs() + windowMs };
      try {
        await clock.sleep(windowMs, signal);
        const after = await readers.readLevels();
        const elapsedMs = clock.monotonicMs() - window.openedMs;
        return buildOutcome(window, after, elapsedMs, drift.read(elapsedMs), await findIntruder());
      } catch (error) {
        const why = signal?.aborted === true ? 'closed before the window ended' : messageOf(error);
        return buildOutcome(window, null, clock.monotonicMs() - window.openedMs, drift.read(0), why);
      } finally {
        end();
      }
    },
    endsInMs,
  };
}

/** Puts an outcome together. With an error nothing is attributed. */
export function buildOutcome(
  { before }: OutcomeWindow,
  after: MemoryLevels | null,
  windowMs: number,
  drift: { kib: number | null; windows: number },
  error: string | null,
): Outcome {
  const isSeen = after !== null && error === null;
  return {
    beforeFreeKib: before.freeKib,
    afterFreeKib: after?.freeKib ?? null,
    beforeAvailableKib: before.memAvailableKib,
    afterAvailableKib: after?.memAvailableKib ?? null,
    driftKib: drift.kib,
    driftWindows: drift.windows,
    freedKib: isSeen ? after.freeKib - before.freeKib - (drift.kib ?? 0) : null,
    windowMs,
    error,
  };
}

/** Learns how free memory moves by itself. */
export interface DriftMeter {
  /** Notes that time goes on; true when a window begins or ends at `timeMs` and `observe` needs the level. */
  isDue(timeMs: number): boolean;
  observe(timeMs: number, freeKib: number): void;
  /** Forgets the window in progress, not the finished ones. */
  restart(): void;
  /** The median, scaled to a length. */
  read(lengthMs: number): { kib: number | null; windows: number };
}

/** Builds a meter over consecutive windows that do not overlap. */
export function createDriftMeter(windowMs: number, keep: number): DriftMeter {
  const ratesKibPerMs: number[] = [];
  let start: { timeMs: number; freeKib: number } | null = null;
  let lastMs = 0;
  return {
    isDue(timeMs) {
      // A gap in the snapshots may hide anything, so such a window is not comparable.
      const isBroken = start !== null && (timeMs < start.timeMs || timeMs - lastMs > windowMs);
      if (isBroken) start = null;
      lastMs = timeMs;
      return start === null || timeMs - start.timeMs >= windowMs;
    },
    observe(timeMs, freeKib) {
      const elapsedMs = start === null ? 0 : timeMs - start.timeMs;
      if (start === null) start = { timeMs, freeKib };
      else if (elapsedMs >= windowMs) {
        ratesKibPerMs.push((freeKib - start.freeKib) / elapsedMs);
        if (ratesKibPerMs.length > keep) ratesKibPerMs.shift();
        start = { timeMs, freeKib };
      }
    },
    restart() {
      start = null;
    },
    read(lengthMs) {
      const windows = ratesKibPerMs.length;
      if (windows === 0) return { kib: null, windows };
      return { kib: Math.round(medianOf(ratesKibPerMs) * lengthMs), windows };
    },
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
