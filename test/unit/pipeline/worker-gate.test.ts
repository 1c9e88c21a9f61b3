// Tasks that go through a gate whose width changes.
import { describe, expect, it } from 'vitest';
import { buildWorkerGate } from '../../../src/pipeline/workers/worker-gate.ts';

const never = new AbortController().signal;
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('buildWorkerGate()', () => {
  it('enter() lets so many in as there is room for, in the order they came', async () => {
    let room = 1;
    const gate = buildWorkerGate(() => room);
    const inside: number[] = [];
    for (const number of [1, 2, 3, 4]) void gate.enter(never).then(() => inside.push(number));
    await settle();
    expect([inside, gate.hasWaiting]).toEqual([[1], true]);
    room = 2;
    gate.leave();
    await settle();
    expect(inside).toEqual([1, 2, 3]);
    room = 1;
    gate.leave();
    await settle();
    expect(inside).toEqual([1, 2, 3]);
    gate.leave();
    await settle();
    expect([inside, gate.hasWaiting]).toEqual([[1, 2, 3, 4], false]);
  });

  it('enter() rejects with the reason of an abort, and the next comes in all the same', async () => {
    const gate = buildWorkerGate(() => 1);
    await gate.enter(never);
    const abort = new AbortController();
    const gone = gate.enter(abort.signal);
    const next = gate.enter(never);
    abort.abort(new Error('stopped'));
    await expect(gone).rejects.toThrow('stopped');
    await expect(gate.enter(abort.signal)).rejects.toThrow('stopped');
    gate.leave();
    await next;
  });
});
