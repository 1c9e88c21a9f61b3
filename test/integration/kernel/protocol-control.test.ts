// The notebook kernel under control: answers while a cell spins, questions on stdin, shutdown, restart,
// death of its parent. Interrupts are kernel-interrupt.test.ts.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as zmq from 'zeromq';
import { isStatus, kernelCommand, resultOf, startKernel } from '../../support/kernel/kernel-client.ts';
import type { KernelClient, Received } from '../../support/kernel/kernel-client.ts';
import { until } from '../../support/until.ts';
import { isRunning } from '../../support/is-running.ts';

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

describe('kernel_info_request while a cell spins', () => {
  it('is answered, and so are completion, variables, usage, comm info and heartbeats', async () => {
    const id = await start('for (;;) {}');
    const heart = new zmq.Request({ receiveTimeout: 5000, linger: 0 });
    heart.connect(kernel.address('hb'));
    for (const frames of [
      [Buffer.from('ping')],
      [Buffer.alloc(0)],
      [Buffer.from('a'), Buffer.alloc(9, 255)],
    ]) {
      await heart.send(frames);
      expect(await heart.receive()).toEqual(frames);
    }
    heart.close();
    const { reply } = await kernel.request('complete_request', { code: 'Math.sq', cursor_pos: 7 });
    expect(reply.content['matches']).toEqual(['sqrt']);
    const inspected = await kernel.request('inspect_request', { code: 'state', cursor_pos: 5 });
    expect(JSON.stringify(inspected.reply.content['data'])).toContain('41');
    await kernel.request('kernel_info_request');
    await kernel.request('comm_info_request');
    await kernel.request('usage_request', {}, { channel: 'control' });
    expect(kernel.iopubOf(id).some((m) => isStatus(m, 'idle'))).toBe(false);
    await kernel.interrupt();
    await kernel.exchange(id);
  });
});

describe('input_request', () => {
  const isQuestion =
    (id: string) =>
    ({ channel, parentHeader }: Received): boolean =>
      channel === 'stdin' && parentHeader['msg_id'] === id;

  it('asks the client, and the cell gets the answer', async () => {
    const id = await kernel.sendCell('prompt("Name?")', { allow_stdin: true });
    const question = await kernel.wait(isQuestion(id));
    expect(question.header.msg_type).toBe('input_request');
    expect(question.content).toEqual({ prompt: 'Name? ', password: false });
    await kernel.send('stdin', 'input_reply', { value: 'Žofie 😀' }, { parentHeader: question.header });
    expect(resultOf(await kernel.exchange(id))).toBe("'Žofie 😀'");
  });

  it('takes an answer without a parent, as jupyter_client sends it', async () => {
    const id = await kernel.sendCell('confirm("Sure?")', { allow_stdin: true });
    await kernel.wait(isQuestion(id));
    await kernel.send('stdin', 'input_reply', { value: 'y' });
    expect(resultOf(await kernel.exchange(id))).toBe('true');
  });

  it('drops late answers, answers to earlier questions and those of another client', async () => {
    await kernel.send('stdin', 'input_reply', { value: 'early' });
    const id = await kernel.sendCell('prompt("Once?")', { allow_stdin: true });
    const question = await kernel.wait(isQuestion(id));
    await kernel.send('stdin', 'input_reply', { value: 'old' }, { parentHeader: { msg_id: 'another' } });
    const stranger = new zmq.Dealer({ linger: 0 });
    stranger.connect(kernel.address('stdin'));
    const forged = kernel.encode('input_reply', { value: 'forged' }, { parentHeader: question.header });
    await stranger.send(forged.frames);
    await delay(100);
    stranger.close();
    await kernel.send('stdin', 'input_reply', { value: 'mine' }, { parentHeader: question.header });
    expect(resultOf(await kernel.exchange(id))).toBe("'mine'");
  });

  it('fails in the cell when the client takes no questions', async () => {
    const { reply } = await kernel.execute('prompt("Name?")');
    expect(reply.content).toMatchObject({ status: 'error', ename: 'StdinNotImplementedError' });
  });

  it('is ended by an interrupt, and the answer that comes too late is not the next one', async () => {
    const first = await start('prompt("First?")', { allow_stdin: true });
    const question = await kernel.wait(isQuestion(first));
    await kernel.interrupt();
    expect((await kernel.exchange(first)).reply.content).toMatchObject({ ename: 'KeyboardInterrupt' });
    const second = await kernel.sendCell('prompt("Second?")', { allow_stdin: true });
    await kernel.wait(isQuestion(second));
    await kernel.send('stdin', 'input_reply', { value: 'late' }, { parentHeader: question.header });
    await kernel.send('stdin', 'input_reply', { value: 'right' });
    expect(resultOf(await kernel.exchange(second))).toBe("'right'");
  });

  it('answers other requests while it waits', async () => {
    const id = await kernel.sendCell('prompt("Wait?")', { allow_stdin: true });
    const question = await kernel.wait(isQuestion(id));
    await kernel.request('kernel_info_request');
    await kernel.send('stdin', 'input_reply', { value: '' }, { parentHeader: question.header });
    expect((await kernel.exchange(id)).reply.content['status']).toBe('ok');
  });
});

describe('shutdown_request', () => {
  it.each([true, false])('is answered on control with restart %s, then the kernel exits', async (restart) => {
    await using mine = await startKernel();
    const { reply } = await mine.request('shutdown_request', { restart }, { channel: 'control' });
    expect(reply.content).toEqual({ status: 'ok', restart });
    expect(await mine.exited()).toBe(0);
    expect(mine.stderr).toBe('');
  });

  it('with restart lets the next kernel on the same connection answer the same client', async () => {
    await using mine = await startKernel();
    await mine.execute('let gone = 1');
    await mine.request('shutdown_request', { restart: true }, { channel: 'control' });
    await mine.exited();
    const [program, ...args] = kernelCommand(mine.connectionFile);
    const env = { ...process.env, RUVECTOR_KERNEL_HISTORY: ':memory:' };
    const second = spawn(program!, args, { stdio: 'ignore', env });
    try {
      const id = await mine.sendCell('typeof gone');
      const isDone = (): boolean => mine.iopubOf(id).some((m) => isStatus(m, 'idle'));
      await expect.poll(isDone, { timeout: 20_000 }).toBe(true);
      const result = mine.iopubOf(id).find(({ header }) => header.msg_type === 'execute_result');
      expect(result?.content['data']).toEqual({ 'text/plain': "'undefined'" });
    } finally {
      second.kill('SIGKILL');
    }
  });

  it('ends a kernel whose cell spins', async () => {
    await using mine = await startKernel();
    const id = await mine.sendCell('display(0); for (;;) {}');
    await mine.wait((m) => m.header.msg_type === 'display_data' && m.parentHeader['msg_id'] === id);
    await mine.request('shutdown_request', { restart: false }, { channel: 'control' });
    expect(await mine.exited()).toBe(0);
  });

  it('process.exit() in a cell ends the kernel with that code, after its output arrived', async () => {
    await using mine = await startKernel();
    await mine.request('complete_request', { code: 'Math.sq', cursor_pos: 7 });
    const id = await mine.sendCell('console.log("last words"); process.exit(3)');
    expect(await mine.exited()).toBe(3);
    await mine.wait((m) => m.parentHeader['msg_id'] === id && m.content['text'] === 'last words\n');
    expect(mine.stderr).toBe('');
  });

  it('startKernel() leaves no kernel when its parent is killed', async () => {
    await using mine = await startKernel();
    const directory = mkdtempSync(join(tmpdir(), 'rvk-'));
    try {
      const pidFile = join(directory, 'pid');
      const other = { ...mine.connection, ip: join(directory, 's') };
      const [program, ...args] = kernelCommand(join(directory, 'connection.json'));
      const script = `require('node:fs').writeFileSync(${JSON.stringify(join(directory, 'connection.json'))}, ${JSON.stringify(JSON.stringify(other))});
        const child = require('node:child_process').spawn(${JSON.stringify(program)}, ${JSON.stringify(args)}, { stdio: 'ignore', env: { ...process.env, JPY_PARENT_PID: String(process.pid) } });
        require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(child.pid)); setInterval(() => {}, 1000);`;
      const parent = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
      await until(() => existsSync(pidFile) && existsSync(`${other.ip}-1`));
      const pid = Number(readFileSync(pidFile, 'utf8'));
      await delay(500);
      parent.kill('SIGKILL');
      await until(() => !isRunning(pid));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
