// execute_request of the notebook kernel, case by case of the messaging specification: flags, outputs,
// errors, the abort queue, the order of statuses.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isStatus, resultOf, startKernel, streamOf, typesOf } from '../../support/kernel/kernel-client.ts';
import type { KernelClient } from '../../support/kernel/kernel-client.ts';

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
});

const countOf = async (): Promise<number> =>
  (await kernel.execute('0', { store_history: false })).reply.content['execution_count'] as number;

describe('execute_request', () => {
  it('answers ok with a count, payload and user expressions when a cell runs', async () => {
    const { reply } = await kernel.execute('1');
    expect(reply.header.msg_type).toBe('execute_reply');
    expect(reply.content).toMatchObject({ status: 'ok', payload: [], user_expressions: {} });
    expect(reply.content['execution_count']).toBeGreaterThan(0);
    expect(Date.parse(String(reply.metadata['started']))).toBeGreaterThan(0);
  });

  it('publishes busy, input, output, result and idle in this order', async () => {
    const exchange = await kernel.execute('console.log("a"); 2');
    expect(typesOf(exchange)).toEqual(['busy', 'execute_input', 'stream', 'execute_result', 'idle']);
  });

  it('repeats code and count in execute_input', async () => {
    const exchange = await kernel.execute('3 // three');
    const input = exchange.iopub.find(({ header }) => header.msg_type === 'execute_input')!;
    expect(input.content).toEqual({
      code: '3 // three',
      execution_count: exchange.reply.content['execution_count'],
    });
  });

  it('names the count and a mime bundle in execute_result', async () => {
    const exchange = await kernel.execute('[1, 2]');
    const result = exchange.iopub.find(({ header }) => header.msg_type === 'execute_result')!;
    expect(result.content).toMatchObject({
      execution_count: exchange.reply.content['execution_count'],
      data: { 'text/plain': '[ 1, 2 ]' },
      metadata: {},
    });
  });

  it('carries the whole header of the request as parent of everything it sends', async () => {
    const exchange = await kernel.execute('console.log(1)', {}, { header: { custom: 'x' } });
    for (const message of [exchange.reply, ...exchange.iopub]) {
      expect(message.parentHeader).toMatchObject({
        msg_id: exchange.id,
        session: kernel.session,
        custom: 'x',
      });
    }
  });

  it('has no result when the value is undefined or the cell is empty', async () => {
    for (const code of ['undefined', '', '  \n', 'let none', '// nothing']) {
      const exchange = await kernel.execute(code);
      expect(exchange.reply.content['status']).toBe('ok');
      expect(resultOf(exchange)).toBeUndefined();
    }
  });

  it('silent: sends no input and no result and does not count', async () => {
    const before = await countOf();
    const exchange = await kernel.execute('40 + 2', { silent: true });
    expect(typesOf(exchange)).toEqual(['busy', 'idle']);
    expect(await countOf()).toBe(before);
  });

  it('silent: stays out of the history though store_history is set', async () => {
    await kernel.execute('"never stored"', { silent: true, store_history: true });
    const { reply } = await kernel.request('history_request', { hist_access_type: 'tail', n: 100 });
    expect(JSON.stringify(reply.content)).not.toContain('never stored');
  });

  it('silent: still answers an error', async () => {
    const { reply } = await kernel.execute('throw new Error("quiet")', { silent: true });
    expect(reply.content).toMatchObject({ status: 'error', ename: 'Error', evalue: 'quiet' });
  });

  it('store_history true: counts', async () => {
    const before = await countOf();
    await kernel.execute('1', { store_history: true });
    expect(await countOf()).toBe(before + 1);
  });

  it('store_history false: shows input and result but neither counts nor stores', async () => {
    const before = await countOf();
    const exchange = await kernel.execute('"not stored"', { store_history: false });
    expect(typesOf(exchange)).toEqual(['busy', 'execute_input', 'execute_result', 'idle']);
    expect(await countOf()).toBe(before);
    const { reply } = await kernel.request('history_request', { hist_access_type: 'tail', n: 100 });
    expect(JSON.stringify(reply.content)).not.toContain('not stored');
  });

  it('user_expressions: are evaluated after the cell, each as a mime bundle', async () => {
    const { reply } = await kernel.execute('let six = 6', { user_expressions: { twice: 'six * 2' } });
    expect(reply.content['user_expressions']).toMatchObject({
      twice: { status: 'ok', data: { 'text/plain': '12' }, metadata: {} },
    });
  });

  it('user_expressions: has an error of its own for a failing one, and the cell is ok', async () => {
    const user_expressions = { bad: 'nowhere', broken: 'a b', good: '1' };
    const { reply, iopub } = await kernel.execute('1', { user_expressions });
    expect(reply.content).toMatchObject({
      status: 'ok',
      user_expressions: {
        bad: { status: 'error', ename: 'ReferenceError', traceback: expect.any(Array) },
        broken: { status: 'error', ename: 'SyntaxError' },
        good: { status: 'ok' },
      },
    });
    expect(iopub.some(({ header }) => header.msg_type === 'error')).toBe(false);
  });

  it('user_expressions: are left out when the cell fails', async () => {
    const { reply } = await kernel.execute('throw 1', { user_expressions: { one: '1' } });
    expect(reply.content).toMatchObject({ status: 'error', user_expressions: {} });
  });

  it.each([null, 5, [], 'text', { n: 5 }])('user_expressions: %j does not break the cell', async (value) => {
    const exchange = await kernel.execute('7', { user_expressions: value });
    expect(exchange.reply.content['status']).toBe('ok');
    expect(resultOf(exchange)).toBe('7');
  });

  it.each([{}, { code: 5 }, { code: null }, { code: ['1'] }])(
    'answers a content without usable code: %j',
    async (content) => {
      const { reply } = await kernel.request('execute_request', content);
      expect(reply.content['status']).toBe('ok');
    },
  );

  it('answers on control what was asked on control', async () => {
    const { reply } = await kernel.request('execute_request', { code: '8' }, { channel: 'control' });
    expect(reply.channel).toBe('control');
  });

  it('publishes ename, evalue and a traceback that names the line of the cell', async () => {
    const exchange = await kernel.execute('const ok = 1;\nfunction bad() {\n  null.x;\n}\nbad();');
    const error = exchange.iopub.find(({ header }) => header.msg_type === 'error')!;
    expect(error.content).toMatchObject({ ename: 'TypeError', evalue: expect.stringContaining('null') });
    expect(exchange.reply.content).toMatchObject({ status: 'error', ...error.content });
    expect((error.content['traceback'] as string[]).join('\n')).toMatch(/cell-\d+\.ts:3:/);
    expect(typesOf(exchange)).toEqual(['busy', 'execute_input', 'error', 'idle']);
  });

  it.each([
    ['throw "text"', 'Error'],
    ['throw null', 'Error'],
    ['throw undefined', 'Error'],
    ['throw Object.create(null)', 'Error'],
    ['throw { name: 5, message: {} }', '5'],
    ['throw Object.assign(new Error("x"), { stack: 7 })', 'Error'],
    ['await Promise.reject(new RangeError("late"))', 'RangeError'],
    ['let = = 1', 'SyntaxError'],
  ])('answers what cannot be run or was thrown: %s', async (code, ename) => {
    const { reply } = await kernel.execute(code);
    expect(reply.content).toMatchObject({
      status: 'error',
      ename,
      evalue: expect.any(String),
      traceback: expect.any(Array),
    });
  });

  it('shows what is thrown in a timer under its cell and goes on', async () => {
    const code = 'setTimeout(() => { throw new Error("late") }, 1); setTimeout(() => { throw null }, 2)';
    const id = await kernel.sendCell(`${code}; await new Promise((r) => setTimeout(r, 40))`);
    const exchange = await kernel.exchange(id);
    expect(streamOf(exchange, 'stderr')).toMatch(/Uncaught Error: late[^]*Uncaught null/);
    expect(resultOf(await kernel.execute('1'))).toBe('1');
  });

  it('shows an unhandled rejection under its cell and goes on', async () => {
    const code = 'setTimeout(() => { Promise.reject(Object.create(null)) }, 1)';
    const exchange = await kernel.execute(`${code}; await new Promise((r) => setTimeout(r, 40))`);
    expect(streamOf(exchange, 'stderr')).toContain('Unhandled rejection: [Object: null prototype] {}');
    expect(resultOf(await kernel.execute('2'))).toBe('2');
  });

  it('sends output of a timer under the cell that started it, after later cells ran', async () => {
    const { id } = await kernel.execute('setTimeout(() => console.log("from afar"), 60)');
    await kernel.execute('"between"');
    const late = await kernel.wait(({ content }) => content['text'] === 'from afar\n');
    expect(late.parentHeader['msg_id']).toBe(id);
  });

  it('leaves out what JSON cannot hold and goes on', async () => {
    const exchange = await kernel.execute('await display({ "text/plain": 1n }, { raw: true }); 3');
    expect(resultOf(exchange)).toBe('3');
  });
});

/** Sends a cell that fails, and others behind it, all of which have arrived before it does. */
async function sendBehindFailure(codes: readonly string[]): Promise<string[]> {
  const failing =
    'await new Promise((go) => { comms.registerTarget("fail", go); display(0); }); throw new Error("first")';
  const ids: string[] = [];
  for (const code of [failing, ...codes]) ids.push(await kernel.sendCell(code));
  await kernel.wait((m) => m.header.msg_type === 'display_data' && m.parentHeader['msg_id'] === ids[0]);
  await kernel.send('shell', 'comm_open', { comm_id: ids[0]!, target_name: 'fail', data: {} });
  return ids;
}

describe('execute_request in a queue', () => {
  it('aborts the cells that were sent before a failing one was answered', async () => {
    const ids = await sendBehindFailure(['var ran = 1', '2', '3']);
    const replies = await Promise.all(ids.map((id) => kernel.exchange(id)));
    expect(replies.map(({ reply }) => reply.content['status'])).toEqual([
      'error',
      'aborted',
      'aborted',
      'aborted',
    ]);
    expect(resultOf(await kernel.execute('typeof ran'))).toBe("'undefined'");
  });

  it('aborts a hundred cells sent at once', async () => {
    const ids = await sendBehindFailure(Array.from({ length: 100 }, (_, i) => String(i)));
    const replies = await Promise.all(ids.map((id) => kernel.exchange(id)));
    expect(replies.filter(({ reply }) => reply.content['status'] === 'aborted')).toHaveLength(100);
  });

  it('sends busy and idle around the answer of an aborted cell', async () => {
    const ids = await sendBehindFailure(['2']);
    expect(typesOf(await kernel.exchange(ids[1]!))).toEqual(['busy', 'idle']);
  });

  it('runs the cell that is sent after the answer came', async () => {
    for (let i = 0; i < 20; i++) {
      await kernel.execute('throw 1');
      expect(resultOf(await kernel.execute(String(i)))).toBe(String(i));
    }
  });

  it('runs the cells after a failing one with stop_on_error false', async () => {
    const ids = [await kernel.sendCell('throw 1', { stop_on_error: false }), await kernel.sendCell('9')];
    const [, second] = await Promise.all(ids.map((id) => kernel.exchange(id)));
    expect(resultOf(second!)).toBe('9');
  });

  it('answers other requests while cells are aborted', async () => {
    const [failing, info] = await Promise.all([
      kernel.sendCell('throw 1'),
      kernel.send('shell', 'kernel_info_request'),
    ]);
    expect((await kernel.exchange(info)).reply.content['status']).toBe('ok');
    await kernel.exchange(failing);
  });

  it('runs 200 cells sent at once one after another', async () => {
    await kernel.execute('let log = []');
    const cells = Array.from({ length: 200 }, (_, i) =>
      kernel.sendCell(`await new Promise(setImmediate); log.push(${i})`),
    );
    await kernel.exchange((await Promise.all(cells)).at(-1)!);
    expect(resultOf(await kernel.execute('log.every((x, i) => x === i) && log.length'))).toBe('200');
  });

  it('sends idle last in each of 1,000 cells that print and return', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 1000; i++) ids.push(await kernel.sendCell(`console.log(${i}); ${i}`));
    await kernel.exchange(ids.at(-1)!, 60_000);
    await kernel.execute('1');
    const expected = 'status,execute_input,stream,execute_result,status';
    const wrong = ids.filter((id) => {
      const messages = kernel.iopubOf(id);
      return (
        messages.map(({ header }) => header.msg_type).join() !== expected ||
        !isStatus(messages.at(-1)!, 'idle')
      );
    });
    expect(wrong).toEqual([]);
  });
});

describe('execute_request with output', () => {
  it('delivers 100,000 lines of one loop, in order, before idle', async () => {
    const exchange = await kernel.execute('for (let i = 0; i < 100_000; i++) console.log(i)');
    const lines = streamOf(exchange).trimEnd().split('\n');
    expect(lines).toHaveLength(100_000);
    expect(lines.every((line, i) => line === String(i))).toBe(true);
    expect(typesOf(exchange).at(-1)).toBe('idle');
  });

  it('delivers 10,000 lines of 50 tasks under the cells that started them', async () => {
    const task = (name: number): string =>
      `await Promise.all(Array.from({ length: 25 }, async (_, t) => { for (let i = 0; i < 200; i++) { console.log("${name}:" + t + ":" + i); if (i % 20 === 0) await new Promise(setImmediate) } }))`;
    const subshell = await kernel.request('create_subshell_request', {}, { channel: 'control' });
    const header = { subshell_id: subshell.reply.content['subshell_id'] };
    const ids = await Promise.all([kernel.sendCell(task(1)), kernel.sendCell(task(2), {}, { header })]);
    const exchanges = await Promise.all(ids.map((id) => kernel.exchange(id)));
    exchanges.forEach((exchange, i) => {
      const lines = streamOf(exchange).trimEnd().split('\n');
      expect(lines).toHaveLength(5000);
      expect(lines.every((line) => line.startsWith(`${i + 1}:`))).toBe(true);
    });
  });

  it('delivers more than 64 MiB of one cell', async () => {
    const exchange = await kernel.execute('process.stdout.write("x".repeat(70 * 2 ** 20))');
    expect(streamOf(exchange)).toHaveLength(70 * 2 ** 20);
  });

  it('keeps stdout and stderr apart and in order', async () => {
    const exchange = await kernel.execute('console.log("a"); console.error("b"); console.log("c")');
    const streams = exchange.iopub.filter(({ header }) => header.msg_type === 'stream');
    expect(streams.map(({ content }) => [content['name'], content['text']])).toEqual([
      ['stdout', 'a\n'],
      ['stderr', 'b\n'],
      ['stdout', 'c\n'],
    ]);
  });

  it('keeps text of every alphabet', async () => {
    const exchange = await kernel.execute('console.log("žluťoučký 日本 😀 \\ud800")');
    // Half a character is none: nothing that has to be saved may hold it.
    expect(streamOf(exchange)).toBe('žluťoučký 日本 😀 \ufffd\n');
  });
});
