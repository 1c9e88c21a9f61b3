// The debugger beside everything else that a kernel does: interrupts, restarts, other requests, clients that come
// and go.
import { afterEach, describe, expect, it } from 'vitest';
import { DebugClient } from '../../support/kernel/debug-client.ts';
import { isChildOf, resultOf, startKernel, streamOf } from '../../support/kernel/kernel-client.ts';
import type { Exchange, Json, KernelClient } from '../../support/kernel/kernel-client.ts';

let kernel: KernelClient;
let dap: DebugClient;

async function start(): Promise<void> {
  kernel = await startKernel({ env: { NO_COLOR: '1' } });
  dap = new DebugClient(kernel);
}
afterEach(async () => {
  await kernel[Symbol.asyncDispose]();
});

/** Starts a cell that pauses; resolves to its msg_id once it does. */
async function pauseIn(code: string): Promise<string> {
  const id = await kernel.sendCell(code);
  await dap.stopped();
  return id;
}

describe('interrupt_request', () => {
  /** Places where a thread is paused, and all the ways to go on from there. */
  const places: readonly (readonly [string, string])[] = [
    ['a cell', 'let at = 1;\ndebugger;\nconsole.log("ran on")'],
    ['a loop', 'for (;;) {\n  debugger;\n}'],
    [
      'a function after an await',
      'const f = async () => {\n  await 1;\n  debugger;\n  console.log("ran on");\n};\nawait f()',
    ],
    [
      'a timer',
      'setTimeout(() => {\n  debugger;\n  console.log("ran on");\n}, 1);\nawait new Promise(() => {})',
    ],
    ['what a library calls', '[2, 1].sort(() => {\n  debugger;\n  console.log("ran on");\n  return 0;\n})'],
    [
      'a display method',
      '({ [Symbol.for("Jupyter.display")]() {\n  debugger;\n  console.log("ran on");\n} })',
    ],
  ];

  it('resumes and stops what is paused, everywhere, and the debugger goes on', async () => {
    await start();
    await kernel.execute('let state = 41');
    await dap.start();
    for (const [what, code] of places) {
      const id = await pauseIn(code);
      expect((await kernel.interrupt()).reply.content).toMatchObject({ status: 'ok' });
      const ended = await kernel.exchange(id);
      expect([what, ended.reply.content['ename'], streamOf(ended)]).toEqual([what, 'KeyboardInterrupt', '']);
      expect(resultOf(await kernel.execute('state'))).toBe('41');
    }
    const id = await pauseIn('debugger;\n"again"');
    await dap.resume();
    expect(resultOf(await kernel.exchange(id))).toBe("'again'");
  }, 30_000);

  it('stops code that spins or waits while a debugger is attached, as without one', async () => {
    await start();
    await dap.start();
    await dap.ask('setExceptionBreakpoints', { filters: ['all'] });
    await dap.breakIn('1', 1);
    for (const code of [
      'display(0); for (;;) {}',
      'display(0); await new Promise(() => {})',
      'await 1; display(0); for (;;) {}',
    ]) {
      for (let turn = 0; turn < 3; turn++) {
        const id = await kernel.sendCell(code);
        await kernel.wait((m) => m.header.msg_type === 'display_data' && isChildOf(m, id));
        await kernel.interrupt();
        expect((await kernel.exchange(id)).reply.content['ename']).toBe('KeyboardInterrupt');
      }
    }
    // Exceptions stop it again after an interrupt.
    const id = await pauseIn('throw new Error("mine")');
    await dap.resume();
    expect((await kernel.exchange(id)).reply.content['evalue']).toBe('mine');
  }, 30_000);
});

describe('debug_request of a paused kernel', () => {
  it('answers what needs no cell, on all channels', async () => {
    await start();
    await dap.start();
    const id = await pauseIn('const held = { inner: 5 };\ndebugger;\nheld.inner');
    const ask = async (type: string, content: Json, channel: 'shell' | 'control'): Promise<Json> => {
      const answer: Exchange = await kernel.request(type, content, { channel });
      return answer.reply.content;
    };
    expect(await ask('kernel_info_request', {}, 'control')).toMatchObject({
      status: 'ok',
      debugger: true,
      supported_features: expect.arrayContaining(['debugger']),
    });
    expect(await ask('usage_request', {}, 'control')).toMatchObject({ status: 'ok' });
    expect(await ask('is_complete_request', { code: 'f(' }, 'shell')).toMatchObject({ status: 'incomplete' });
    expect(await ask('complete_request', { code: 'held.', cursor_pos: 5 }, 'shell')).toMatchObject({
      matches: expect.arrayContaining(['inner']),
    });
    expect((await dap.ask('debugInfo'))['stoppedThreads']).toEqual([1]);
    await dap.resume();
    expect(resultOf(await kernel.exchange(id))).toBe('5');
  });

  it.each([true, false])('ends with shutdown_request, restart %s', async (restart) => {
    await start();
    await dap.start();
    await pauseIn('debugger;\nfor (;;) {}');
    const { reply } = await kernel.request('shutdown_request', { restart }, { channel: 'control' });
    expect(reply.content).toEqual({ status: 'ok', restart });
    expect(await kernel.exited(5000)).toBe(0);
    expect(kernel.stderr).not.toContain('Waiting for the debugger');
  });

  it('ends by itself after process.exit with a debugger attached', async () => {
    await start();
    await dap.start();
    await kernel.sendCell('console.log("last"); process.exit(3)');
    expect(await kernel.exited(5000)).toBe(3);
    expect(kernel.stderr).not.toContain('Waiting for the debugger');
  });
});

describe('debug_request of disconnect and terminate', () => {
  it('let what is paused go on, and another client starts anew, as often as it wants', async () => {
    await start();
    const code = 'let seen = 1;\nseen += 1;\nseen';
    for (let round = 0; round < 3; round++) {
      await dap.start();
      expect(await dap.ask('debugInfo')).toMatchObject({ isStarted: true, breakpoints: [] });
      await dap.breakIn(code, 2);
      const id = await kernel.sendCell(code);
      expect((await dap.stopped('breakpoint'))[0]!.line).toBe(2);
      await dap.stop();
      expect(resultOf(await kernel.exchange(id))).toBe('2');
      expect(await dap.ask('debugInfo')).toMatchObject({
        isStarted: false,
        stoppedThreads: [],
        breakpoints: [],
      });
      expect(resultOf(await kernel.execute(`debugger;\n${code}`))).toBe('2');
    }
  });

  it('terminate stops the cell that is paused', async () => {
    await start();
    await dap.start();
    const id = await pauseIn('debugger;\nconsole.log("ran on")');
    await dap.ask('terminate');
    await dap.event('terminated');
    const ended = await kernel.exchange(id);
    expect([ended.reply.content['ename'], streamOf(ended)]).toEqual(['KeyboardInterrupt', '']);
    expect(resultOf(await kernel.execute('1'))).toBe('1');
  });
});

describe('debug_request in any order', () => {
  it('may be that of VS Code: breakpoints after the initialized event, more than one client', async () => {
    await start();
    expect(await dap.send('setBreakpoints', {})).toMatchObject({ success: false, command: 'setBreakpoints' });
    expect(
      await dap.ask('initialize', { clientID: 'vscode', adapterID: 'ruvector', pathFormat: 'path' }),
    ).toMatchObject({
      supportsConfigurationDoneRequest: true,
      supportsConditionalBreakpoints: true,
      supportsLogPoints: true,
      exceptionBreakpointFilters: [{ filter: 'all' }, { filter: 'uncaught' }],
    });
    const attached = dap.ask('attach', { justMyCode: true });
    await dap.event('initialized');
    await attached;
    const code = 'const answer = 6 * 7;\nanswer';
    const { sourcePath } = await dap.ask('dumpCell', { code });
    await dap.ask('setBreakpoints', { source: { path: sourcePath }, breakpoints: [{ line: 2 }], lines: [2] });
    await dap.ask('setFunctionBreakpoints', { breakpoints: [] });
    await dap.ask('setExceptionBreakpoints', { filters: [] });
    await dap.ask('configurationDone');
    expect(await dap.ask('threads')).toEqual({ threads: [{ id: 1, name: 'Cells' }] });
    const id = await kernel.sendCell(code);
    const body = await dap.event('stopped');
    expect(body).toEqual({
      reason: 'breakpoint',
      threadId: 1,
      allThreadsStopped: true,
      hitBreakpointIds: [expect.any(Number)],
    });
    const { stackFrames, totalFrames } = await dap.ask('stackTrace', {
      threadId: 1,
      startFrame: 0,
      levels: 1,
    });
    expect([stackFrames, totalFrames]).toMatchObject([[{ line: 2 }], 1]);
    // Another client of the same kernel, which JupyterLab is after a reload.
    const second = new DebugClient(kernel);
    expect(await second.ask('debugInfo')).toMatchObject({
      isStarted: true,
      stoppedThreads: [1],
      breakpoints: [{ source: sourcePath, breakpoints: [{ line: 2 }] }],
    });
    await second.resume();
    expect(await dap.event('continued')).toEqual({ threadId: 1, allThreadsContinued: true });
    expect(resultOf(await kernel.exchange(id))).toBe('42');
    expect(await dap.send('restartFrame', {})).toMatchObject({
      success: false,
      message: 'This debugger does not know "restartFrame"',
    });
    expect(await dap.send('next')).toMatchObject({ success: false });
  });
});
