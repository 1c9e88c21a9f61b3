import { describe, expect, it } from 'vitest';
import { buildBatchPool } from '../../../src/bridge/batch-pool.ts';

describe('buildBatchPool()', () => {
  it('lends memory again after release, last in first out', () => {
    const pool = buildBatchPool(2 ** 20);
    const [first, second] = [pool.take(10_000), pool.take(10_000)];
    first.release();
    second.release();
    expect(pool.take(10_000).bytes).toBe(second.bytes);
    expect(pool.take(9_000).bytes).toBe(first.bytes);
  });

  it('never lends memory again that was discarded', () => {
    const pool = buildBatchPool(2 ** 20);
    const slot = pool.take(10_000);
    slot.discard();
    expect(pool.take(10_000).bytes).not.toBe(slot.bytes);
  });

  it('gives at least the size asked for and wastes at most an eighth above 32 KiB', () => {
    const pool = buildBatchPool(0);
    for (const size of [1, 4096, 4097, 40_000, 2 ** 20, 2 ** 20 + 64, 4_194_880]) {
      const { length } = pool.take(size).bytes;
      expect(length).toBeGreaterThanOrEqual(size);
      if (size > 32_768) expect(length).toBeLessThanOrEqual(size * 1.126);
    }
  });

  it('counts loans once, however often they end', () => {
    const pool = buildBatchPool(2 ** 20);
    const slot = pool.take(10_000);
    expect(pool.stats()).toMatchObject({ slotsInUse: 1, bytesInUse: slot.bytes.length });
    slot.release();
    slot.release();
    slot.discard();
    expect(pool.stats()).toEqual({ slotsInUse: 0, bytesInUse: 0, idleBytes: slot.bytes.length });
  });

  it('keeps no more idle memory than it may', () => {
    const pool = buildBatchPool(100_000);
    const slots = [pool.take(65_536), pool.take(65_536)];
    for (const slot of slots) slot.release();
    expect(pool.stats().idleBytes).toBe(65_536);
  });
});
