// Folders that cannot be made: below /proc Node's recursive mkdir never returns, so every command that takes a folder is
// given one there. Each ends at once, by an error that names the folder and what to do instead.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, makeFolderSync } from '../../../src/files/index.ts';
import { finished } from '../../support/daemon.ts';
import { python } from '../../support/python.ts';

const root = join(import.meta.dirname, '../../..');
const nowhere = '/proc/none/here';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rvm-no-folder-'));
  await writeFile(join(folder, 'events.csv'), 't,x,y,p\n1,1,1,1\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Those that fill, serve or read a home. */
const inHome: readonly string[] = [
  'collect --seconds 1',
  'serve',
  'decide',
  'train',
  'models list',
  'models rollback',
  'keys list',
  'dag sync status',
  'export --training --format csv --output x.csv',
  'federate server',
];

/** Those that write elsewhere. */
const elsewhere: readonly string[] = [
  `demo --output ${nowhere}`,
  `lab ${nowhere}`,
  `kernel install --prefix ${nowhere}`,
  `publish ${join(root, 'datasets', 'memory-pressure-1hz')} --target ${nowhere}`,
  `publish keygen ${nowhere}/key`,
  `events convert events.csv ${nowhere}/out.raw --time-unit us`,
  `events synth ${nowhere}/out.raw`,
  `fleet collect nats://127.0.0.1:1 --output ${nowhere} --once`,
];

describe.skipIf(process.platform !== 'linux')('ruvector-memopt', () => {
  const run = (words: string, env: Record<string, string>): ReturnType<typeof finished> =>
    finished(
      spawn(process.execPath, [join(root, 'bin', 'ruvector-memopt.mjs'), ...words.split(' ')], {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, RUVECTOR_PYTHON: python, RUVECTOR_HOME: join(folder, 'home'), ...env },
      }),
    );

  it.concurrent.each(inHome)('%s refuses a home below /proc', async (words) => {
    const { code, stderr } = await run(words, { RUVECTOR_HOME: nowhere });
    expect(stderr).toMatch(/^ERR_[A-Z_]+: .*"\/proc\/none\/here[^"]*".*; /);
    expect(stderr).not.toMatch(/Unexpected|Traceback/);
    expect(code).toBeGreaterThan(0);
  });

  it.concurrent.each(elsewhere)('%s refuses a folder below /proc', async (words) => {
    const { code, stderr } = await run(words, {});
    expect(stderr).toMatch(/^ERR_[A-Z_]+: .*"\/proc\/none\/here[^"]*".*; /m);
    expect(stderr).not.toMatch(/Unexpected|Traceback/);
    expect(code).toBeGreaterThan(0);
  });
});

describe('makeFolder()', () => {
  it('makes what is missing, says the highest that was made, and has nothing against what is there', async () => {
    const path = join(folder, 'a', 'b', 'c');
    expect(await makeFolder(path, 0o700)).toBe(join(folder, 'a'));
    for (const made of [path, join(folder, 'a')]) expect((await stat(made)).mode & 0o777).toBe(0o700);
    expect(await makeFolder(path)).toBeUndefined();
    makeFolderSync(join(path, 'd', 'e'));
    makeFolderSync(join(path, 'd', 'e'));
    expect(existsSync(join(path, 'd', 'e'))).toBe(true);
  });

  it('makes one folder for many who want it at once', async () => {
    const path = join(folder, 'many', 'x', 'y');
    const made = await Promise.all(Array.from({ length: 20 }, () => makeFolder(path)));
    expect(existsSync(path)).toBe(true);
    expect(made.some((highest) => highest !== undefined)).toBe(true);
  });

  it('refuses a file in its place or above it', async () => {
    const file = join(folder, 'events.csv');
    for (const path of [file, join(file, 'x'), nowhere]) {
      await expect(makeFolder(path)).rejects.toThrow(/EEXIST|ENOTDIR|ENOENT/);
      expect(() => makeFolderSync(path)).toThrow(/EEXIST|ENOTDIR|ENOENT/);
    }
    expect(await readFile(file, 'utf8')).toContain('t,x,y,p');
  });
});
