// Turns the cumulative stall counters of snapshots into shares of time over a recent window.
// PSI: https://docs.kernel.org/accounting/psi.html
import type { MemorySnapshot } from '../core/index.ts';

/** Shares of wall time, 0–1; null where the host does not count it or one snapshot is all there is. */
export interface Pressure {
  readonly someFraction: number | null;
  readonly fullFraction: number | null;
}

/** Keeps the snapshots of a window. */
export interface PressureMeter {
  /**
   * Takes the next snapshot. Time that runs backwards starts the window anew.
   * @param timeMs when it was taken, on the monotonic clock. @default its timestamp
   */
  observe(snapshot: MemorySnapshot, timeMs?: number): void;
  /** The worse of the last interval and the whole window, as oomd takes the worse of avg10 and avg60. */
  read(): Pressure;
}

interface Sample {
  readonly timeMs: number;
  readonly someUs: number | null;
  readonly fullUs: number | null;
}

/** Builds a meter. @param windowMs length of the window @param intervalMs shortest distance of samples */
export function createPressureMeter(windowMs: number, intervalMs: number): PressureMeter {
  const samples: Sample[] = [];
  return {
    observe(snapshot, timeMs = snapshot.timestamp) {
      const lastMs = samples.at(-1)?.timeMs ?? Number.NEGATIVE_INFINITY;
      if (timeMs < lastMs) samples.length = 0;
      else if (timeMs < lastMs + intervalMs) return;
      samples.push(toSample(snapshot, timeMs));
      while (samples.length > 2 && samples[0]!.timeMs < timeMs - windowMs) samples.shift();
    },
    read() {
      const first = samples[0];
      const last = samples.at(-1);
      const previous = samples.at(-2);
      if (first === undefined || last === undefined || previous === undefined) return NO_PRESSURE;
      const worse = (key: 'someUs' | 'fullUs'): number | null => {
        const usPerMs = maxOrNull(ratePerMs(first, last, key), ratePerMs(previous, last, key));
        return usPerMs === null ? null : usPerMs / 1000;
      };
      return { someFraction: worse('someUs'), fullFraction: worse('fullUs') };
    },
  };
}

const NO_PRESSURE: Pressure = { someFraction: null, fullFraction: null };

function toSample(snapshot: MemorySnapshot, timeMs: number): Sample {
  return {
    timeMs,
    someUs: snapshot.psi_memory_some_us,
    fullUs: snapshot.psi_memory_full_us,
  };
}

// A counter that runs backwards (a reboot between stored snapshots) says nothing.
function ratePerMs(from: Sample, to: Sample, key: 'someUs' | 'fullUs'): number | null {
  const a = from[key];
  const b = to[key];
  if (a === null || b === null || b < a || to.timeMs <= from.timeMs) return null;
  return (b - a) / (to.timeMs - from.timeMs);
}

/** The larger of two, where null means unknown. */
export function maxOrNull(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.max(a, b);
}
