// One slab, several threads.
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { createMemoryBudget, createSlab } from '../../../src/pipeline/index.ts';
import type { Slab } from '../../../src/pipeline/index.ts';
import { createPrintedRandom } from '../../support/random.ts';

const script = join(import.meta.dirname, '../../support/pipeline/slab-thread.ts');

interface Outcome {
  readonly collisions: number;
  readonly threadId: number;
}

async function runThread(
  slab: Slab,
  facts: { rounds: number; seed: number; holds: number },
): Promise<Outcome> {
  const worker = new Worker(script, { workerData: { memory: slab.memory, ...facts }, execArgv: [] });
  const exited = once(worker, 'exit');
  const [outcome] = (await once(worker, 'message')) as [Outcome];
  await exited;
  return outcome;
}

describe('createSlab()', () => {
  it('gives no slot to two threads, and all come back, when four take them at once', async () => {
    const random = createPrintedRandom('slab threads');
    const slab = await createSlab(createMemoryBudget(1 << 20), [{ slotBytes: 512, slots: 3 }]);
    const seeds = Array.from({ length: 4 }, () => Math.floor(random() * 2 ** 31));
    const outcomes = await Promise.all(
      seeds.map((seed) => runThread(slab, { rounds: 3000, seed, holds: 0 })),
    );
    expect(outcomes.map(({ collisions }) => collisions)).toEqual([0, 0, 0, 0]);
    expect(slab.freeSlots).toBe(3);
  });

  it('reclaim() frees the slots of a thread that died with them, and wakes whoever waits', async () => {
    const slab = await createSlab(createMemoryBudget(1 << 20), [{ slotBytes: 64, slots: 3 }]);
    const own = slab.tryTake(1)!;
    const { threadId } = await runThread(slab, { rounds: 10, seed: 1, holds: 2 });
    expect(slab.freeSlots).toBe(0);
    const waiting = slab.take(1);
    expect(slab.reclaim(threadId)).toBe(2);
    (await waiting).release();
    own.release();
    expect([slab.freeSlots, slab.reclaim(threadId)]).toEqual([3, 0]);
  });
});
