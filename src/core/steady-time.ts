// Wall time without its steps: what live windows run on. As long as nobody sets the clock it is the wall time
// itself, to the millisecond, so that a training set over stored timestamps sees the same numbers.
import { bootMsOf } from './clock.ts';
import type { Clock } from './clock.ts';

/** One reading of wall and monotonic time, taken together. */
export interface Instant {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** A step of the wall clock between two readings. */
export interface ClockStep {
  /** How far it moved beyond the time that passed; negative when it was set back. */
  readonly byMs: number;
}

/** Maps readings to steady time. */
export interface SteadyTime {
  /** Steady time of a reading. Readings should come in order; an earlier one is placed before the newest. */
  at(instant: Instant): number;
}

/** Rounding, slewing and a delay between the two readings stay below it. */
const LEAST_STEP_MS = 50;
/** What adjtimex may slew a second, and ten times that. */
const SLEW_SHARE = 0.005;
/** Less than that is jitter between two clocks that are read one after the other. */
const LEAST_SLEEP_MS = 1000;

/**
 * Builds the time, which begins with the first reading.
 * @param onStep told of each step; must not throw
 */
export function createSteadyTime(
  clock: Pick<Clock, 'monotonicMs' | 'bootMs'>,
  onStep: (step: ClockStep) => void = () => undefined,
): SteadyTime {
  let last: (Instant & { steadyMs: number }) | null = null;
  const sleptMs = createSleepMeter(clock);
  return {
    at({ wallMs, monotonicMs }) {
      if (last === null) {
        sleptMs();
        last = { wallMs, monotonicMs, steadyMs: wallMs };
        return wallMs;
      }
      const [byWall, byMonotonic] = [wallMs - last.wallMs, monotonicMs - last.monotonicMs];
      if (byMonotonic < 0) return last.steadyMs + byMonotonic;
      const passedMs = isSame(byWall, byMonotonic) ? byMonotonic : byMonotonic + sleptMs();
      const isStepped = !isSame(byWall, passedMs);
      if (isStepped) onStep({ byMs: Math.round(byWall - passedMs) });
      const steadyMs = last.steadyMs + (isStepped ? Math.round(passedMs) : byWall);
      last = { wallMs, monotonicMs, steadyMs };
      return steadyMs;
    },
  };
}

function isSame(aMs: number, bMs: number): boolean {
  return Math.abs(aMs - bMs) <= LEAST_STEP_MS + SLEW_SHARE * Math.abs(bMs);
}

/** Time the host slept since it was asked last: CLOCK_MONOTONIC stood still, the boot clock did not. */
function createSleepMeter(clock: Pick<Clock, 'monotonicMs' | 'bootMs'>): () => number {
  let beforeMs: number | null = null;
  return () => {
    const aheadMs = bootMsOf(clock) - clock.monotonicMs();
    const slept = beforeMs === null ? 0 : aheadMs - beforeMs;
    beforeMs = aheadMs;
    return slept >= LEAST_SLEEP_MS ? slept : 0;
  };
}
