// Interrupts of the notebook kernel: what stands still, what spins, what can be asked to stop.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isChildOf, isStatus, resultOf, startKernel } from '../../support/kernel/kernel-client.ts';
import type { KernelClient, Received } from '../../support/kernel/kernel-client.ts';

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
  await kernel.execute('let state = 41');
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
});

/** Sends a cell and resolves to its msg_id once it shows something: from there on it stands still or spins. */
async function start(code: string, flags = {}): Promise<string> {
  const id = await kernel.sendCell(code, flags);
  await kernel.wait((m) => m.header.msg_type === 'display_data' && m.parentHeader['msg_id'] === id);
  return id;
}

/** Every way to be busy. `HERE` is where it is. */
const kinds: readonly (readonly [string, string])[] = [
  ['a synchronous loop', 'HERE; for (;;) {}'],
  ['a pending await', 'HERE; await new Promise(() => {})'],
  ['a loop after an await', 'await new Promise((r) => setTimeout(r, 1)); HERE; for (;;) {}'],
  ['a loop after a settled await', 'await null; HERE; for (;;) {}'],
  ['a loop in an async function', 'const spin = async () => { await 1; HERE; for (;;) {} }; await spin()'],
  ['a loop in a timer', 'setTimeout(() => { HERE; for (;;) {} }, 1); await new Promise(() => {})'],
  ['a loop in an immediate', 'setImmediate(() => { HERE; for (;;) {} }); await new Promise(() => {})'],
  [
    'a loop in the second immediate of a turn',
    'setImmediate(() => {}); setImmediate(() => { HERE; for (;;) {} }); await new Promise(() => {})',
  ],
  ['a loop in a tick', 'process.nextTick(() => { HERE; for (;;) {} }); await new Promise(() => {})'],
  ['a loop of settled awaits', 'HERE; for (;;) await null'],
  ['a loop of timers', 'HERE; for (;;) await new Promise((r) => setTimeout(r, 0))'],
  ['a loop that prints', 'HERE; for (;;) console.log("x")'],
  ['Atomics.wait', 'HERE; Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'],
  ['a regular expression without end', 'HERE; /^(a+)+$/.test("a".repeat(50) + "b")'],
  ['a blocked prompt', 'HERE; prompt("?")'],
  [
    'a nested function called from %%time',
    '%%time\nconst f = () => { HERE; for (;;) {} }; const g = () => f(); g()',
  ],
  ['a loop called from %timeit', '%timeit { HERE } for (;;) {}'],
  ['a display method', '({ [Symbol.for("Jupyter.display")]() { HERE; for (;;) {} } })'],
  [
    'a display method that awaits',
    '({ async [Symbol.for("Jupyter.display")]() { HERE; await new Promise(() => {}) } })',
  ],
];
const cellOf = (code: string, mark = 'display(0)'): string => code.replace('HERE', mark);

describe('interrupt_request', () => {
  it.each(kinds)('ends %s and keeps state', async (_what, code) => {
    const id = await start(cellOf(code), { allow_stdin: true });
    const { reply } = await kernel.interrupt();
    expect(reply).toMatchObject({ channel: 'control', content: { status: 'ok' } });
    const { reply: answer } = await kernel.exchange(id);
    expect(answer.content).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
    expect(resultOf(await kernel.execute('state'))).toBe('41');
  });

  it('keeps state 100 times of every kind', async () => {
    await kernel.execute('let cycles = 0');
    for (let i = 0; i < 100; i++) {
      const id = await start(cellOf(kinds[i % kinds.length]![1], 'display(cycles++)'), { allow_stdin: true });
      await kernel.interrupt();
      expect((await kernel.exchange(id)).reply.content['ename']).toBe('KeyboardInterrupt');
    }
    expect(resultOf(await kernel.execute('[cycles, state]'))).toBe('[ 100, 41 ]');
  }, 60_000);

  it('aborts the cells that wait', async () => {
    const running = await start('display(0); await new Promise(() => {})');
    const waiting = await kernel.sendCell('1');
    await kernel.request('kernel_info_request');
    await kernel.interrupt();
    expect((await kernel.exchange(running)).reply.content['status']).toBe('error');
    expect((await kernel.exchange(waiting)).reply.content['status']).toBe('aborted');
  });

  it('does nothing when nothing runs', async () => {
    await kernel.interrupt();
    expect(resultOf(await kernel.execute('await 5'))).toBe('5');
  });

  it('runs the finally blocks of an awaiting cell', async () => {
    const id = await start('try { display(0); await new Promise(() => {}) } finally { state = 42 }');
    await kernel.interrupt();
    await kernel.exchange(id);
    expect(resultOf(await kernel.execute('state'))).toBe('42');
    await kernel.execute('state = 41');
  });

  it('ends a handler of a comm that spins, and the next message is handled', async () => {
    await kernel.execute(`comms.registerTarget('spin', (comm) => {
      comm.onMessage = ({ data }) => { display(data.n); if (data.n === 101) for (;;) {} };
    })`);
    const shows = (text: string) => (m: Received) =>
      JSON.stringify(m.content).includes(`"text/plain":"${text}"`);
    await kernel.send('shell', 'comm_open', { comm_id: 'spin-1', target_name: 'spin', data: {} });
    const id = await kernel.send('shell', 'comm_msg', { comm_id: 'spin-1', data: { n: 101 } });
    await kernel.wait(shows('101'));
    await kernel.interrupt();
    await kernel.wait((m) => isChildOf(m, id) && isStatus(m, 'idle'));
    await kernel.send('shell', 'comm_msg', { comm_id: 'spin-1', data: { n: 102 } });
    await kernel.wait(shows('102'));
  });

  it('leaves timers and immediates of other cells running', async () => {
    await kernel.execute('let ticks = 0; const ticking = setInterval(() => ticks++, 1)');
    const id = await start('setImmediate(() => { display(0); for (;;) {} }); await new Promise(() => {})');
    await kernel.interrupt();
    await kernel.exchange(id);
    const code = `const before = ticks;
      await new Promise((r) => setTimeout(r, 50)); await new Promise((r) => setImmediate(r));
      clearInterval(ticking); ticks > before`;
    expect(resultOf(await kernel.execute(code))).toBe('true');
  });
});

/** A promise that can be asked to stop, and what asking it does. */
const stoppable = (stop: string): string =>
  `const { promise, resolve, reject } = Promise.withResolvers<string>();
   Object.assign(promise, { [Symbol.for('ruvector.kernel.interrupt')]: () => { ${stop} } });`;

describe('interrupt_request of a promise that can be asked to stop', () => {
  it('asks it, and the cell goes on with what it resolves to', async () => {
    const id = await start(
      `${stoppable('setTimeout(() => resolve("half"), 20)')} display(0); const kept = await promise; kept + '!'`,
    );
    await kernel.interrupt();
    expect(resultOf(await kernel.exchange(id))).toBe("'half!'");
  });

  it('rejects it the second time when it does not settle', async () => {
    const id = await start(`${stoppable('state++')} display(0); await promise`);
    await kernel.interrupt();
    await kernel.interrupt();
    expect((await kernel.exchange(id)).reply.content).toMatchObject({ ename: 'KeyboardInterrupt' });
    expect(resultOf(await kernel.execute('state--'))).toBe('42');
  });

  it('rejects it when it has not settled five seconds after it was asked', async () => {
    const id = await start(`${stoppable('')} display(0); await promise`);
    await kernel.interrupt();
    expect((await kernel.exchange(id)).reply.content).toMatchObject({ ename: 'KeyboardInterrupt' });
  });

  it('fails with what asking it throws', async () => {
    const id = await start(`${stoppable('throw new RangeError("no")')} display(0); await promise`);
    await kernel.interrupt();
    expect((await kernel.exchange(id)).reply.content).toMatchObject({ ename: 'RangeError' });
  });
});
