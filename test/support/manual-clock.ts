// A clock that moves only when told, so that unit tests never sleep.
import type { Clock } from '../../src/core/index.ts';

/** A clock under the test's control. */
export interface ManualClock extends Clock {
  /** Moves time on and wakes every sleeper whose time has come, in order. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock by so much: forward, or back when negative. No time passes. */
  step(ms: number): void;
  /** The host sleeps: wall and boot clock go on, the monotonic one and every timer stand still. */
  suspend(ms: number): void;
}

interface Sleeper {
  readonly wakeMs: number;
  readonly wake: () => void;
}

/** Builds a clock that stands at `startMs`. */
export function createManualClock(startMs = 1_000_000): ManualClock {
  let timeMs = startMs;
  let steppedMs = 0;
  let sleptMs = 0;
  let sleepers: Sleeper[] = [];
  return {
    nowMs: () => timeMs + steppedMs + sleptMs,
    monotonicMs: () => timeMs,
    bootMs: () => timeMs + sleptMs,
    step: (ms) => void (steppedMs += ms),
    suspend: (ms) => void (sleptMs += ms),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { wakeMs: timeMs + ms, wake: resolve };
        const abort = (): void => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          reject(signal?.reason as Error);
        };
        if (signal?.aborted === true) return abort();
        signal?.addEventListener('abort', abort, { once: true });
        sleepers.push(sleeper);
      }),
    async advance(ms) {
      const endMs = timeMs + ms;
      for (;;) {
        await settle();
        const next = sleepers.toSorted((a, b) => a.wakeMs - b.wakeMs)[0];
        if (next === undefined || next.wakeMs > endMs) break;
        timeMs = next.wakeMs;
        sleepers = sleepers.filter((other) => other !== next);
        next.wake();
      }
      timeMs = endMs;
      await settle();
    },
  };
}

/** Lets promises that are ready run on; no time passes. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}
