// Samples on a fixed grid of monotonic time, so that no delay ever shifts the later ticks.
import { systemClock } from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import type { Collector, Sample } from './collector.ts';
import { rateError } from './errors.ts';

/** Options of {@link sampleAtRate}. */
export interface SampleAtRateOptions {
  readonly collector: Pick<Collector, 'sample'>;
  /** Samples a second, 0.1 to 50. */
  readonly hz: number;
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal;
  /** @default the host's clock */
  readonly clock?: Clock;
}

/** Samples over time. The first comes at once, the others on the grid that starts with it. */
export interface SampleStream extends AsyncIterable<Sample> {
  /**
   * Grid points passed over so far because the sample before or its consumer was late. Nothing is
   * queued: a slow consumer gets fewer samples, never old ones.
   */
  readonly missed: number;
}

/**
 * Samples until the signal aborts or the consumer leaves. A failure of the collector ends the iteration with it.
 * @throws RuvectorError `ERR_COLLECT_RATE` at once for a rate outside 0.1 to 50 Hz
 */
export function sampleAtRate(options: SampleAtRateOptions): SampleStream {
  const { collector, hz, signal, clock = systemClock } = options;
  if (!(hz >= 0.1 && hz <= 50)) throw rateError(hz);
  const periodMs = 1000 / hz;
  let missed = 0;

  async function* ticks(): AsyncGenerator<Sample, void> {
    const startMs = clock.monotonicMs();
    for (let tick = 0; !isAborted(signal);) {
      yield await collector.sample();
      const next = nextTick(tick, clock.monotonicMs() - startMs, periodMs);
      missed += next - tick - 1;
      tick = next;
      await sleepUntil(startMs + tick * periodMs, clock, signal);
    }
  }

  return {
    get missed() {
      return missed;
    },
    [Symbol.asyncIterator]: ticks,
  };
}

/** The first grid point after `tick` that is not yet past at `elapsedMs`. */
export function nextTick(tick: number, elapsedMs: number, periodMs: number): number {
  return Math.max(tick + 1, Math.ceil(elapsedMs / periodMs));
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted ?? false;
}

// Timers count whole milliseconds; rounding up keeps a sample from coming before its grid point.
async function sleepUntil(atMs: number, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  const waitMs = Math.ceil(atMs - clock.monotonicMs());
  if (waitMs <= 0) return;
  try {
    await clock.sleep(waitMs, signal);
  } catch (error) {
    if (!isAborted(signal)) throw error;
  }
}
