// Batches in parts.
import { expect, it } from 'vitest';
import { createEventSlot, createTriggerSlot } from '../../../../src/events/index.ts';
import { cutBatch } from '../../../../src/events/write/cut-batch.ts';

it('cutBatch() leaves no event and no trigger out, triggers beside the events of their time', () => {
  const events = createEventSlot(10);
  const triggers = createTriggerSlot(3);
  for (let i = 0; i < 10; i++) events.t[i] = BigInt(i * 10);
  triggers.t.set([5n, 25n, 500n]);
  [events.length, triggers.length] = [10, 3];
  const parts = [...cutBatch({ events, triggers }, 4)];
  expect(parts.map((part) => [...part.events.t].map(Number))).toEqual([
    [0, 10, 20, 30],
    [40, 50, 60, 70],
    [80, 90],
  ]);
  expect(parts.map((part) => [...part.triggers.t].map(Number))).toEqual([[5, 25], [], [500]]);
});
