import { describe, expect, test } from 'vitest';
import { createOutcomeTracker } from '../../../src/optimize/index.ts';
import { createDriftMeter } from '../../../src/optimize/outcome-tracker.ts';
import type { DriftMeter } from '../../../src/optimize/outcome-tracker.ts';
import { parsePerCpuFreePages } from '../../../src/optimize/per-cpu-free.ts';
import { createManualClock } from '../../support/manual-clock.ts';

const nobody = () => Promise.resolve(null);

function buildTracker(freeKib: () => number) {
  const clock = createManualClock(0);
  const readLevels = () => Promise.resolve({ freeKib: freeKib(), memAvailableKib: 5000, swapCachedKib: 0 });
  const tracker = createOutcomeTracker({
    readers: { readLevels, readPerCpuFreeKib: () => Promise.resolve(7) },
    clock,
    windowMs: 1000,
  });
  return { clock, tracker };
}

describe('createOutcomeTracker()', () => {
  test('reports the change of MemFree less the drift of windows without action', async () => {
    let free = 10_000;
    const { clock, tracker } = buildTracker(() => free);
    // MemFree falls by 100 KiB a second by itself.
    for (let i = 0; i <= 40; i++)
      await tracker.observe({ timestamp: i * 100, mem_free_kib: 14_000 - i * 10 });
    const window = await tracker.open();
    free = 10_400;
    const closing = tracker.close(window, nobody);
    expect(tracker.endsInMs()).toBe(1000);
    await clock.advance(1000);
    const outcome = await closing;
    expect(outcome).toMatchObject({
      driftKib: -100,
      driftWindows: 4,
      freedKib: 500,
      windowMs: 1000,
      error: null,
    });
    expect(tracker.endsInMs()).toBeNull();
  });

  test('reports the plain change and no drift before any window without action', async () => {
    let free = 100;
    const { clock, tracker } = buildTracker(() => free);
    const window = await tracker.open();
    free = 50;
    const closing = tracker.close(window, nobody);
    await clock.advance(1000);
    expect(await closing).toMatchObject({ driftKib: null, driftWindows: 0, freedKib: -50 });
  });

  test('learns no drift from snapshots inside a window', async () => {
    const { clock, tracker } = buildTracker(() => 0);
    const closing = tracker.close(await tracker.open(), nobody);
    for (let i = 0; i <= 30; i++) await tracker.observe({ timestamp: i * 100, mem_free_kib: i * 9999 });
    await clock.advance(1000);
    expect((await closing).driftWindows).toBe(0);
  });

  test('attributes nothing when something else moved MemFree', async () => {
    const { clock, tracker } = buildTracker(() => 77);
    const closing = tracker.close(await tracker.open(), () => Promise.resolve('process 42 ended'));
    await clock.advance(1000);
    expect(await closing).toMatchObject({ freedKib: null, afterFreeKib: 77, error: 'process 42 ended' });
  });

  test('ends an open window at once when it is aborted, and says so', async () => {
    const { tracker } = buildTracker(() => 1);
    const abort = new AbortController();
    const closing = tracker.close(await tracker.open(), nobody, abort.signal);
    abort.abort(new Error('closed'));
    expect(await closing).toMatchObject({ freedKib: null, error: 'closed before the window ended' });
    expect(tracker.endsInMs()).toBeNull();
  });

  test('does not take memory that comes back after an action for drift', async () => {
    let free = 1_000_000;
    const { clock, tracker } = buildTracker(() => free);
    const observe = (): Promise<void> => tracker.observe({ timestamp: clock.nowMs(), mem_free_kib: free });
    const wait = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 100) {
        await clock.advance(100);
        await observe();
      }
    };
    await wait(5000); // nothing moves by itself
    const freed: (number | null)[] = [];
    for (let action = 0; action < 12; action++) {
      const window = await tracker.open();
      free += 300_000;
      const closing = tracker.close(window, nobody);
      await clock.advance(1000);
      freed.push((await closing).freedKib);
      free -= 300_000; // the target faults all of it back within the next second
      await wait(1000);
    }
    expect(new Set(freed)).toEqual(new Set([300_000]));
  });

  test('opens again after the levels could not be read once', async () => {
    const clock = createManualClock(0);
    let reads = 0;
    const readLevels = () =>
      reads++ === 0
        ? Promise.reject(new Error('EIO'))
        : Promise.resolve({ freeKib: 1, memAvailableKib: 1, swapCachedKib: 0 });
    const tracker = createOutcomeTracker({
      readers: { readLevels, readPerCpuFreeKib: () => Promise.resolve(0) },
      clock,
      windowMs: 10,
    });
    await expect(tracker.open()).rejects.toThrow('EIO');
    expect(tracker.endsInMs()).toBeNull();
  });

  test('reports a host that cannot be read as data', async () => {
    const clock = createManualClock(0);
    let reads = 0;
    const readLevels = () =>
      reads++ === 0
        ? Promise.resolve({ freeKib: 1, memAvailableKib: 1, swapCachedKib: 0 })
        : Promise.reject(new Error('meminfo is gone'));
    const tracker = createOutcomeTracker({
      readers: { readLevels, readPerCpuFreeKib: () => Promise.resolve(7) },
      clock,
      windowMs: 10,
    });
    const closing = tracker.close(await tracker.open(), nobody);
    await clock.advance(10);
    expect(await closing).toMatchObject({ freedKib: null, error: 'meminfo is gone' });
  });
});

/** As the tracker does: the level is read only when it is due. */
function feed(meter: DriftMeter, timeMs: number, freeKib: number): void {
  if (meter.isDue(timeMs)) meter.observe(timeMs, freeKib);
}

describe('createDriftMeter()', () => {
  test('takes the median, so that one burst does not shift it', () => {
    const meter = createDriftMeter(1000, 20);
    const moves = [10, 12, -900_000, 11, 13];
    let free = 0;
    feed(meter, 0, free);
    moves.forEach((move, i) => feed(meter, (i + 1) * 1000, (free += move)));
    expect(meter.read(1000)).toEqual({ kib: 11, windows: 5 });
    expect(meter.read(2000).kib).toBe(22);
  });

  test('does not count a window with a hole in it', () => {
    const meter = createDriftMeter(1000, 20);
    feed(meter, 0, 0);
    feed(meter, 5000, 99);
    expect(meter.read(1000)).toEqual({ kib: null, windows: 0 });
  });
});

test('parsePerCpuFreePages() adds up the lists of every CPU and zone, and nothing else', () => {
  const zone = (a: number, b: number): string =>
    `Node 0, zone   Normal\n  pages free     99999\n        high     77\n  pagesets\n    cpu: 0\n` +
    `              count:    ${a}\n              high:     3379\n              batch:    63\n` +
    `  vm stats threshold: 24\n    cpu: 1\n              count:    ${b}\n              high:     3379\n`;
  expect(parsePerCpuFreePages(zone(12, 30) + zone(0, 5))).toBe(47);
  expect(parsePerCpuFreePages('')).toBe(0);
});
