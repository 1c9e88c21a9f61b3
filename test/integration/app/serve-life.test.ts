// How `serve` goes on and ends: errors that nobody caught, a home that is taken away, signals at any moment, a second
// daemon, a user without a passwd entry. Real processes only.
import { connectDaemon } from '../../../src/bridge/index.ts';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeHome } from '../../../src/app/home.ts';
import { readStartTicks, resolveHome } from '../../../src/core/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import { createTestHome, finished } from '../../support/daemon.ts';
import { createOldLauncher, findOldNode } from '../../support/app/old-launcher.ts';
import { serveWords, servingPid, start, statusOf, untilSampling } from '../../support/app/serve-process.ts';
import { until } from '../../support/until.ts';

const preload = join(import.meta.dirname, '../../support/app/throw-in-daemon.mjs');
const withFaults = (names: string): NodeJS.ProcessEnv => ({
  RVM_TEST_FAULT: names,
  NODE_OPTIONS: `--import ${JSON.stringify(preload)}`,
});

describe('serve after an error that nobody caught', () => {
  it('logs and counts it, and goes on', async () => {
    await using home = await createTestHome();
    const names = ['timer', 'socket', 'emitter', 'rejection', 'no error'];
    const child = start(serveWords(home), { env: withFaults(names.join(',')) });
    const end = finished(child);
    await servingPid(home, child);
    for (let i = 1; i <= names.length; i++) {
      child.kill('SIGUSR2');
      await until(async () => {
        const { faults } = await statusOf(home);
        return faults.uncaughtErrors + faults.unhandledRejections === i;
      }, `error ${i} is counted`);
    }
    const { faults } = await untilSampling(home);
    expect(faults).toEqual({ uncaughtErrors: 3, unhandledRejections: 2, last: 'rejected with: only a text' });
    child.kill('SIGTERM');
    const { code, stderr } = await end;
    expect(code).toBe(0);
    for (const text of [
      'SyntaxError',
      'connect ENOENT /no/such/socket',
      'read ECONNRESET',
      'nobody waits',
      'only a text',
    ])
      expect(stderr).toMatch(new RegExp(`unexpected error, going on: .*${text}`));
  });

  it('ends in order when memory is out', async () => {
    await using home = await createTestHome();
    const child = start(serveWords(home), { env: withFaults('memory') });
    const end = finished(child);
    await servingPid(home, child);
    const { samples } = await untilSampling(home);
    child.kill('SIGUSR2');
    const { code, stderr } = await end;
    expect(code).toBe(70);
    expect(stderr).toContain('ending, because going on would harm: Array buffer allocation failed');
    expect(existsSync(home.bridgeFile)).toBe(false);
    await using history = await openHistory(home.history, { readOnly: true });
    expect((await history.rows('memory')).length).toBeGreaterThanOrEqual(samples);
  });
});

describe('serve in a home that is taken away', () => {
  it('ends with a code of its own when another daemon could have it', async () => {
    await using home = await createTestHome();
    const child = start(serveWords(home));
    const end = finished(child);
    await servingPid(home, child);
    await untilSampling(home);
    // As a restored backup does it.
    const lock = join(home.history, 'lock.db');
    cpSync(lock, `${lock}.new`);
    renameSync(`${lock}.new`, lock);
    const { code, stderr } = await end;
    expect(code).toBe(70);
    expect(stderr).toContain('was replaced, so another daemon may write it');
    expect(existsSync(home.bridgeFile)).toBe(false);
  });
});

describe('serve in a drain', () => {
  it('ends at once when SIGTERM comes again, with every row written', async () => {
    await using home = await createTestHome();
    const child = start(serveWords(home));
    const end = finished(child);
    await servingPid(home, child);
    const { samples } = await untilSampling(home);
    await using client = await connectDaemon(home.bridgeFile);
    // A subscriber that never reads: the bridge waits 5 s for it.
    await client.openBatches('memory', { follow: true });
    await until(async () => (await statusOf(home)).bridge.slotsInUse > 0, 'a batch waits for it');
    const startMs = performance.now();
    child.kill('SIGTERM');
    await until(() => child.exitCode !== null || performance.now() - startMs > 600, 'it drains');
    child.kill('SIGTERM');
    const { code, signal, stderr } = await end;
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGTERM' });
    expect(stderr).toContain('SIGTERM again: ending now');
    expect(existsSync(home.bridgeFile)).toBe(false);
    await using history = await openHistory(home.history, { readOnly: true });
    expect((await history.rows('memory')).length).toBeGreaterThanOrEqual(samples);
  });
});

const oldNode = findOldNode();
const launchers: [string, string | undefined][] = [
  ['as of an older Node', undefined],
  ...(oldNode ? [['of a real older Node', oldNode] as [string, string]] : []),
];

describe.each(launchers)('become() %s while it waits for serve', (_, node) => {
  it('hands on what it is sent, SIGHUP as well as SIGINT, and ends as serve does', async () => {
    await using home = await createTestHome();
    using launcher = createOldLauncher({ koffi: false });
    const args = ['--home', home.root, 'serve', '--no-baseline', '--hz', '10'];
    const child = launcher.start('bin/ruvector-memopt.mjs', args, { node });
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const end = finished(child);
    await servingPid(home, child);
    child.kill('SIGHUP');
    await until(() => said.includes('SIGHUP without a terminal: going on'), 'serve heard of it');
    await untilSampling(home);
    child.kill('SIGINT');
    expect(await end).toMatchObject({ code: 0, signal: null });
    expect(said).toMatch(/SIGINT: draining[\s\S]*stopped/);
    expect(existsSync(home.bridgeFile)).toBe(false);
  });

  it('takes it along when it is killed, and stops and goes on with it', async () => {
    await using home = await createTestHome();
    using launcher = createOldLauncher({ koffi: false });
    const args = ['--home', home.root, 'serve', '--no-baseline', '--hz', '10'];
    const child = launcher.start('bin/ruvector-memopt.mjs', args, { node });
    const pid = await servingPid(home, child);
    expect(pid).not.toBe(child.pid);
    const isStopped = (id: number): boolean => / T /.test(readFileSync(`/proc/${id}/stat`, 'utf8'));
    child.kill('SIGTSTP');
    await until(() => isStopped(child.pid!) && isStopped(pid), 'both are stopped');
    child.kill('SIGCONT');
    await until(() => !isStopped(child.pid!) && !isStopped(pid), 'both go on');
    await untilSampling(home);
    child.kill('SIGKILL');
    await until(() => !existsSync(home.bridgeFile) && readStartTicks(pid) === null, 'it has drained');
  });
});

describe('serve on a home that has a daemon', () => {
  it('says which process has the home while that does not answer', async () => {
    await using home = await createTestHome();
    const child = start(serveWords(home));
    const end = finished(child);
    await servingPid(home, child);
    child.kill('SIGSTOP');
    const { code, stderr } = await finished(start(serveWords(home)));
    expect(code).toBe(3);
    expect(stderr).toContain(
      `already running, pid ${child.pid}, which does not answer now; stop it with \`kill`,
    );
    expect(stderr).toContain(home.root);
    child.kill('SIGKILL');
    await end;
    // Its bridge file is stale now, and its pid somebody else's.
    const file = JSON.parse(readFileSync(home.bridgeFile, 'utf8')) as object;
    writeFileSync(home.bridgeFile, JSON.stringify({ ...file, pid: process.pid }));
    const third = start(serveWords(home));
    const thirdEnd = finished(third);
    await until(async () => (await servingPid(home, third)) === third.pid, 'the third serves');
    third.kill('SIGTERM');
    expect(await thirdEnd).toMatchObject({ code: 0 });
  });

  it('says so while the first one is starting, and names a command that collects', async () => {
    await using home = await createTestHome();
    await using _ = await openHistory(home.history);
    const { code, stderr } = await finished(start(serveWords(home)));
    expect(code).toBe(3);
    expect(stderr).toMatch(new RegExp(`already running, pid ${process.pid}`));
  });
});

const setpriv = spawnSync('setpriv', ['--reuid', '12345', '--clear-groups', 'true']).status === 0;

/** The command as a user without passwd entry, group or HOME. */
function asNobodyKnown(words: readonly string[]): string[] {
  const env = ['env', '-i', `PATH=${process.env['PATH']}`];
  return ['setpriv', '--reuid', '12345', '--regid', '12345', '--clear-groups', ...env, ...words];
}

describe.skipIf(!setpriv)('serve for a user without passwd entry and HOME', () => {
  it('runs, and so do status and doctor, with --home, and asks for it without', async () => {
    await using home = await createTestHome();
    chmodSync(home.root, 0o777);
    const child = start(asNobodyKnown(serveWords(home)));
    const end = finished(child);
    await servingPid(home, child);
    await untilSampling(home);
    const [node, bin] = serveWords(home) as [string, string];
    const status = await finished(start(asNobodyKnown([node, bin, 'status', '--home', home.root])));
    expect(status).toMatchObject({ code: 0, stderr: '' });
    for (const words of [['serve'], ['collect']]) {
      const { code, stderr } = await finished(start(asNobodyKnown([node, bin, ...words])));
      expect({ words, code }).toEqual({ words, code: 1 });
      expect(stderr).toContain('ERR_APP_HOME: Cannot find a home');
      expect(stderr).toContain('--home');
    }
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: 0 });
  });
});

describe('resolveHome() of a home that cannot be used', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rvm-homes-'));
  writeFileSync(join(folder, 'file'), '');
  afterAll(() => rmSync(folder, { recursive: true }));
  const unusable: [string, string][] = [
    ['a file', join(folder, 'file')],
    ['below a file', join(folder, 'file', 'home')],
    ['below /proc', '/proc/ruvector'],
    ['a name that is too long', join(folder, 'x'.repeat(300))],
    ['a path that is too long', join(folder, ...Array<string>(50).fill('y'.repeat(100)))],
  ];

  it.each(unusable)('is a typed error: %s', (_, root) => {
    const create = (): void => makeHome(resolveHome(root));
    expect(create).toThrow(/^Cannot use home/);
    expect(create).toThrow(expect.objectContaining({ code: 'ERR_APP_HOME' }));
  });

  it('is no home of odd letters, nor one that is too long for a socket address', async () => {
    const home = resolveHome(join(folder, `a b\nc "d" 'e' %s $HOME größe ${'z'.repeat(120)}`));
    const child = start(serveWords(home));
    const end = finished(child);
    await servingPid(home, child);
    await untilSampling(home);
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: 0 });
  });
});
