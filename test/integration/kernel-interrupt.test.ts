// Interrupts of the notebook kernel: what stands still, what spins, what can be asked to stop.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf, startKernel } from '../support/kernel-client.ts';
import type { KernelClient } from '../support/kernel-client.ts';

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
  await kernel.execute('let state = 41');
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
});

/** Sends a cell and resolves to its msg_id once it runs for a moment. */
async function start(code: string, flags = {}): Promise<string> {
  const id = await kernel.sendCell(code, flags);
  await kernel.wait((m) => m.header.msg_type === 'execute_input' && m.parentHeader['msg_id'] === id);
  await delay(30);
  return id;
}

/** A promise that can be asked to stop, and what asking it does. */
const stoppable = (stop: string): string =>
  `const { promise, resolve, reject } = Promise.withResolvers<string>();
   Object.assign(promise, { [Symbol.for('ruvector.kernel.interrupt')]: () => { ${stop} } });`;

describe('a promise that can be asked to stop', () => {
  it('is asked by an interrupt, and the cell goes on with what it resolves to', async () => {
    const id = await start(
      `${stoppable('setTimeout(() => resolve("half"), 20)')} const kept = await promise; kept + '!'`,
    );
    await kernel.interrupt();
    expect(resultOf(await kernel.exchange(id))).toBe("'half!'");
  });

  it('is rejected by a second interrupt when it does not settle', async () => {
    const id = await start(`${stoppable('state++')} await promise`);
    await kernel.interrupt();
    await kernel.interrupt();
    expect((await kernel.exchange(id)).reply.content).toMatchObject({ ename: 'KeyboardInterrupt' });
    expect(resultOf(await kernel.execute('state--'))).toBe('42');
  });

  it('is rejected when it has not settled two seconds after it was asked', async () => {
    const id = await start(`${stoppable('')} await promise`);
    await kernel.interrupt();
    expect((await kernel.exchange(id)).reply.content).toMatchObject({ ename: 'KeyboardInterrupt' });
  });

  it('fails with what asking it throws', async () => {
    const id = await start(`${stoppable('throw new RangeError("no")')} await promise`);
    await kernel.interrupt();
    expect((await kernel.exchange(id)).reply.content).toMatchObject({ ename: 'RangeError' });
  });
});
