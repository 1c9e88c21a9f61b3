// The notebook kernel's requests other than execute_request: info, completion, history, comms, subshells.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isChildOf, isStatus, resultOf, startKernel } from '../../support/kernel/kernel-client.ts';
import type { Json, KernelClient } from '../../support/kernel/kernel-client.ts';

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
  for (const code of ['let alpha = 1', '"alpha" + 2', 'let alpha = 1', 'globalThis.beta = 3; beta'])
    await kernel.execute(code);
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
});

const ask = async (
  msgType: string,
  content: unknown = {},
  channel: 'shell' | 'control' = 'shell',
): Promise<Json> => (await kernel.request(msgType, content, { channel })).reply.content;

describe('kernel_info_request', () => {
  it.each(['shell', 'control'] as const)('is answered on %s', async (channel) => {
    const { reply } = await kernel.request('kernel_info_request', {}, { channel });
    expect(reply.channel).toBe(channel);
    expect(reply.content).toMatchObject({
      status: 'ok',
      protocol_version: '5.5',
      language_info: { name: 'typescript', file_extension: '.ts', mimetype: 'text/typescript' },
      supported_features: ['kernel subshells', 'debugger'],
      debugger: true,
    });
  });

  it('greets each subscriber with iopub_welcome', () => {
    const welcome = kernel.received.find(({ header }) => header.msg_type === 'iopub_welcome')!;
    expect(welcome.content).toEqual({ subscription: '' });
    expect(welcome.parentHeader).toEqual({});
  });
});

describe('connect_request', () => {
  it('is answered by the ports', async () => {
    expect(await ask('connect_request')).toMatchObject({ status: 'ok', shell_port: 1, hb_port: 5 });
  });

  it('usage_request on control is answered by memory and processor', async () => {
    const usage = await ask('usage_request', {}, 'control');
    expect(usage).toMatchObject({ status: 'ok', pid: kernel.process.pid, hostname: expect.any(String) });
    expect(usage['kernel_memory']).toBeGreaterThan(10 * 2 ** 20);
    expect(usage['kernel_cpu']).toBeGreaterThanOrEqual(0);
  });

  it('debug_request is answered, also before a debugger has started', async () => {
    const request = { seq: 4, type: 'request', command: 'debugInfo' };
    expect(await ask('debug_request', request, 'control')).toMatchObject({
      type: 'response',
      success: true,
      request_seq: 4,
      command: 'debugInfo',
      body: {
        isStarted: false,
        hashMethod: 'Murmur2',
        breakpoints: [],
        stoppedThreads: [],
        richRendering: true,
      },
    });
  });
});

describe('UnknownMessage', () => {
  it.each(['no_such_request', 'constructor_request', '__proto___request', '_request'])(
    'answers %s',
    async (msgType) => {
      const { reply } = await kernel.request(msgType);
      expect(reply.header.msg_type).toBe(msgType.replace(/_request$/, '_reply'));
      expect(reply.content).toMatchObject({ status: 'error', ename: 'UnknownMessage' });
    },
  );

  it.each(['constructor', 'toString', '__proto__', 'status', 'execute_reply', ''])(
    'leaves "%s" without a reply, which is no request',
    async (msgType) => {
      const id = await kernel.send('shell', msgType);
      await kernel.request('kernel_info_request');
      expect(kernel.received.some((m) => m.channel !== 'iopub' && m.parentHeader['msg_id'] === id)).toBe(
        false,
      );
    },
  );
});

describe('complete_request', () => {
  it('completes members of live values', async () => {
    expect(await ask('complete_request', { code: 'Promise.allSe', cursor_pos: 13 })).toMatchObject({
      status: 'ok',
      matches: ['allSettled'],
      cursor_start: 8,
      cursor_end: 13,
    });
  });

  it('counts the cursor in code points', async () => {
    const code = '"😀😀"; Math.sq';
    const content = await ask('complete_request', { code, cursor_pos: Array.from(code).length });
    expect(content).toMatchObject({ matches: ['sqrt'], cursor_start: 11, cursor_end: 13 });
  });

  it('completes in the middle of the text', async () => {
    const content = await ask('complete_request', { code: 'alph + Math.sqrt(2)', cursor_pos: 4 });
    expect(content['matches']).toContain('alpha');
  });

  it.each([
    {},
    { code: 5 },
    { code: 'a', cursor_pos: -3 },
    { code: 'a', cursor_pos: 1e9 },
    { code: 'a', cursor_pos: '1' },
  ])('answers %j', async (content) =>
    expect(await ask('complete_request', content)).toMatchObject({ status: 'ok' }),
  );
});

describe('inspect_request', () => {
  it('finds a live value, counting in code points', async () => {
    const content = await ask('inspect_request', { code: '"😀"; alpha', cursor_pos: 8, detail_level: 0 });
    expect(content).toMatchObject({ status: 'ok', found: true });
    expect(JSON.stringify(content['data'])).toContain('alpha');
  });

  it('finds nothing where there is nothing', async () => {
    const content = await ask('inspect_request', { code: '   ', cursor_pos: 1, detail_level: 0 });
    expect(content).toMatchObject({ status: 'ok', found: false, data: {} });
  });
});

describe('is_complete_request', () => {
  it.each([
    ['1 + 1', 'complete'],
    ['class A { x = 1 }', 'complete'],
    ['await fetch', 'complete'],
    ['for (;;) {', 'incomplete'],
    ['f(', 'incomplete'],
    ['`abc', 'incomplete'],
    ['/* open', 'incomplete'],
    ['const = 7q', 'invalid'],
    ['let a = )', 'invalid'],
  ])('%s is %s', async (code, status) => {
    expect(await ask('is_complete_request', { code })).toMatchObject({ status });
  });

  it('indents what follows an open brace', async () => {
    expect(await ask('is_complete_request', { code: '  if (x) {' })).toMatchObject({ indent: '    ' });
  });
});

describe('history_request', () => {
  const inputs = async (content: Json): Promise<unknown[]> =>
    ((await ask('history_request', { output: false, raw: true, ...content }))['history'] as unknown[][]).map(
      ([, , input]) => input,
    );

  it('tail: gives the last n in order', async () => {
    expect(await inputs({ hist_access_type: 'tail', n: 2 })).toEqual([
      'let alpha = 1',
      'globalThis.beta = 3; beta',
    ]);
  });

  it('range: gives lines from start up to stop of this session', async () => {
    const range = { hist_access_type: 'range', session: 0, start: 1, stop: 3 };
    expect(await inputs(range)).toEqual(['let alpha = 1', '"alpha" + 2']);
  });

  it('search: matches a glob, newest last', async () => {
    expect(await inputs({ hist_access_type: 'search', pattern: '*alpha*', n: 10 })).toEqual([
      'let alpha = 1',
      '"alpha" + 2',
      'let alpha = 1',
    ]);
  });

  it('search: n keeps the newest', async () => {
    expect(await inputs({ hist_access_type: 'search', pattern: '*', n: 1 })).toEqual([
      'globalThis.beta = 3; beta',
    ]);
  });

  it('search: unique leaves repeated inputs out', async () => {
    expect(await inputs({ hist_access_type: 'search', pattern: 'let*', unique: true, n: 10 })).toEqual([
      'let alpha = 1',
    ]);
  });

  it('output: pairs each input with its result', async () => {
    expect(await inputs({ hist_access_type: 'tail', n: 1, output: true })).toEqual([
      ['globalThis.beta = 3; beta', '3'],
    ]);
  });

  it('range: has nothing of a session that never was', async () => {
    expect(await inputs({ hist_access_type: 'range', session: 999, start: 0, stop: 9 })).toEqual([]);
  });
});

describe('comm_msg', () => {
  it('comes of a cell with buffers, between comm_open and comm_close', async () => {
    const exchange = await kernel.execute(
      'const one = comms.open("target", { a: 1 }); one.send({ b: 2 }, { buffers: [new Uint8Array([1, 2])] }); one.close({ c: 3 })',
    );
    const sent = exchange.iopub.filter(({ header }) => header.msg_type.startsWith('comm_'));
    expect(sent.map(({ header }) => header.msg_type)).toEqual(['comm_open', 'comm_msg', 'comm_close']);
    expect(sent.map(({ content }) => content['data'])).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }]);
    expect(sent[0]!.content['target_name']).toBe('target');
    expect([...sent[1]!.buffers[0]!]).toEqual([1, 2]);
  });

  it('reaches the handler, whose output belongs to what opened the comm', async () => {
    await kernel.execute(
      'comms.registerTarget("echo", (comm, { data }) => { comm.send({ opened: data }); comm.onMessage = ({ data, buffers }) => { console.log("got"); comm.send({ echo: data, bytes: buffers[0]?.byteLength }, { buffers }) }; comm.onClose = () => console.log("closed") })',
    );
    const opening = { comm_id: 'c1', target_name: 'echo', data: { x: 1 } };
    const opener = await kernel.send('shell', 'comm_open', opening);
    const opened = await kernel.wait(({ content }) => content['comm_id'] === 'c1');
    expect(opened.content['data']).toEqual({ opened: { x: 1 } });
    const buffers = [Buffer.alloc(100_000, 7)];
    await kernel.send('shell', 'comm_msg', { comm_id: 'c1', data: { y: 2 } }, { buffers });
    const echo = await kernel.wait(({ content }) => JSON.stringify(content).includes('"echo"'));
    expect(echo.content['data']).toEqual({ echo: { y: 2 }, bytes: 100_000 });
    expect(Buffer.compare(echo.buffers[0]!, buffers[0]!)).toBe(0);
    expect(echo.parentHeader['msg_id']).toBe(opener);
    expect(await ask('comm_info_request')).toMatchObject({ comms: { c1: { target_name: 'echo' } } });
    await kernel.send('shell', 'comm_close', { comm_id: 'c1', data: {} });
    await kernel.wait(({ content }) => content['text'] === 'closed\n');
    expect(((await ask('comm_info_request'))['comms'] as Json)['c1']).toBeUndefined();
  });

  it('comm_info_request names only the comms of the asked target', async () => {
    await kernel.execute('comms.open("left", {}, { id: "l" }); comms.open("right", {}, { id: "r" })');
    expect(await ask('comm_info_request', { target_name: 'right' })).toEqual({
      status: 'ok',
      comms: { r: { target_name: 'right' } },
    });
  });

  it('comm_open is answered by comm_close when its target is unknown', async () => {
    await kernel.send('shell', 'comm_open', { comm_id: 'c2', target_name: 'nobody', data: {} });
    await kernel.wait((m) => m.header.msg_type === 'comm_close' && m.content['comm_id'] === 'c2');
    expect(((await ask('comm_info_request'))['comms'] as Json)['c2']).toBeUndefined();
  });

  it('shows the error of a handler that throws, and the kernel goes on', async () => {
    await kernel.execute('comms.registerTarget("bad", () => { throw new Error("no comm") })');
    await kernel.send('shell', 'comm_open', { comm_id: 'c3', target_name: 'bad', data: {} });
    await kernel.wait(
      ({ header, content }) => header.msg_type === 'error' && content['evalue'] === 'no comm',
    );
    expect(resultOf(await kernel.execute('1'))).toBe('1');
  });

  it.each(['comm_msg', 'comm_close'])('does nothing when the comm is unknown (%s)', async (msgType) => {
    await kernel.send('shell', msgType, { comm_id: 'nowhere', data: {} });
    await kernel.send('shell', msgType, {});
    expect(resultOf(await kernel.execute('1'))).toBe('1');
  });
});

describe('create_subshell_request', () => {
  const control = (msgType: string, content: Json = {}): Promise<Json> => ask(msgType, content, 'control');

  it('makes a subshell that is listed and deleted', async () => {
    const { subshell_id: id } = await control('create_subshell_request');
    expect(await control('list_subshell_request')).toEqual({ status: 'ok', subshell_id: [id] });
    expect(await control('delete_subshell_request', { subshell_id: id })).toEqual({ status: 'ok' });
    expect(await control('list_subshell_request')).toEqual({ status: 'ok', subshell_id: [] });
  });

  it('delete_subshell_request fails of an unknown one', async () => {
    expect(await control('delete_subshell_request', { subshell_id: 'x' })).toMatchObject({ status: 'error' });
    expect(await control('delete_subshell_request', {})).toMatchObject({ status: 'error' });
  });

  it('execute_request fails in an unknown one', async () => {
    const { reply } = await kernel.execute('1', {}, { header: { subshell_id: 'gone' } });
    expect(reply.content).toMatchObject({ status: 'error', ename: 'SubshellError' });
  });

  it('execute_request runs in one while the main one awaits, and sees its variables', async () => {
    const { subshell_id } = await control('create_subshell_request');
    const main = await kernel.sendCell(
      'let open; await new Promise((resolve) => { open = resolve }); "opened"',
    );
    await kernel.wait((m) => m.header.msg_type === 'execute_input' && m.parentHeader['msg_id'] === main);
    await kernel.execute('open()', {}, { header: { subshell_id } });
    expect(resultOf(await kernel.exchange(main))).toBe("'opened'");
    await control('delete_subshell_request', { subshell_id });
  });

  it('execute_request in one waits its turn while the main one spins, and the kernel answers meanwhile', async () => {
    const { subshell_id } = await control('create_subshell_request');
    const main = await kernel.sendCell(
      'display(0); for (const endMs = performance.now() + 300; performance.now() < endMs;);',
    );
    await kernel.wait((m) => m.header.msg_type === 'display_data' && isChildOf(m, main));
    const other = await kernel.sendCell('7', {}, { header: { subshell_id } });
    await kernel.request('kernel_info_request');
    expect(kernel.received.some((m) => isChildOf(m, main) && isStatus(m, 'idle'))).toBe(false);
    expect(resultOf(await kernel.exchange(other))).toBe('7');
    await kernel.exchange(main);
    await control('delete_subshell_request', { subshell_id });
  });

  it('comm_msg is handled while a cell awaits', async () => {
    await kernel.execute(
      'comms.registerTarget("wake", (comm) => { comm.onMessage = ({ data }) => wake(data.n) }); let wake = (n: number) => {}',
    );
    await kernel.send('shell', 'comm_open', { comm_id: 'w1', target_name: 'wake', data: {} });
    const cell = await kernel.sendCell('await new Promise((resolve) => { wake = resolve; display(0) })');
    await kernel.wait((m) => m.header.msg_type === 'display_data' && isChildOf(m, cell));
    await kernel.send('shell', 'comm_msg', { comm_id: 'w1', data: { n: 12 } });
    expect(resultOf(await kernel.exchange(cell))).toBe('12');
  });

  it('execute_request that fails in one does not abort the cells of the main one', async () => {
    const { subshell_id } = await control('create_subshell_request');
    const [failing, other] = await Promise.all([
      kernel.sendCell('throw 1', {}, { header: { subshell_id } }),
      kernel.sendCell('5'),
    ]);
    expect((await kernel.exchange(failing)).reply.content['status']).toBe('error');
    expect(resultOf(await kernel.exchange(other))).toBe('5');
    await control('delete_subshell_request', { subshell_id });
  });
});
