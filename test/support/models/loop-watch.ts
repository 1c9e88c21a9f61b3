// How long an event loop is held up: the longest time between two turns by the wall clock (monitorEventLoopDelay),
// and the most CPU time of its thread between two ticks of 5 ms, which other work of the machine does not touch.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const TICK_MS = 5;

/** What was seen. */
export interface LoopDelays {
  readonly maxMs: number;
  readonly maxCpuMs: number;
}

/** Watches this thread's loop while `work` runs. */
export async function watchLoop(work: () => Promise<unknown>): Promise<LoopDelays> {
  const delays = monitorEventLoopDelay({ resolution: TICK_MS });
  let maxCpuMs = 0;
  let before = process.threadCpuUsage();
  const tick = (): void => {
    const now = process.threadCpuUsage();
    maxCpuMs = Math.max(maxCpuMs, (now.user + now.system - before.user - before.system) / 1000);
    before = now;
  };
  const timer = setInterval(tick, TICK_MS);
  delays.enable();
  try {
    await work();
    // What the work left to the loop is part of it.
    await new Promise((resolve) => setTimeout(resolve, 4 * TICK_MS));
  } finally {
    delays.disable();
    clearInterval(timer);
  }
  tick();
  return { maxMs: delays.max / 1e6, maxCpuMs };
}
