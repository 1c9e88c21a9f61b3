// Measures the stall of each target between ticks: what we took and came back to it, its major faults,
// PSI of its cgroup. Holds the last seconds only.
import type { StallReading } from './how-much.ts';
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
  /** Pages that we took and that came back; null where pages cannot be followed. */
  readonly returnedFilePages: number | null;
  readonly returnedAnonPages: number | null;
}

/** Keeps counters by target. */
export interface StallMeter {
  /** Notes a target's counters. */
  observe(key: string, timeMs: number, counters: TargetCounters): void;
  read(key: string): StallReading;
}

/** Options of {@link createStallMeter}. */
export interface StallMeterOptions {
  /** @default 10000 */
  readonly windowMs?: number;
  /** Shortest distance of two samples. @default 250 */
  readonly intervalMs?: number;
  /** Where anonymous pages come back from. @default 'none' */
  readonly backend?: ReclaimBackend['kind'];
}

interface TargetSample extends TargetCounters {
  readonly timeMs: number;
}

/** Builds a meter. */
export function createStallMeter(options: StallMeterOptions = {}): StallMeter {
  const { windowMs = 10_000, intervalMs = 250, backend = 'none' } = options;
  const targets = new Map<string, TargetSample[]>();
  return {
    observe(key, timeMs, counters) {
      forgetOld(targets, timeMs - 6 * windowMs);
      const samples = targets.get(key) ?? [];
      targets.set(key, samples);
      const last = samples.at(-1);
      if (last !== undefined && timeMs < last.timeMs + intervalMs) return;
      samples.push({ timeMs, ...counters });
      while (samples.length > 2 && samples[0]!.timeMs < timeMs - windowMs) samples.shift();
    },
    read(key) {
      const samples = targets.get(key) ?? [];
      return {
        causedFraction: share(samples, (from, to) => causedUs(from, to, backend)),
        majorFaultFraction: share(samples, (from, to) =>
          scale(rise(from, to, 'majorFaults'), MAJOR_FAULT_US[backend]),
        ),
        psiFraction: share(samples, (from, to) => rise(from, to, 'psiSomeUs')),
      };
    },
  };
}

/**
 * What the return of pages cost, µs. Read-ahead hides most reads of a file from major faults (measured:
 * 65,536 pages back in 140 ms, 1 major fault), so a page costs a fault only as far as there were faults.
 */
export function returnCostUs(
  backend: ReclaimBackend['kind'],
  pages: { readonly file: number; readonly anon: number },
  majorFaults: number,
): number {
  const anonUs = pages.anon * MAJOR_FAULT_US[backend];
  const waited = Math.min(pages.file, Math.max(0, majorFaults - pages.anon));
  return anonUs + waited * MAJOR_FAULT_US.none + (pages.file - waited) * REFAULT_PAGE_US;
}

function causedUs(from: TargetSample, to: TargetSample, backend: ReclaimBackend['kind']): number | null {
  const file = rise(from, to, 'returnedFilePages');
  const anon = rise(from, to, 'returnedAnonPages');
  if (file === null || anon === null) return null;
  return returnCostUs(backend, { file, anon }, rise(from, to, 'majorFaults') ?? 0);
}

const scale = (count: number | null, costUs: number): number | null =>
  count === null ? null : count * costUs;

function forgetOld(targets: Map<string, TargetSample[]>, beforeMs: number): void {
  for (const [key, samples] of targets) {
    if ((samples.at(-1)?.timeMs ?? 0) < beforeMs) targets.delete(key);
  }
}

// Over the whole window: a few pages in one short interval are no stall.
function share(
  samples: readonly TargetSample[],
  costUs: (from: TargetSample, to: TargetSample) => number | null,
): number | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.timeMs <= first.timeMs) return null;
  const us = costUs(first, last);
  return us === null ? null : us / (1000 * (last.timeMs - first.timeMs));
}

// A counter that runs backwards says nothing.
function rise(from: TargetSample, to: TargetSample, key: keyof TargetCounters): number | null {
  const [a, b] = [from[key], to[key]];
  return a === null || b === null || b < a ? null : b - a;
}
