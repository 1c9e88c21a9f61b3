// Slots of a slab as one thread sees them; several threads are in test/integration/pipeline.
import { describe, expect, it } from 'vitest';
import { attachSlab, createMemoryBudget, createSlab } from '../../../src/pipeline/index.ts';
import type { Slot } from '../../../src/pipeline/index.ts';
import { createPrintedRandom } from '../../support/random.ts';

const budgetBytes = 1 << 20;
const classes = [
  { slotBytes: 4096, slots: 2 },
  { slotBytes: 1000, slots: 2 },
];

describe('createSlab()', () => {
  it('leases all of its memory and gives it back when it is closed', async () => {
    const budget = createMemoryBudget(budgetBytes);
    const slab = await createSlab(budget, classes);
    expect(budget.usedBytes).toBe(slab.memory.buffer.byteLength);
    slab.close();
    slab.close();
    expect(budget.usedBytes).toBe(0);
  });

  it('refuses sizes that cannot be and what the budget does not hold', async () => {
    const budget = createMemoryBudget(budgetBytes);
    for (const bad of [[], [{ slotBytes: 0, slots: 1 }], [{ slotBytes: 64, slots: 1.5 }]]) {
      await expect(createSlab(budget, bad)).rejects.toMatchObject({ code: 'ERR_PIPELINE_SLOT' });
    }
    const tooLarge = createSlab(budget, [{ slotBytes: budgetBytes, slots: 1 }]);
    await expect(tooLarge).rejects.toMatchObject({ code: 'ERR_PIPELINE_BUDGET' });
    expect(budget.usedBytes).toBe(0);
  });

  it('tryTake() gives the smallest slot that fits, then larger ones, then none', async () => {
    const slab = await createSlab(createMemoryBudget(budgetBytes), classes);
    const sizes = Array.from({ length: 5 }, () => slab.tryTake(900)?.bytes.length ?? null);
    expect(sizes).toEqual([1024, 1024, 4096, 4096, null]);
    expect(slab.freeSlots).toBe(0);
    expect((await createSlab(createMemoryBudget(budgetBytes), classes)).tryTake(4097)).toBeNull();
  });

  it('take() waits for a slot, in order, and not behind an abort', async () => {
    const slab = await createSlab(createMemoryBudget(budgetBytes), [{ slotBytes: 64, slots: 1 }]);
    const held = await slab.take(64);
    const abort = new AbortController();
    const order: string[] = [];
    const first = slab.take(1, abort.signal).catch((error: unknown) => order.push(String(error)));
    const second = slab.take(1).then((slot) => (order.push('second'), slot));
    const third = slab.take(1).then((slot) => (order.push('third'), slot));
    expect(slab.tryTake(1)).toBeNull();
    abort.abort('stopped');
    await first;
    held.release();
    (await second).release();
    (await third).release();
    expect(order).toEqual(['stopped', 'second', 'third']);
    await expect(slab.take(65)).rejects.toMatchObject({ code: 'ERR_PIPELINE_SLOT' });
    expect(slab.freeSlots).toBe(1);
  });

  it('release() frees a slot once, and not when it was handed over or belongs to another by now', async () => {
    const slab = await createSlab(createMemoryBudget(budgetBytes), [{ slotBytes: 64, slots: 1 }]);
    const first = slab.tryTake(64)!;
    first.release();
    const second = slab.tryTake(64)!;
    first.release();
    expect(slab.freeSlots).toBe(0);
    expect(slab.takeOver(first.ticket)).toBeNull();
    const taken = attachSlab(slab.memory).takeOver(second.ticket)!;
    taken.release();
    expect([slab.freeSlots, slab.takeOver(second.ticket)]).toEqual([1, null]);
  });

  it('tryTake() gives no slot twice when slots come and go at random', async () => {
    const random = createPrintedRandom('slab');
    const slab = await createSlab(createMemoryBudget(budgetBytes), classes);
    const views = [slab, attachSlab(slab.memory)];
    const held: Slot[] = [];
    // Every released slot again: stale releases must change nothing.
    const stale: Slot[] = [];
    for (let step = 0; step < 5000; step++) {
      const slot = random() < 0.5 ? views[step % 2]!.tryTake(1 + random() * 4096) : null;
      if (slot) held.push(slot);
      else {
        const [gone] = held.splice(Math.floor(random() * held.length), 1);
        gone?.release();
        if (gone) stale.push(gone);
        if (stale.length > 50) stale.shift()!.release();
      }
      const starts = held.map(({ bytes }) => bytes.byteOffset);
      expect(new Set(starts).size).toBe(starts.length);
      expect(slab.freeSlots).toBe(4 - held.length);
    }
  });
});
