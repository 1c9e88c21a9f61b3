// Measures the stall of each target between ticks: major faults of the process, file pages that came
// back to it, PSI of the cgroup or the host. Holds the last seconds only.
import type { MemorySnapshot } from '../core/index.ts';
import type { StallReading } from './how-much.ts';
import { createPressureMeter, maxOrNull } from './pressure-meter.ts';
import type { ReclaimBackend } from './reclaim-backend.ts';

/**
 * Measured cost of a major fault, µs, by back end: 4.8 from zram, 32 from a swap file. Without swap
 * a major fault is a file read with its read-ahead, 180.
 */
export const MAJOR_FAULT_US: Readonly<Record<ReclaimBackend['kind'], number>> = {
  zram: 4.8,
  'disk-swap': 32,
  none: 180,
};

/** Measured: 256 MiB of clean file pages touched again after page-out, 65,536 pages in 140 ms. */
export const REFAULT_PAGE_US = 2.1;

/** Cumulative counters of one target; null where it has none. */
export interface TargetCounters {
  readonly majorFaults: number | null;
  readonly psiSomeUs: number | null;
  /** Resident file pages now: a level, not a counter. */
  readonly filePages: number | null;
}

/** Keeps counters by target. */
export interface StallMeter {
  observeHost(snapshot: MemorySnapshot): void;
  /** Notes a target's counters. */
  observeTarget(key: string, timeMs: number, counters: TargetCounters): void;
  /** Notes that file pages were paged out, so that their return counts as stall. */
  noteAdvised(key: string, filePages: number): void;
  read(key: string): StallReading;
}

/** Options of {@link createStallMeter}. */
export interface StallMeterOptions {
  /** @default 10000 */
  readonly windowMs?: number;
  /** Shortest distance of two samples. @default 250 */
  readonly intervalMs?: number;
  /** @default 180, see {@link MAJOR_FAULT_US} */
  readonly majorFaultUs?: number;
}

interface TargetSample {
  readonly timeMs: number;
  readonly majorFaults: number | null;
  readonly psiSomeUs: number | null;
  /** File pages that came back so far. */
  readonly returnedPages: number | null;
}

interface TargetHistory {
  readonly samples: TargetSample[];
  filePages: number | null;
  /** Pages paged out that have not come back. */
  awayPages: number;
  returnedPages: number;
}

/** Builds a meter. */
export function createStallMeter(options: StallMeterOptions = {}): StallMeter {
  const { windowMs = 10_000, intervalMs = 250, majorFaultUs = MAJOR_FAULT_US.none } = options;
  const host = createPressureMeter(windowMs, intervalMs);
  const targets = new Map<string, TargetHistory>();
  return {
    observeHost: (snapshot) => host.observe(snapshot),
    observeTarget(key, timeMs, counters) {
      forgetOld(targets, timeMs - 6 * windowMs);
      const history = targets.get(key) ?? { samples: [], filePages: null, awayPages: 0, returnedPages: 0 };
      targets.set(key, history);
      const { samples } = history;
      const last = samples.at(-1);
      if (last !== undefined && timeMs < last.timeMs + intervalMs) return;
      noteReturns(history, counters.filePages);
      const returnedPages = counters.filePages === null ? null : history.returnedPages;
      const { majorFaults, psiSomeUs } = counters;
      samples.push({ timeMs, majorFaults, psiSomeUs, returnedPages });
      while (samples.length > 2 && samples[0]!.timeMs < timeMs - windowMs) samples.shift();
    },
    noteAdvised(key, filePages) {
      const history = targets.get(key);
      if (history === undefined) return;
      history.awayPages += filePages;
      if (history.filePages !== null) history.filePages = Math.max(0, history.filePages - filePages);
    },
    read(key) {
      const samples = targets.get(key)?.samples ?? [];
      const psiUsPerMs = worstRate(samples, 'psiSomeUs');
      return {
        swapInFraction: null,
        majorFaultFraction: toFraction(worstRate(samples, 'majorFaults'), majorFaultUs),
        refaultFraction: toFraction(worstRate(samples, 'returnedPages'), REFAULT_PAGE_US),
        psiFraction: toFraction(psiUsPerMs, 1) ?? host.read().someFraction,
      };
    },
  };
}

// Only as many pages as were sent away can come back; growth beyond that is the target's own doing.
function noteReturns(history: TargetHistory, filePages: number | null): void {
  const growth = filePages === null || history.filePages === null ? 0 : filePages - history.filePages;
  const returned = Math.min(history.awayPages, Math.max(0, growth));
  history.awayPages -= returned;
  history.returnedPages += returned;
  history.filePages = filePages;
}

const toFraction = (perMs: number | null, costUs: number): number | null =>
  perMs === null ? null : (perMs * costUs) / 1000;

function forgetOld(targets: Map<string, TargetHistory>, beforeMs: number): void {
  for (const [key, { samples }] of targets) {
    if ((samples.at(-1)?.timeMs ?? 0) < beforeMs) targets.delete(key);
  }
}

type Counter = Exclude<keyof TargetSample, 'timeMs'>;

// The worse of the last interval and the whole window: backs off at once, recovers slowly.
function worstRate(samples: readonly TargetSample[], counter: Counter): number | null {
  const last = samples.at(-1);
  if (last === undefined || samples.length < 2) return null;
  return maxOrNull(rate(samples[0]!, last, counter), rate(samples.at(-2)!, last, counter));
}

function rate(from: TargetSample, to: TargetSample, counter: Counter): number | null {
  const a = from[counter];
  const b = to[counter];
  if (a === null || b === null || b < a || to.timeMs <= from.timeMs) return null;
  return (b - a) / (to.timeMs - from.timeMs);
}
