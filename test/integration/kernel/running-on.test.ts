// What an interrupted cell awaits stops, also in the functions it called, and what other cells started goes on.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isChildOf, isStatus, resultOf, startKernel, streamOf } from '../../support/kernel/kernel-client.ts';
import type { KernelClient } from '../../support/kernel/kernel-client.ts';

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
  await kernel.execute(`let turns = 0; let cleaned = 0;
    const sleep = (ms: number) => new Promise<void>((r) => setTimeout(r, ms));
    const turn = () => { if (turns++ === 0) display('turning') };`);
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
});

/** Interrupts a cell once it turns; resolves to the turns it takes afterwards. */
async function turnsAfterInterrupt(code: string): Promise<string | undefined> {
  await kernel.execute('turns = 0; cleaned = 0');
  const id = await kernel.sendCell(code);
  await kernel.wait((m) => m.header.msg_type === 'display_data' && m.parentHeader['msg_id'] === id);
  await kernel.interrupt();
  const { reply } = await kernel.exchange(id);
  expect(reply.content).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
  // Longer than code that caught the interrupt is given to clean up.
  const wait = 'const before = turns; await sleep(60); ';
  const settle = /catch/.test(code) ? 'await sleep(1200); ' : 'await sleep(15); ';
  return resultOf(await kernel.execute(`${settle}${wait}turns - before`));
}

describe('interrupt_request of code that awaits in turns', () => {
  it.each([
    ['a function', 'async function poll() { for (;;) { turn(); await sleep(5) } } await poll()'],
    ['the cell', 'for (;;) { turn(); await sleep(5) }'],
    [
      'an arrow function called by another',
      'const a = async () => { for (;;) { turn(); await sleep(5) } }; const b = async () => { await a() }; await b()',
    ],
    [
      'a method',
      'class Poller { async run() { while (true) { await sleep(5); turn() } } } await new Poller().run()',
    ],
    [
      'several functions at once',
      'const one = async () => { for (;;) { turn(); await sleep(5) } }; await Promise.all([one(), one(), one()])',
    ],
    [
      'a function that recurs',
      'const again = async (): Promise<void> => { turn(); await sleep(5); await again() }; await again()',
    ],
    [
      'for await at the top',
      'async function* ticks() { for (;;) { await sleep(5); yield 1 } } for await (const _ of ticks()) turn()',
    ],
    [
      'for await over a timer',
      "import { setInterval as every } from 'node:timers/promises'; for await (const _ of every(5)) turn()",
    ],
    [
      'for await in a function',
      "import { setInterval as each } from 'node:timers/promises'; const run = async () => { for await (const _ of each(5)) { turn() } }; await run()",
    ],
    [
      'a chain of promises',
      'const chain = (): Promise<void> => { turn(); return sleep(5).then(chain) }; await chain()',
    ],
    [
      'a timer that starts itself',
      'const tick = () => { turn(); setTimeout(tick, 5) }; tick(); await new Promise(() => {})',
    ],
    ['an interval', 'setInterval(turn, 5); await new Promise(() => {})'],
    [
      'a function that is not awaited',
      '(async () => { for (;;) { turn(); await sleep(5) } })(); await new Promise(() => {})',
    ],
    [
      'a loop that catches all',
      'const deaf = async () => { for (;;) { try { turn(); await sleep(5) } catch {} } }; await deaf()',
    ],
    ['a loop of the cell that catches all', 'for (;;) { try { turn(); await sleep(5) } catch {} }'],
    [
      'awaits that always fail',
      'const fail = async () => { await sleep(5); throw 1 }; for (;;) { try { turn(); await fail() } catch {} }',
    ],
  ])('stops %s', async (_what, code) => {
    expect(await turnsAfterInterrupt(code)).toBe('0');
  });

  it.each([
    [
      'a function',
      'const f = async () => { try { turn(); await new Promise(() => {}) } finally { cleaned++ } }; await f()',
    ],
    [
      'a function that awaits there',
      'const f = async () => { try { turn(); await sleep(1e6) } finally { await sleep(5); cleaned++ } }; await f()',
    ],
    [
      'the function around',
      'const f = async () => { turn(); await new Promise(() => {}) }; const g = async () => { try { await f() } finally { cleaned++ } }; await g()',
    ],
    [
      'a generator',
      'async function* ticks() { try { for (;;) { await sleep(5); yield 1 } } finally { cleaned++ } } for await (const _ of ticks()) turn()',
    ],
    ['the cell', 'try { turn(); await new Promise(() => {}) } finally { await null; cleaned++ }'],
  ])('runs the finally of %s', async (_what, code) => {
    expect(await turnsAfterInterrupt(code)).toBe('0');
    expect(resultOf(await kernel.execute('cleaned'))).toBe('1');
  });

  it('leaves what an earlier cell started running', async () => {
    await kernel.execute(
      'let beats = 0, alive = true; (async () => { while (alive) { beats++; await sleep(1) } })()',
    );
    expect(await turnsAfterInterrupt('for (;;) { turn(); await sleep(5) }')).toBe('0');
    expect(
      resultOf(await kernel.execute('const was = beats; await sleep(30); alive = false; beats > was')),
    ).toBe('true');
  });

  it('stops a handler of a widget, and the next one runs', async () => {
    await kernel.execute(`comms.registerTarget('turns', (comm) => {
      comm.onMessage = async ({ data }) => { if (data.n === 2) return display('second'); for (;;) { turn(); await sleep(5) } };
    }); turns = 0`);
    await kernel.send('shell', 'comm_open', { comm_id: 'turns-1', target_name: 'turns', data: {} });
    const id = await kernel.send('shell', 'comm_msg', { comm_id: 'turns-1', data: { n: 1 } });
    await kernel.wait((m) => JSON.stringify(m.content).includes("'turning'"));
    await kernel.interrupt();
    await kernel.wait((m) => isChildOf(m, id) && isStatus(m, 'idle'));
    const code = 'await sleep(15); const then = turns; await sleep(60); turns - then';
    expect(resultOf(await kernel.execute(code))).toBe('0');
    await kernel.send('shell', 'comm_msg', { comm_id: 'turns-1', data: { n: 2 } });
    await kernel.wait((m) => JSON.stringify(m.content).includes("'second'"));
  });
});

describe('interrupt_request after cells have replaced globals', () => {
  it('stops what spins and what awaits', async () => {
    await using mine = await startKernel();
    await mine.execute(
      'Symbol = 5; Atomics = 6; Map = 7; Set = 8; Promise = 9; const Error = 1, Object = 2, Array = 3;',
    );
    for (const code of [
      'for (;;) {}',
      'const late = (async () => {})().constructor as any; await new late(() => {})',
    ]) {
      const id = await mine.sendCell(`display(0); ${code}`);
      await mine.wait((m) => m.header.msg_type === 'display_data' && m.parentHeader['msg_id'] === id);
      await mine.interrupt();
      expect((await mine.exchange(id)).reply.content['status']).toBe('error');
    }
    expect(resultOf(await mine.execute('1 + 1'))).toBe('2');
  });
});

describe('execute_request with awaits in functions', () => {
  it.each([
    [
      'async function b() {} async function a() { console.log(1); await b(); console.log(2) } a(); Promise.resolve().then(() => console.log(3)); await 0',
      '123',
    ],
    [
      'const log = console.log; (async () => { await null; log(1); await null; log(3) })(); (async () => { await null; log(2); await null; log(4) })(); await new Promise((r) => setTimeout(r, 1))',
      '1234',
    ],
    [
      'const p = Promise.resolve(); (async () => { await p; console.log("a") })(); p.then(() => console.log("b")).then(() => console.log("d")); (async () => { await p; console.log("c") })(); await new Promise((r) => setTimeout(r, 1))',
      'abcd',
    ],
    [
      '(async () => { for await (const x of [1, Promise.resolve(2), 3]) console.log(x) })(); await new Promise((r) => setTimeout(r, 1))',
      '123',
    ],
    [
      'const t = { then(f: any) { console.log("t"); f() } }; (async () => { await t; console.log("u") })(); queueMicrotask(() => console.log("v")); await new Promise((r) => setTimeout(r, 1))',
      'tvu',
    ],
  ])('keeps the order of promises in %s', async (code, order) => {
    expect(streamOf(await kernel.execute(code)).replaceAll('\n', '')).toBe(order);
  });
});
