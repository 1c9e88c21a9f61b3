// Samples on a fixed grid of monotonic time, so that no delay ever shifts the later ticks.
import { isRuvectorError, systemClock } from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import type { Collector, Sample } from './collector.ts';
import { rateError } from './errors.ts';

/** Options of {@link sampleAtRate}. */
export interface SampleAtRateOptions {
  readonly collector: Pick<Collector, 'sample'>;
  /** Samples a second, 0.1 to 50. */
  readonly hz: number;
  /** Told of each sample that failed. */
  readonly onSkip?: (error: unknown) => void;
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
  /** Samples that failed. Nothing comes for them, and those after them come in time. */
  readonly skipped: number;
}

/**
 * Samples until the signal aborts or the consumer leaves. A sample that fails is skipped and counted.
 * @throws RuvectorError `ERR_COLLECT_RATE` at once for a rate outside 0.1 to 50 Hz; `ERR_COLLECT_CLOSED` once the
 *   collector is closed
 */
export function sampleAtRate(options: SampleAtRateOptions): SampleStream {
  const { collector, hz, signal, onSkip, clock = systemClock } = options;
  if (!(hz >= 0.1 && hz <= 50)) throw rateError(hz);
  const periodMs = 1000 / hz;
  let missed = 0;
  let skipped = 0;

  async function sampleOrSkip(): Promise<Sample | null> {
    try {
      return await collector.sample();
    } catch (error) {
      if (isRuvectorError(error, 'ERR_COLLECT_CLOSED')) throw error;
      skipped++;
      onSkip?.(error);
      return null;
    }
  }

  async function* ticks(): AsyncGenerator<Sample, void> {
    const startMs = clock.monotonicMs();
    for (let tick = 0; !isAborted(signal);) {
      const sample = await sampleOrSkip();
      if (sample) yield sample;
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
    get skipped() {
      return skipped;
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
