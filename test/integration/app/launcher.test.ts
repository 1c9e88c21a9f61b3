// bin/ruvector-memopt.mjs as processes see it: who has which pid, where signals and exit codes go, and what
// becomes of arguments, environment and streams on the way to Node 24.
import type { Home } from '../../../src/core/index.ts';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTestHome, finished, poll, startCommand } from '../../support/daemon.ts';
import { createOldLauncher, findOldNode } from '../../support/app/old-launcher.ts';
import type { OldLauncher } from '../../support/app/old-launcher.ts';

const root = join(import.meta.dirname, '../../..');
const become = JSON.stringify(join(root, 'bin', 'become.mjs'));

const hard = ['a b', `"double" 'single'`, 'line\nbreak', '', '$HOME `x` \\', 'ümlaut ✓', '--flag=a b'];
const says = 'console.log(JSON.stringify([process.pid, process.argv.slice(1), process.env.RVM_TEST]))';

/** A script beside the launcher that becomes `node -e <code> <args>`. */
function writeBecome(launcher: OldLauncher, code: string): string {
  const text = `import { become } from './become.mjs';
become(${JSON.stringify(process.execPath)}, ['-e', ${JSON.stringify(code)}, '--', ...process.argv.slice(2)], { env: { ...process.env, RVM_TEST: 'one\\ntwo = 2' } });`;
  writeFileSync(join(launcher.folder, 'bin', 'become-node.mjs'), text);
  return 'bin/become-node.mjs';
}

async function bridgePid(home: Home, child: ChildProcess): Promise<number> {
  await poll(
    async () => existsSync(home.bridgeFile) || child.exitCode !== null,
    (isThere) => isThere,
  );
  return (JSON.parse(readFileSync(home.bridgeFile, 'utf8')) as { pid: number }).pid;
}

describe.each([
  ['with koffi', true],
  ['without koffi', false],
])('an older Node %s', (_, koffi) => {
  it('become() keeps arguments, environment and output as they are', async () => {
    using launcher = createOldLauncher({ koffi });
    const child = launcher.start(writeBecome(launcher, says), hard);
    const { code, stdout, stderr } = await finished(child);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [pid, args, variable] = JSON.parse(stdout) as [number, string[], string];
    expect(args).toEqual(hard);
    expect(variable).toBe('one\ntwo = 2');
    expect(pid === child.pid).toBe(koffi);
  });

  it.each([0, 1, 2, 77])('become() ends with exit code %i of the program', async (wanted) => {
    using launcher = createOldLauncher({ koffi });
    const child = launcher.start(writeBecome(launcher, `process.exit(${wanted})`), []);
    expect(await finished(child)).toMatchObject({ code: wanted, signal: null });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'become() dies of %s as the program does',
    async (signal) => {
      using launcher = createOldLauncher({ koffi });
      const child = launcher.start(
        writeBecome(launcher, `console.log('up'); setInterval(() => {}, 1000)`),
        [],
      );
      const end = finished(child);
      await once(child.stdout!, 'data');
      child.kill(signal);
      expect(await end).toMatchObject({ code: null, signal });
    },
  );

  it('become() hands a signal to a program that answers it', async () => {
    using launcher = createOldLauncher({ koffi });
    const answers = `process.on('SIGTERM', () => process.exit(42)); console.log('up'); setInterval(() => {}, 1000)`;
    const child = launcher.start(writeBecome(launcher, answers), []);
    const end = finished(child);
    await once(child.stdout!, 'data');
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: 42, signal: null });
  });

  it('become() hands standard input over', async () => {
    using launcher = createOldLauncher({ koffi });
    const child = launcher.start(writeBecome(launcher, 'process.stdin.pipe(process.stdout)'), [], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin!.end('through and through');
    expect(await finished(child)).toMatchObject({ code: 0, stdout: 'through and through' });
  });

  it('serve answers under the pid that was started, or forwards to it, and drains on SIGTERM', async () => {
    await using home = await createTestHome();
    using launcher = createOldLauncher({ koffi });
    const args = ['--home', home.root, 'serve', '--no-baseline', '--hz', '10'];
    const child = launcher.start('bin/ruvector-memopt.mjs', args);
    const end = finished(child);
    const pid = await bridgePid(home, child);
    expect(pid === child.pid).toBe(koffi);
    child.kill('SIGTERM');
    const { code, signal, stderr } = await end;
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(stderr).toMatch(/draining[\s\S]*stopped/);
    expect(existsSync(home.bridgeFile)).toBe(false);
  });

  it('become() hands over exit code 2 of a wrong option', async () => {
    await using home = await createTestHome();
    using launcher = createOldLauncher({ koffi });
    const child = launcher.start('bin/ruvector-memopt.mjs', ['--home', home.root, 'serve', '--hz', 'many']);
    expect(await finished(child)).toMatchObject({ code: 2, signal: null });
  });
});

describe('Node 24', () => {
  it('serve keeps the pid it was started with, its heap flags and no other process', async () => {
    await using home = await createTestHome();
    const child = startCommand(home, ['serve', '--no-baseline']);
    const end = finished(child);
    expect(await bridgePid(home, child)).toBe(child.pid);
    const words = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').split('\0');
    expect(words).toContain('--max-semi-space-size=1');
    const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
    expect(children).toBe('');
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: 0, signal: null });
  });

  it('serve comes up with standard input closed', async () => {
    await using home = await createTestHome();
    const bin = join(root, 'bin', 'ruvector-memopt.mjs');
    const command = `exec "$0" "$1" --home "$2" serve --no-baseline <&-`;
    const child = spawn('/bin/sh', ['-c', command, process.execPath, bin, home.root], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const end = finished(child);
    expect(await bridgePid(home, child)).toBe(child.pid);
    child.kill('SIGINT');
    expect(await end).toMatchObject({ code: 0, signal: null });
  });

  it('become() reports a program that is not there and ends with 1', async () => {
    const code = `import(${become}).then(({ become }) => become('/no/such/program', []))`;
    const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'pipe'] });
    const { code: exitCode, stderr } = await finished(child);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Cannot start /no/such/program');
  });
});

const oldNode = findOldNode();
describe.skipIf(oldNode === null)('a real older Node', () => {
  it('become() makes it the program through koffi, under its own pid', async () => {
    const code = `import(${become}).then(({ become }) => become(${JSON.stringify(process.execPath)}, ['-e', ${JSON.stringify(says)}, 'a b', '']))`;
    const child = spawn(oldNode!, ['-e', code], { stdio: ['ignore', 'pipe', 'pipe'] });
    const { code: exitCode, stdout } = await finished(child);
    expect(exitCode).toBe(0);
    expect((JSON.parse(stdout) as [number, string[]]).slice(0, 2)).toEqual([child.pid, ['a b', '']]);
  });
});
