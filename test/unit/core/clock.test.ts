import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/index.ts';

describe('systemClock', () => {
  it('monotonicMs() never runs backwards', () => {
    const times = Array.from({ length: 1000 }, () => systemClock.monotonicMs());
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('nowMs() is the wall time', () => {
    const before = Date.now();
    expect(systemClock.nowMs()).toBeGreaterThanOrEqual(before);
  });

  it('sleep() rejects when aborted', async () => {
    const signal = AbortSignal.abort();
    await expect(systemClock.sleep(60_000, signal)).rejects.toMatchObject({ name: 'AbortError' });
  });
});
