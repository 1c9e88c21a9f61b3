// Buffers that are used again, each on a lease.
import { describe, expect, it } from 'vitest';
import { createBufferPool, createMemoryBudget } from '../../../src/pipeline/index.ts';

const KIB = 1024;

describe('createBufferPool()', () => {
  it('take() gives a buffer again that came back, on the lease it has', async () => {
    const budget = createMemoryBudget(1024 * KIB);
    const pool = createBufferPool(budget);
    const first = await pool.take(100 * KIB);
    first.release();
    first.release();
    const second = await pool.take(120 * KIB);
    expect([second.buffer === first.buffer, second.buffer.byteLength]).toEqual([true, 128 * KIB]);
    expect([budget.usedBytes, pool.idleBytes]).toEqual([128 * KIB, 0]);
  });

  it('release() takes a transferred buffer back, and gives up the lease of one that is lost', async () => {
    const budget = createMemoryBudget(1024 * KIB);
    const pool = createBufferPool(budget);
    const away = await pool.take(KIB);
    const moved = structuredClone(away.buffer, { transfer: [away.buffer] });
    away.release(moved);
    expect(pool.idleBytes).toBe(64 * KIB);
    const lost = await pool.take(KIB);
    expect(lost.buffer).toBe(moved);
    structuredClone(lost.buffer, { transfer: [lost.buffer] });
    lost.release(null);
    expect([budget.usedBytes, pool.idleBytes]).toEqual([0, 0]);
  });

  it('take() drops idle buffers of other sizes when the budget has no room for a new one', async () => {
    const budget = createMemoryBudget(256 * KIB);
    const pool = createBufferPool(budget);
    (await pool.take(64 * KIB)).release();
    const whole = await pool.take(200 * KIB);
    expect([whole.buffer.byteLength, budget.usedBytes, pool.idleBytes]).toEqual([256 * KIB, 256 * KIB, 0]);
  });

  it('release() keeps no more idle than it may, and trim() nothing', async () => {
    const budget = createMemoryBudget(1024 * KIB);
    const pool = createBufferPool(budget, 128 * KIB);
    const taken = await Promise.all([pool.take(KIB), pool.take(KIB), pool.take(KIB)]);
    for (const each of taken) each.release();
    expect([pool.idleBytes, budget.usedBytes]).toEqual([128 * KIB, 128 * KIB]);
    pool.trim();
    expect([pool.idleBytes, budget.usedBytes]).toEqual([0, 0]);
  });
});
