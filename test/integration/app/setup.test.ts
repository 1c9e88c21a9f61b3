// Setting up and removing what the package does not bring, and what is told before any work begins.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveHome } from '../../../src/core/index.ts';
import { findPlace } from '../../../src/app/setup/install-extra.ts';
import { findBasePython } from '../../../src/app/setup/base-python.ts';
import { finished, startDaemon } from '../../support/daemon.ts';
import type { CommandResult } from '../../support/daemon.ts';

const root = join(import.meta.dirname, '../../..');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rvm-setup-'));
  await mkdir(join(folder, 'tmp'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs a command as a user whose home, data, caches and temporary files are all in the test's folder. */
function runAsUser(args: readonly string[], env: Record<string, string> = {}): Promise<CommandResult> {
  const user = Object.fromEntries(
    ['HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME'].map((name) => [name, join(folder, name)]),
  );
  return finished(
    spawn(process.execPath, [join(root, 'bin', 'ruvector-memopt.mjs'), ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...user,
        RUVECTOR_HOME: join(folder, 'data'),
        RUVECTOR_PYTHON: '',
        TMPDIR: join(folder, 'tmp'),
        ...env,
      },
    }),
  );
}

/** A program that answers as a Python would. */
async function writePython(answer: string): Promise<string> {
  const path = join(folder, `python-${answer.replaceAll(/\W/g, '')}`);
  await writeFile(path, `#!/bin/sh\necho '${answer}'\n`);
  await chmod(path, 0o755);
  return path;
}

it.each([
  ['demo', ['demo']],
  ['train', ['train']],
  ['lab', ['lab', 'notes']],
])('ruvector-memopt %s says that Python is missing before it makes anything', async (_name, args) => {
  const { code, stderr } = await runAsUser(args, { RUVECTOR_PYTHON: join(folder, 'no-python') });
  expect(stderr).toMatch(
    /^ERR_TRAIN_NO_PYTHON: .*no-python" is not there; run `npx ruvector-memopt setup python`/,
  );
  expect(code).toBe(1);
  expect((await readdir(folder)).filter((name) => !['XDG_CACHE_HOME', 'tmp'].includes(name))).toEqual([]);
});

describe('findBasePython()', () => {
  it('takes one that can make environments, and says what others lack', async () => {
    expect(await findBasePython(await writePython('3 12 1 True'))).toMatchObject({ version: '3.12.1' });
    await expect(findBasePython(await writePython('3 9 18 True'))).rejects.toThrow(
      'is 3.9.18, older than 3.10',
    );
    await expect(findBasePython(await writePython('3 11 2 False'))).rejects.toThrow(
      'apt-get install python3-venv',
    );
    await expect(findBasePython(join(folder, 'none'))).rejects.toMatchObject({ code: 'ERR_APP_SETUP' });
  });
});

it('findPlace() tells projects, global folders and those of other package managers apart', async () => {
  const project = join(folder, 'project', 'node_modules', 'ruvector-memopt');
  const global = join(folder, 'prefix', 'lib', 'node_modules', 'ruvector-memopt');
  await Promise.all([project, global].map((path) => mkdir(path, { recursive: true })));
  await writeFile(join(folder, 'project', 'package.json'), '{}');
  expect(findPlace(project)).toEqual(['--prefix', join(folder, 'project')]);
  expect(findPlace(global)).toEqual(['--global', '--prefix', join(folder, 'prefix')]);
  expect(findPlace(join(folder, 'node_modules', '.pnpm', 'x', 'node_modules', 'ruvector-memopt'))).toBeNull();
  expect(findPlace(join(folder, 'checkout'))).toBeNull();
});

it('requireExtra() names the packages and the command where an extra is not installed', async () => {
  // Beside no node_modules.
  for (const name of ['extras.ts', 'errors.ts'])
    await copyFile(join(root, 'src', 'core', name), join(folder, name));
  const code = `const { requireExtra } = await import('${pathToFileURL(join(folder, 'extras.ts')).href}');
    try { requireExtra('tfjs') } catch (error) { console.log(error.code, error.message) }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: folder });
  const { stdout } = await finished(child);
  expect(stdout).toMatch(
    /^ERR_APP_EXTRA .*@tensorflow\/tfjs-core, .* not installed; run `npx ruvector-memopt setup tfjs`/,
  );
});

it('setup tfjs and setup pglite find what a checkout has', async () => {
  for (const name of ['tfjs', 'pglite']) {
    const { stdout, code } = await runAsUser(['setup', name, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ name, state: 'found' });
    expect(code).toBe(0);
  }
});

describe('uninstall', () => {
  it('lists what lies where, asks before it removes, and leaves the files of others', async () => {
    await runAsUser(['collect', '--seconds', '1']);
    await runAsUser(['kernel', 'install', '--user']);
    await writeFile(join(folder, 'data', 'thesis.txt'), 'mine');
    const listed = JSON.parse((await runAsUser(['uninstall', '--json'])).stdout) as {
      path: string;
      sizeBytes: number | null;
    }[];
    const paths = listed.map(({ path }) => path);
    const kernel = join(folder, 'XDG_DATA_HOME', 'jupyter', 'kernels', 'ruvector');
    expect(paths).toEqual(expect.arrayContaining([join(folder, 'data', 'history'), kernel, root]));
    expect(paths).not.toContain(join(folder, 'data', 'thesis.txt'));
    expect(listed.find(({ path }) => path === kernel)!.sizeBytes).toBeGreaterThan(1000);

    const unasked = await runAsUser(['uninstall', '--remove']);
    expect(unasked.stderr).toMatch(/^ERR_APP_NOT_CONFIRMED/);
    expect(unasked.code).toBe(2);
    expect(existsSync(kernel)).toBe(true);

    expect((await runAsUser(['uninstall', '--remove', '--yes'])).code).toBe(0);
    expect(existsSync(kernel)).toBe(false);
    expect(await readdir(join(folder, 'data'))).toEqual(['thesis.txt']);
    expect(existsSync(join(root, 'package.json'))).toBe(true);
  });

  it('is refused while a daemon runs on the data folder', async () => {
    await using _daemon = await startDaemon(resolveHome(join(folder, 'data')));
    const { code, stderr } = await runAsUser(['uninstall', '--remove', '--yes']);
    expect(stderr).toMatch(/^ERR_APP_UNINSTALL: .* a daemon with pid \d+ runs on it/);
    expect(code).toBe(1);
  });
});
