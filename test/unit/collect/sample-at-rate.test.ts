import { describe, expect, it } from 'vitest';
import type { Sample } from '../../../src/collect/index.ts';
import { sampleAtRate } from '../../../src/collect/index.ts';
import { nextTick } from '../../../src/collect/sample-at-rate.ts';
import { RuvectorError } from '../../../src/core/index.ts';
import type { Clock } from '../../../src/core/index.ts';
import { clockSteps, stepStartMs } from '../../support/clock-steps.ts';
import { createManualClock } from '../../support/manual-clock.ts';

/** A clock that only sleeping and `advance` move; each sleep wakes `lateMs` late. */
function createFakeClock(lateMs = 0): Clock & { advance(ms: number): void } {
  let now = 1000.25;
  return {
    nowMs: () => now,
    monotonicMs: () => now,
    advance: (ms) => void (now += ms),
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      now += ms + lateMs;
    },
  };
}

/** A collector that notes when it was asked; each sample takes `costMs(index)`. */
function createFakeCollector(clock: ReturnType<typeof createFakeClock>, costMs: (index: number) => number) {
  const times: number[] = [];
  return {
    times,
    async sample(): Promise<Sample> {
      times.push(clock.monotonicMs() - 1000.25);
      clock.advance(costMs(times.length - 1));
      return {} as Sample;
    },
  };
}

async function take(stream: AsyncIterable<Sample>, count: number, each?: (index: number) => void) {
  let taken = 0;
  for await (const _sample of stream) {
    each?.(taken);
    if (++taken === count) break;
  }
  return taken;
}

describe('sampleAtRate() with a wall clock that is set', () => {
  it.each([...clockSteps, ['while the host sleeps', null] as const])(
    'keeps to its grid: %s',
    async (_, byMs) => {
      const clock = createManualClock(stepStartMs);
      const times: number[] = [];
      const collector = {
        async sample(): Promise<Sample> {
          times.push(clock.monotonicMs() - stepStartMs);
          return {} as Sample;
        },
      };
      const abort = new AbortController();
      const stream = sampleAtRate({ collector, hz: 1, clock, signal: abort.signal });
      const running = take(stream, Infinity);
      await clock.advance(5000);
      if (byMs === null) clock.suspend(3_600_000);
      else clock.step(byMs);
      await clock.advance(5000);
      abort.abort();
      await clock.advance(1000);
      await running;
      expect(times).toEqual(Array.from({ length: 11 }, (_unused, i) => i * 1000));
      expect(stream.missed).toBe(0);
    },
  );
});

describe('sampleAtRate()', () => {
  it('keeps to the grid when every timer and every sample is late', async () => {
    const clock = createFakeClock(3.4);
    const collector = createFakeCollector(clock, () => 12);
    const stream = sampleAtRate({ collector, hz: 50, clock });
    await take(stream, 500);
    expect(stream.missed).toBe(0);
    collector.times.forEach((at, tick) => expect(Math.abs(at - tick * 20)).toBeLessThan(4.5));
  });

  it('never samples before its grid point', async () => {
    const clock = createFakeClock();
    const collector = createFakeCollector(clock, () => 0.3);
    await take(sampleAtRate({ collector, hz: 30, clock }), 50);
    collector.times.forEach((at, tick) => expect(at).toBeGreaterThanOrEqual((tick * 1000) / 30 - 1e-6));
  });

  it('skips to the next grid point after a slow sample and counts the missed ones', async () => {
    const clock = createFakeClock();
    const collector = createFakeCollector(clock, (index) => (index === 1 ? 250 : 1));
    const stream = sampleAtRate({ collector, hz: 10, clock });
    await take(stream, 4);
    expect(collector.times.map(Math.round)).toEqual([0, 100, 400, 500]);
    expect(stream.missed).toBe(2);
  });

  it('counts what a slow consumer missed and queues nothing for it', async () => {
    const clock = createFakeClock();
    const collector = createFakeCollector(clock, () => 1);
    const stream = sampleAtRate({ collector, hz: 1, clock });
    await take(stream, 3, (index) => index === 0 && clock.advance(3500));
    expect(collector.times.map(Math.round)).toEqual([0, 4000, 5000]);
    expect(stream.missed).toBe(3);
  });

  it('ends without an error when aborted while it waits', async () => {
    const abort = new AbortController();
    const clock = createFakeClock();
    const collector = createFakeCollector(clock, () => 1);
    const stream = sampleAtRate({ collector, hz: 0.1, clock, signal: abort.signal });
    expect(await take(stream, 10, (index) => index === 1 && abort.abort())).toBe(2);
  });

  it('takes no sample when aborted before it starts', async () => {
    const clock = createFakeClock();
    const collector = createFakeCollector(clock, () => 1);
    const stream = sampleAtRate({ collector, hz: 1, clock, signal: AbortSignal.abort() });
    expect(await take(stream, 10)).toBe(0);
  });

  it('skips samples that fail, counts them, and keeps the grid of the others', async () => {
    const clock = createFakeClock();
    const collector = createFakeCollector(clock, () => 1);
    const failing = new Set([0, 2, 3]);
    const errors: unknown[] = [];
    const stream = sampleAtRate({
      collector: {
        sample: async () => {
          const sample = await collector.sample();
          if (failing.has(collector.times.length - 1))
            throw new Error(`no sample ${collector.times.length - 1}`);
          return sample;
        },
      },
      hz: 10,
      clock,
      onSkip: (error) => errors.push(error),
    });
    await take(stream, 3);
    expect(collector.times.map(Math.round)).toEqual([0, 100, 200, 300, 400, 500]);
    expect(stream).toMatchObject({ missed: 0, skipped: 3 });
    expect(errors.map(String)).toEqual(['Error: no sample 0', 'Error: no sample 2', 'Error: no sample 3']);
  });

  it('ends with the error of a collector that is closed', async () => {
    const closed = new RuvectorError('ERR_COLLECT_CLOSED', 'closed');
    const stream = sampleAtRate({
      collector: { sample: () => Promise.reject(closed) },
      hz: 1,
      clock: createFakeClock(),
    });
    await expect(take(stream, 1)).rejects.toBe(closed);
  });

  it.each([0.09, 50.1, 0, -1, Number.NaN, Infinity])('refuses a rate of %d Hz at once', (hz) => {
    const collector = createFakeCollector(createFakeClock(), () => 0);
    expect(() => sampleAtRate({ collector, hz })).toThrow(
      expect.objectContaining({ code: 'ERR_COLLECT_RATE' }),
    );
  });
});

describe('nextTick()', () => {
  it('is the point after, or the first that is not past', () => {
    expect(nextTick(3, 301, 100)).toBe(4);
    expect(nextTick(3, 400, 100)).toBe(4);
    expect(nextTick(3, 401, 100)).toBe(5);
  });
});
