import { describe, expect, it } from 'vitest';
import { runSampling, withOwnRefaults } from '../../../../src/app/host/sampling.ts';
import { SamplingHealth } from '../../../../src/app/host/sampling-health.ts';
import { buildFeatureSpec } from '../../../../src/prepare/index.ts';
import { fixtureRoots } from '../../../support/collect/proc-fixtures.ts';
import { snapshot } from '../../../support/memory-rows.ts';

const memory = snapshot({ own_refault_file: null, own_refault_anon: null, pswpin: 7 });
const sample = { memory, monotonicMs: 5, processes: null, health: [] };

describe('withOwnRefaults()', () => {
  it('fills the columns of the optimizer and leaves the rest', () => {
    const filled = withOwnRefaults(sample, { filePages: 12, anonPages: 0 });
    expect(filled).toEqual({
      ...sample,
      memory: { ...memory, own_refault_file: 12, own_refault_anon: 0 },
    });
    expect(Object.keys(filled.memory)).toEqual(Object.keys(memory));
  });

  it('leaves them null where no optimizer tells', () => {
    expect(withOwnRefaults(sample, null)).toBe(sample);
  });
});

describe('runSampling()', () => {
  const config = { hz: 50, processIntervalMs: 10_000 };
  const spec = buildFeatureSpec({ intervalMs: 20 });

  /** Samples until `isDone`; each sample goes to `onSample` with its number. */
  async function runWith(
    procfs: string,
    isDone: (health: SamplingHealth) => boolean,
    work: { onSample?: (index: number) => void; ownRefaults?: (index: number) => null },
  ): Promise<{ health: SamplingHealth; seen: number }> {
    const health = new SamplingHealth(() => done());
    const abort = new AbortController();
    const done = (): void => void (isDone(health) && abort.abort());
    let seen = 0;
    await runSampling({
      config: { ...config, procfs },
      spec,
      signal: abort.signal,
      health,
      lastActionMs: () => null,
      ownRefaults: () => work.ownRefaults?.(seen) ?? null,
      onSample: async () => {
        seen++;
        done();
        work.onSample?.(seen);
      },
    });
    return { health, seen };
  }

  it('goes on when storing a sample throws', async () => {
    const { procRoot } = fixtureRoots('modern');
    const { health, seen } = await runWith(procRoot, ({ samples }) => samples >= 8, {
      onSample: (index) => {
        if (index % 2 === 0) throw new Error(`no room for ${index}`);
      },
    });
    expect(seen).toBe(8);
    expect(health.skipped).toMatchObject({ count: 4, last: { stage: 'store', reason: 'no room for 8' } });
  });

  it('hands a sample on without features when these throw', async () => {
    const { procRoot } = fixtureRoots('modern');
    const { health, seen } = await runWith(procRoot, ({ samples }) => samples >= 5, {
      ownRefaults: () => {
        throw new Error('no optimizer');
      },
    });
    expect(seen).toBe(5);
    expect(health.skipped).toMatchObject({ count: 5, last: { stage: 'features' } });
  });

  it('keeps sampling a host that gives no total, and counts', async () => {
    const { procRoot } = fixtureRoots('no-memory');
    const { health, seen } = await runWith(procRoot, ({ skipped }) => skipped.count >= 1, {});
    expect(seen).toBe(0);
    expect(health.skipped).toMatchObject({ last: { stage: 'collect' } });
    expect(health.parts.find(({ name }) => name === 'meminfo')).toMatchObject({ success: 0 });
  });
});
