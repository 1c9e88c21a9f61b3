// Time as a port, so that code under test never sleeps. The wall clock can be set, so it stamps rows and
// nothing else; whatever measures a duration asks for monotonic time.
import { uptime } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Wall time, monotonic time and waiting. */
export interface Clock {
  /** Milliseconds since the Unix epoch; may step in both directions. */
  nowMs(): number;
  /** Milliseconds on CLOCK_MONOTONIC, which stands still while the host sleeps; Python's time.monotonic() reads the same clock on Linux. */
  monotonicMs(): number;
  /** Milliseconds since boot, sleep included (CLOCK_BOOTTIME). @default monotonicMs */
  bootMs?(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The host's own clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
  bootMs: () => uptime() * 1000,
  sleep: async (ms, signal) => {
    // A timer beyond 2^31 − 1 ms would fire at once.
    for (let left = ms; left > 0 || left === ms; left -= LONGEST_TIMER_MS) {
      await sleep(Math.min(left, LONGEST_TIMER_MS), undefined, signal ? { signal } : {});
    }
  },
};

/** Milliseconds since boot on any clock. */
export function bootMsOf(clock: Pick<Clock, 'monotonicMs' | 'bootMs'>): number {
  return clock.bootMs?.() ?? clock.monotonicMs();
}
