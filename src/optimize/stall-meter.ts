// Measures the stall of each target between ticks: major faults of the process, PSI of the cgroup,
// refaults and PSI of the host. Holds the last seconds only.
import type { MemorySnapshot } from '../core/index.ts';
import type { StallReading } from './how-much.ts';
import { createPressureMeter, maxOrNull } from './pressure-meter.ts';

/**
 * Measured costs, µs. A major fault that reads 4 KiB from disk: 32 (swap file) and, for a file,
 * at most 180 with its read-ahead; the larger is taken, so the law backs off early rather than late.
 */
export const MAJOR_FAULT_US = 180;
/** Measured: 256 MiB of clean file pages touched again after page-out: 65,536 pages in 140 ms. */
export const REFAULT_PAGE_US = 2.1;

/** Keeps counters by target. */
export interface StallMeter {
  observeHost(snapshot: MemorySnapshot): void;
  /** Notes a target's cumulative counters. */
  observeTarget(key: string, timeMs: number, counters: TargetCounters): void;
  read(key: string): StallReading;
}

/** Cumulative counters of one target; null where it has none. */
export interface TargetCounters {
  readonly majorFaults: number | null;
  readonly psiSomeUs: number | null;
}

interface TargetSample extends TargetCounters {
  readonly timeMs: number;
}

/** Builds a meter over the last `windowMs`, sampling no closer than `intervalMs`. */
export function createStallMeter(windowMs = 10_000, intervalMs = 250): StallMeter {
  const host = createPressureMeter(windowMs, intervalMs);
  const targets = new Map<string, TargetSample[]>();
  return {
    observeHost: (snapshot) => host.observe(snapshot),
    observeTarget(key, timeMs, counters) {
      forgetOld(targets, timeMs - 6 * windowMs);
      const samples = targets.get(key) ?? [];
      targets.set(key, samples);
      const last = samples.at(-1);
      if (last !== undefined && timeMs < last.timeMs + intervalMs) return;
      samples.push({ timeMs, ...counters });
      while (samples.length > 2 && samples[0]!.timeMs < timeMs - windowMs) samples.shift();
    },
    read(key) {
      const pressure = host.read();
      const samples = targets.get(key) ?? [];
      const refaults = pressure.refaultsPerSecond;
      const faultsPerMs = worstRate(samples, 'majorFaults');
      const psiUsPerMs = worstRate(samples, 'psiSomeUs');
      return {
        swapInFraction: null,
        majorFaultFraction: faultsPerMs === null ? null : (faultsPerMs * MAJOR_FAULT_US) / 1000,
        refaultFraction: refaults === null ? null : (refaults * REFAULT_PAGE_US) / 1e6,
        psiFraction: psiUsPerMs === null ? pressure.someFraction : psiUsPerMs / 1000,
      };
    },
  };
}

function forgetOld(targets: Map<string, TargetSample[]>, beforeMs: number): void {
  for (const [key, samples] of targets) {
    if ((samples.at(-1)?.timeMs ?? 0) < beforeMs) targets.delete(key);
  }
}

// The worse of the last interval and the whole window: backs off at once, recovers slowly.
function worstRate(samples: readonly TargetSample[], counter: keyof TargetCounters): number | null {
  const last = samples.at(-1);
  if (last === undefined || samples.length < 2) return null;
  return maxOrNull(rate(samples[0]!, last, counter), rate(samples.at(-2)!, last, counter));
}

function rate(from: TargetSample, to: TargetSample, counter: keyof TargetCounters): number | null {
  const a = from[counter];
  const b = to[counter];
  if (a === null || b === null || b < a || to.timeMs <= from.timeMs) return null;
  return (b - a) / (to.timeMs - from.timeMs);
}
