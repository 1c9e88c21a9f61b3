import { describe, expect, it } from 'vitest';
import type { CollectorHealth } from '../../../../src/collect/index.ts';
import { SamplingHealth } from '../../../../src/app/host/sampling-health.ts';
import { RuvectorError, systemClock } from '../../../../src/core/index.ts';

const HOUR_MS = 3_600_000;

function createHealth() {
  const clock = { ...systemClock, ms: 0, nowMs: () => 1_750_000_000_000, monotonicMs: () => clock.ms };
  const lines: string[] = [];
  return { clock, lines, health: new SamplingHealth((text) => lines.push(text), clock) };
}

const partWith = (count: number, lastText = 'SwapFree: -1 kB'): CollectorHealth => ({
  name: 'meminfo',
  success: 0,
  durationMs: 1,
  lastError: 'bad',
  failures: count,
  lastFailure: 'bad',
  badColumns: [{ column: 'swap_free_kib', count, lastText }],
});

describe('SamplingHealth', () => {
  it('counts the samples that failed and tells why the last did', () => {
    const { health } = createHealth();
    expect(health.skipped).toEqual({ count: 0, last: null });
    health.skip('collect', new Error('no memory'));
    health.skip('store', new Error('no space'));
    const last = { stage: 'store', reason: 'no space', timestamp: 1_750_000_000_000 };
    expect(health.skipped).toEqual({ count: 2, last });
  });

  it('guard() goes on after work that threw or rejected', async () => {
    const { health } = createHealth();
    await health.guard('store', () => {
      throw new Error('thrown');
    });
    await health.guard('decide', () => Promise.reject(new Error('rejected')));
    await health.guard('label', () => 'done');
    expect(health.skipped).toMatchObject({ count: 2, last: { stage: 'decide', reason: 'rejected' } });
  });

  it('logs the first failure of a stage, and what follows once an hour with its number', () => {
    const { clock, lines, health } = createHealth();
    for (let i = 0; i < 100; i++) health.skip('collect', new Error('no memory'));
    health.skip('store', new Error('no space'));
    expect(lines).toEqual([
      'sample skipped (collect, 1 so far): no memory',
      'sample skipped (store, 1 so far): no space',
    ]);
    clock.ms += HOUR_MS;
    health.skip('collect', new Error('no memory'));
    health.skip('collect', new Error('no memory'));
    expect(lines.slice(2)).toEqual(['sample skipped (collect, 101 so far): no memory']);
  });

  it('logs one line a column, and again after an hour only if there were more', () => {
    const { clock, lines, health } = createHealth();
    for (let count = 1; count < 50; count++) health.take([partWith(count)], 0);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(
      'meminfo gave 1 unusable values for "swap_free_kib", the last "SwapFree: -1 kB"',
    );
    clock.ms += HOUR_MS;
    health.take([partWith(50)], 0);
    expect(lines[1]).toContain('gave 50 unusable values');
    clock.ms += HOUR_MS;
    health.take([partWith(50)], 3);
    expect(lines).toHaveLength(2);
    expect(health).toMatchObject({ samples: 51, missed: 3 });
  });

  it('shows the parts of a skipped sample too', () => {
    const { health } = createHealth();
    health.skip(
      'collect',
      new RuvectorError('ERR_COLLECT_NO_MEMORY', 'none', { details: { health: [partWith(1)] } }),
    );
    expect(health.parts).toEqual([partWith(1)]);
    health.skip('collect', new RuvectorError('ERR_STORE_IO', 'none', { details: {} }));
    expect(health.parts).toEqual([partWith(1)]);
  });
});
