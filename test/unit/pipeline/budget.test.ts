// Leases of the memory budget: never more out than the limit, first come first served.
import { describe, expect, it } from 'vitest';
import { createMemoryBudget } from '../../../src/pipeline/index.ts';
import type { MemoryLease } from '../../../src/pipeline/index.ts';
import { createPrintedRandom } from '../../support/random.ts';

/** Lets every continuation that is ready run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A request that tells when it is served. */
function request(
  budget: ReturnType<typeof createMemoryBudget>,
  bytes: number,
  signal?: AbortSignal,
): { lease: MemoryLease | null; error: unknown } {
  const asked: { lease: MemoryLease | null; error: unknown } = { lease: null, error: null };
  void budget.lease(bytes, signal).then(
    (lease) => (asked.lease = lease),
    (error: unknown) => (asked.error = error),
  );
  return asked;
}

describe('createMemoryBudget()', () => {
  it('gives leases up to the limit and takes them back once', async () => {
    const budget = createMemoryBudget(100);
    const first = await budget.lease(60);
    const second = await budget.lease(40);
    expect([budget.usedBytes, budget.peakBytes, budget.tryLease(1)]).toEqual([100, 100, null]);
    first.release();
    first.release();
    second.shrink(10);
    expect([budget.usedBytes, second.bytes, first.bytes]).toEqual([10, 10, 0]);
    second.shrink(30);
    expect([budget.usedBytes, budget.peakBytes]).toEqual([10, 100]);
  });

  it('serves a large request before small ones that came later', async () => {
    const budget = createMemoryBudget(100);
    const held = await budget.lease(50);
    const large = request(budget, 100);
    const small = request(budget, 1);
    await settle();
    expect([large.lease, small.lease, budget.tryLease(1)]).toEqual([null, null, null]);
    held.release();
    await settle();
    expect([large.lease?.bytes, small.lease]).toEqual([100, null]);
    large.lease!.release();
    await settle();
    expect(small.lease?.bytes).toBe(1);
  });

  it('serves those behind a request that is aborted', async () => {
    const budget = createMemoryBudget(100);
    await budget.lease(50);
    const abort = new AbortController();
    const large = request(budget, 60, abort.signal);
    const small = request(budget, 50);
    const reason = new Error('stopped');
    abort.abort(reason);
    await settle();
    expect([large.error, small.lease?.bytes, budget.usedBytes]).toEqual([reason, 50, 100]);
    await expect(budget.lease(1, abort.signal)).rejects.toBe(reason);
  });

  it('refuses what could never be served', async () => {
    const budget = createMemoryBudget(100);
    const code = 'ERR_PIPELINE_BUDGET';
    await expect(budget.lease(101)).rejects.toMatchObject({ code });
    await expect(budget.lease(-1)).rejects.toMatchObject({ code });
    await expect(budget.lease(0.5)).rejects.toMatchObject({ code });
    expect(() => budget.tryLease(Number.NaN)).toThrow(expect.objectContaining({ code }));
    for (const limit of [0, -1, 1.5, Infinity, Number.NaN]) {
      expect(() => createMemoryBudget(limit)).toThrow(expect.objectContaining({ code }));
    }
    expect(budget.usedBytes).toBe(0);
  });

  it('never has more out than its limit when leases come and go at random', async () => {
    const random = createPrintedRandom('budget');
    for (let run = 0; run < 200; run++) await runSchedule(random);
  });
});

/** One random schedule: checked after each step, and everything served or aborted at its end, in order. */
async function runSchedule(random: () => number): Promise<void> {
  const below = (limit: number): number => Math.floor(random() * limit);
  const limit = 1 + below(1000);
  const budget = createMemoryBudget(limit);
  const held: MemoryLease[] = [];
  const asked: { number: number; abort: AbortController; done: Promise<void> }[] = [];
  const served: number[] = [];
  const check = (): void => {
    const out = held.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(budget.usedBytes).toBeLessThanOrEqual(limit);
    expect(budget.usedBytes).toBeGreaterThanOrEqual(out);
    expect(budget.peakBytes).toBeLessThanOrEqual(limit);
  };
  const ask = (number: number): void => {
    const abort = new AbortController();
    const take = (lease: MemoryLease): void => {
      held.push(lease);
      served.push(number);
    };
    const done = budget.lease(below(limit + 1), abort.signal).then(take, () => {});
    asked.push({ number, abort, done });
  };
  const steps: ((number: number) => unknown)[] = [
    ask,
    ask,
    () => held.splice(below(held.length), 1)[0]?.release(),
    () => held[below(held.length)]?.shrink(below(limit)),
    () => asked[below(asked.length)]?.abort.abort(),
    () => settle(),
    () => {
      const lease = budget.tryLease(below(limit + 1));
      if (lease) held.push(lease);
    },
  ];
  for (let number = 0; number < 60; number++) {
    await steps[below(steps.length)]!(number);
    check();
  }
  // Whoever waits is served once leases come back: nobody starves.
  const all = Promise.all(asked.map(({ done }) => done)).then(() => true);
  while (!(await Promise.race([all, settle()]))) {
    for (const lease of held.splice(0)) lease.release();
    check();
  }
  for (const lease of held.splice(0)) lease.release();
  expect(budget.usedBytes).toBe(0);
  expect(served).toEqual(served.toSorted((a, b) => a - b));
}
