// How many workers a transform gets, on a clock of the test's own.
import { describe, expect, it } from 'vitest';
import { buildPoolSizer } from '../../../src/pipeline/workers/pool-sizer.ts';
import type { PoolSizer } from '../../../src/pipeline/workers/pool-sizer.ts';

const BATCH_MS = 10;

/** Workers on a machine of so many cores, with more batches than they can do, or one in so many ms. */
function createLoad(maxWorkers: number, cores: number) {
  const sizer = buildPoolSizer(maxWorkers);
  let nowMs = 0;
  let turn = 0;
  const work = (forMs: number, everyMs?: number): PoolSizer => {
    for (const endMs = nowMs + forMs; nowMs < endMs;) {
      const speed = Math.min(sizer.workers, cores);
      const paceMs = BATCH_MS / speed;
      nowMs += Math.max(paceMs, everyMs ?? 0);
      const hasWaiting = everyMs === undefined || everyMs < paceMs;
      sizer.observe(
        {
          rows: 100,
          busyMs: (BATCH_MS * sizer.workers) / speed,
          threadId: turn++ % sizer.workers,
          hasWaiting,
        },
        nowMs,
      );
    }
    return sizer;
  };
  return { sizer, work };
}

describe('buildPoolSizer()', () => {
  it('observe() adds workers while batches wait and rows per second rise with each', () => {
    expect(createLoad(4, 4).work(6000).workers).toBe(4);
    expect(createLoad(3, 8).work(6000).workers).toBe(3);
  });

  it('observe() keeps no worker that brings nothing, and tries again more and more seldom', () => {
    const { sizer, work } = createLoad(8, 2);
    expect(work(4000).workers).toBeLessThanOrEqual(3);
    const tried = Array.from({ length: 400 }, () => work(100).workers);
    expect(tried.filter((workers) => workers === 3).length).toBeLessThan(20);
    expect(sizer.workers).toBeGreaterThanOrEqual(2);
    expect(tried.every((workers) => workers === 2 || workers === 3)).toBe(true);
  });

  it('observe() gives workers up when few batches come, and takes them again when many do', () => {
    const { work } = createLoad(4, 4);
    work(6000);
    expect(work(12_000, 50).workers).toBe(1);
    expect(work(12_000).workers).toBe(4);
  });

  it('observe() stays at one worker where no batch waits', () => {
    expect(createLoad(4, 4).work(3000, 12).workers).toBe(1);
  });

  it('observe() does not wait for ever for a worker that never comes', () => {
    const sizer = buildPoolSizer(2);
    const sizes: number[] = [];
    for (let nowMs = 0; nowMs < 60_000; nowMs += BATCH_MS) {
      sizer.observe({ rows: 100, busyMs: BATCH_MS, threadId: 1, hasWaiting: true }, nowMs);
      if (sizes.at(-1) !== sizer.workers) sizes.push(sizer.workers);
    }
    expect(sizes.slice(0, 4)).toEqual([1, 2, 1, 2]);
  });
});
