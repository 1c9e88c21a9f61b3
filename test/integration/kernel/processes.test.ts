// What cells start ends with the kernel; whom the kernel ends with.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernelCommand, startKernel } from '../../support/kernel/kernel-client.ts';
import type { KernelClient } from '../../support/kernel/kernel-client.ts';
import { until } from '../../support/until.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'rvk-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A process that has ended may wait for somebody to ask how. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

/** A shell that writes its pid to a file and stays. */
const stay = (file: string, trap = ''): string =>
  `${trap}echo $$ > ${file}.new; mv ${file}.new ${file}; while :; do sleep 0.05; done`;

/** Each way to start something: the shell script is in SCRIPT. */
const ways: readonly (readonly [string, string])[] = [
  ['a child', `spawn('sh', ['-c', SCRIPT], { stdio: 'ignore' })`],
  ['a detached child', `spawn('sh', ['-c', SCRIPT], { detached: true, stdio: 'ignore' }).unref()`],
  [
    'a child of a child',
    `spawn('sh', ['-c', 'sh -c "$S"; :'], { env: { ...process.env, S: SCRIPT }, stdio: 'ignore' })`,
  ],
  [
    'a child whose parent has ended',
    `spawn('sh', ['-c', 'sh -c "$S" &'], { env: { ...process.env, S: SCRIPT }, stdio: 'ignore' })`,
  ],
  [
    'a child whose detached parent has ended',
    `spawn('sh', ['-c', 'setsid sh -c "$S" &'], { env: { ...process.env, S: SCRIPT }, detached: true, stdio: 'ignore' }).unref()`,
  ],
  [
    'a child with an environment of its own',
    `spawn('sh', ['-c', SCRIPT], { env: { PATH: process.env.PATH }, stdio: 'ignore' })`,
  ],
  [
    'a worker thread',
    `new (require('node:worker_threads').Worker)("require('node:child_process').spawn('sh', ['-c', require('node:worker_threads').workerData], { stdio: 'ignore' })", { eval: true, workerData: SCRIPT })`,
  ],
];

async function startAll(kernel: KernelClient, label: string, trap = ''): Promise<number[]> {
  await kernel.execute("const { spawn } = require('node:child_process')");
  const files = ways.map((_, at) => join(directory, `${label}-${at}`));
  for (const [at, [, code]] of ways.entries()) {
    await kernel.execute(`{ const SCRIPT = ${JSON.stringify(stay(files[at]!, trap))}; ${code} }; undefined`);
  }
  await until(() => files.every((file) => existsSync(file)));
  const pids = files.map((file) => Number(readFileSync(file, 'utf8')));
  expect(pids.map(isRunning)).toEqual(ways.map(() => true));
  return pids;
}

describe.skipIf(process.platform !== 'linux')('shutdown_request', () => {
  it.each([
    ['shutdown', { restart: false }, ''],
    ['restart', { restart: true }, ''],
    ['shutdown of what ignores SIGTERM', { restart: false }, "trap '' TERM; "],
  ])('ends all that cells started at %s', async (label, content, trap) => {
    await using kernel = await startKernel();
    const pids = await startAll(kernel, label.replaceAll(' ', '-'), trap);
    await kernel.request('shutdown_request', content, { channel: 'control' });
    await kernel.exited();
    await until(() => !pids.some(isRunning));
  });

  it('ends them when a cell calls process.exit, and when a cell spins', async () => {
    await using first = await startKernel();
    await using second = await startKernel();
    const pids = [...(await startAll(first, 'exit')), ...(await startAll(second, 'spin'))];
    await first.sendCell('process.exit(0)');
    await second.sendCell('for (;;) {}');
    await second.send('control', 'shutdown_request', { restart: false });
    await Promise.all([first.exited(), second.exited()]);
    await until(() => !pids.some(isRunning));
  });

  it('leaves processes of others alone', async () => {
    const other = spawn('sleep', ['60'], { stdio: 'ignore' });
    try {
      await using kernel = await startKernel();
      await kernel.request('shutdown_request', { restart: false }, { channel: 'control' });
      await kernel.exited();
      expect(isRunning(other.pid!)).toBe(true);
    } finally {
      other.kill('SIGKILL');
    }
  });
});

/** Starts a kernel from a process of its own, and tells its pid; the process is the kernel's owner by `variable`. */
async function startOwned(
  template: KernelClient,
  label: string,
  variable: string,
): Promise<{ owner: ReturnType<typeof spawn>; kernel: number }> {
  const ip = join(directory, label);
  const file = `${ip}.json`;
  const pidFile = `${ip}.pid`;
  writeFileSync(file, JSON.stringify({ ...template.connection, ip }));
  const [program, ...args] = kernelCommand(file);
  const script = `const env = { ...process.env }; delete env.JPY_PARENT_PID;
    const value = ${variable}; if (value !== '') env.JPY_PARENT_PID = value;
    const child = require('node:child_process').spawn(${JSON.stringify(program)}, ${JSON.stringify(args)}, { stdio: 'ignore', env });
    require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(child.pid)); setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
  await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '' && existsSync(`${ip}-1`));
  return { owner, kernel: Number(readFileSync(pidFile, 'utf8')) };
}

describe('watchOwner() of JPY_PARENT_PID', () => {
  it('ends the kernel with the process that it names, and only with that', async () => {
    await using template = await startKernel();
    const other = spawn('sleep', ['60'], { stdio: 'ignore' });
    const named = await startOwned(template, 'named', 'String(process.pid)');
    const byOther = await startOwned(template, 'by-other', JSON.stringify(String(other.pid)));
    const independent = await startOwned(template, 'independent', "''");
    const wrong = await startOwned(template, 'wrong', "'none'");
    const all = [named, byOther, independent, wrong];
    try {
      for (const { owner } of all) owner.kill('SIGKILL');
      await until(() => !isRunning(named.kernel));
      expect([byOther, independent, wrong].map(({ kernel }) => isRunning(kernel))).toEqual([
        true,
        true,
        true,
      ]);
      other.kill('SIGKILL');
      await until(() => !isRunning(byOther.kernel));
      expect([independent, wrong].map(({ kernel }) => isRunning(kernel))).toEqual([true, true]);
    } finally {
      other.kill('SIGKILL');
      for (const { kernel } of all.filter((one) => isRunning(one.kernel))) process.kill(kernel, 'SIGKILL');
    }
  });
});
