// Output past Node's streams: what children that inherit the descriptors and synchronous writes to 1 and 2 show.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isChildOf, kernelCommand, startKernel } from '../../support/kernel/kernel-client.ts';
import type { KernelClient, Received } from '../../support/kernel/kernel-client.ts';
import { python } from '../../support/python.ts';

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
});

const textOf = (messages: readonly Received[], name: string): string =>
  messages
    .filter((m) => m.header.msg_type === 'stream' && m.content['name'] === name)
    .map((m) => String(m.content['text']))
    .join('');

/** What a cell shows until it is idle. */
async function shownBy(code: string): Promise<{ stdout: string; stderr: string }> {
  const { iopub, reply } = await kernel.execute(code);
  expect(reply.content).toMatchObject({ status: 'ok' });
  return { stdout: textOf(iopub, 'stdout'), stderr: textOf(iopub, 'stderr') };
}

describe('captureNativeOutput()', () => {
  it.each([
    [`require('fs').writeSync(1, 'written\\n')`, 'written\n', ''],
    [`require('fs').writeSync(2, 'wrong\\n')`, '', 'wrong\n'],
    [
      `import { execSync } from 'node:child_process'; execSync('echo x; echo y >&2', { stdio: 'inherit' }); 0`,
      'x\n',
      'y\n',
    ],
    [
      `import { spawnSync } from 'node:child_process'; spawnSync('printf', ['héllo'], { stdio: 'inherit' }); 0`,
      'héllo',
      '',
    ],
    [
      `import { spawn } from 'node:child_process'; import { once } from 'node:events';
       await once(spawn('sh', ['-c', 'echo later'], { stdio: 'inherit' }), 'close'); 0`,
      'later\n',
      '',
    ],
    [`await new Deno.Command('echo', { args: ['shown'] }).spawn().status; 0`, 'shown\n', ''],
  ])('shows what %s writes', async (code, stdout, stderr) => {
    expect(await shownBy(code)).toEqual({ stdout, stderr });
  });

  it('keeps the order of what the cell and its children write', async () => {
    const { stdout } = await shownBy(`for (let i = 0; i < 5; i++) {
      console.log('cell', i); execSync('sleep 0.02; echo child ' + i, { stdio: 'inherit' });
    }`);
    const expected = Array.from({ length: 5 }, (_, i) => `cell ${i}\nchild ${i}\n`).join('');
    expect(stdout).toBe(expected);
  });

  it('keeps the order of what the cell writes to streams and to descriptors', async () => {
    const { stdout } = await shownBy(`const { writeSync } = require('fs');
      for (let i = 0; i < 50; i++) { console.log('stream', i); writeSync(1, 'descriptor ' + i + '\\n'); }`);
    const expected = Array.from({ length: 50 }, (_, i) => `stream ${i}\ndescriptor ${i}\n`).join('');
    expect(stdout).toBe(expected);
  });

  it('shows more than a pipe holds while the cell waits for its child', async () => {
    const { stdout } = await shownBy(`execSync('seq 1 200000', { stdio: 'inherit' }); 0`);
    expect(stdout.split('\n')).toHaveLength(200_001);
    expect(stdout.slice(-8)).toBe('\n200000\n');
  });

  it('keeps characters whole whose bytes come in two writes', async () => {
    const { stdout } = await shownBy(`require('fs').writeSync(1, Buffer.from([0xc3]));
      await new Promise((done) => setTimeout(done, 50)); require('fs').writeSync(1, Buffer.from([0xa9, 10])); 0`);
    expect(stdout).toBe('é\n');
  });

  it('gives to the cell that ran last what a child writes behind its end', async () => {
    const id = await kernel.sendCell(
      `spawn('sh', ['-c', 'sleep 0.3; echo behind'], { stdio: 'inherit' }); 0`,
    );
    await kernel.exchange(id);
    const message = await kernel.wait((m) => textOf([m], 'stdout') === 'behind\n');
    expect(isChildOf(message, id)).toBe(true);
  });

  it('leaves the pipe it was started with as it was, so that its other writers may wait', async () => {
    const code = `import fcntl, os, subprocess, sys
read, write = os.pipe()
flags = lambda: fcntl.fcntl(write, fcntl.F_GETFL) & os.O_NONBLOCK
kernel = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=write, stderr=write)
try:
    print(kernel.wait(3))
except subprocess.TimeoutExpired:
    print("serves", flags())
kernel.kill()
kernel.wait()
print("ended", flags())`;
    const folder = mkdtempSync(join(tmpdir(), 'rvk-pipe-'));
    const file = join(folder, 'connection.json');
    const ports = { shell_port: 1, iopub_port: 2, stdin_port: 3, control_port: 4, hb_port: 5 };
    const connection = { transport: 'ipc', ip: join(folder, 's'), key: 'k', signature_scheme: 'hmac-sha256' };
    writeFileSync(file, JSON.stringify({ ...connection, ...ports }));
    const [node, ...args] = kernelCommand(file);
    const { stdout } = spawnSync(python, ['-c', code, node!, ...args], { encoding: 'utf8' });
    expect(stdout).toBe('serves 0\nended 0\n');
    rmSync(folder, { recursive: true });
  });
});
