// The native library of tf.js: there where the set-up of the tests could build it, and told what is missing where it
// cannot be built.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findNativeLibrary } from '../../../src/train/index.ts';

const command = join(import.meta.dirname, '../../../bin/ruvector-memopt.mjs');
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ruvector-native-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Runs the set-up with an empty cache and no other program than those in a folder. */
const setUp = (env: Readonly<Record<string, string>>): Promise<unknown> =>
  promisify(execFile)(process.execPath, [command, 'setup', 'tfjs-node'], {
    env: { ...process.env, XDG_CACHE_HOME: directory, PATH: directory, ...env },
  });

it('findNativeLibrary() finds what the set-up of the tests built; else it says why there is none', () => {
  expect(findNativeLibrary().problem).toBeNull();
});

it('setUpNativeLibrary() names the program that is missing, and the line that brings it', async () => {
  await expect(setUp({})).rejects.toMatchObject({
    stderr: expect.stringContaining('g++ does not run; install it (Debian: apt-get install g++)'),
  });
  const { stdout } = await promisify(execFile)('sh', ['-c', 'command -v g++']);
  await symlink(stdout.trim(), join(directory, 'g++'));
  await expect(setUp({ RUVECTOR_PYTHON: join(directory, 'no-python') })).rejects.toMatchObject({
    stderr: expect.stringMatching(/no Python runs pip .*no-python.*apt-get install python3-pip/),
  });
});
