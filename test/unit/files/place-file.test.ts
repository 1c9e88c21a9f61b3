import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readFile,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { locateDestination, placeFile, writeWhole } from '../../../src/files/index.ts';
import { canMakeNodes, makeNode } from '../../support/export/device-nodes.ts';

let root: string;
const at = (...names: string[]): string => join(root, ...names);
const isRoot = process.getuid?.() === 0;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'ruvector-place-')));
  await writeFile(at('temporary'), 'new');
});

afterEach(async () => {
  spawnSync('umount', [at('mounted')]);
  await rm(root, { recursive: true, force: true });
});

describe('placeFile()', () => {
  it('takes a free name, and the name of a file with its mode', async () => {
    expect(await placeFile(at('temporary'), await locateDestination(at('a')))).toEqual([]);
    await chmod(at('a'), 0o640);
    await writeFile(at('temporary'), 'newer');
    expect(await placeFile(at('temporary'), await locateDestination(at('a')))).toEqual([]);
    expect(await readFile(at('a'), 'utf8')).toBe('newer');
    expect((await stat(at('a'))).mode & 0o7777).toBe(0o640);
    expect(await readdir(root)).toEqual(['a']);
  });

  it.runIf(isRoot)('keeps owner, group and set-user-id', async () => {
    await writeFile(at('a'), 'old');
    execFileSync('chown', ['1234:4321', at('a')]);
    await chmod(at('a'), 0o4750);
    await placeFile(at('temporary'), await locateDestination(at('a')));
    const { uid, gid, mode } = await stat(at('a'));
    expect([uid, gid, mode & 0o7777]).toEqual([1234, 4321, 0o4750]);
  });

  it('says that other names of a replaced file keep the old contents', async () => {
    await writeFile(at('a'), 'old');
    await link(at('a'), at('b'));
    const [note] = await placeFile(at('temporary'), await locateDestination(at('a')));
    expect(note).toMatch(/1 other name of it \(hard links\) keeps the old contents/);
    expect(await readFile(at('b'), 'utf8')).toBe('old');
  });

  it.each(['pipe', 'link', 'folder'])('destroys no %s that took the name meanwhile', async (kind) => {
    for (const before of ['a file', 'nothing']) {
      const path = at(before);
      if (before === 'a file') await writeFile(path, 'old');
      const destination = await locateDestination(path);
      await rm(path, { force: true });
      if (kind === 'pipe') execFileSync('mkfifo', [path]);
      else if (kind === 'link') await symlink('elsewhere', path);
      else await mkdir(path);
      await expect(placeFile(at('temporary'), destination), before).rejects.toMatchObject({
        code: 'ERR_FILES_TARGET',
      });
      const found = await lstat(path);
      expect([found.isFIFO(), found.isSymbolicLink(), found.isDirectory()]).toEqual(
        ['pipe', 'link', 'folder'].map((one) => one === kind),
      );
      expect(await readFile(at('temporary'), 'utf8')).toBe('new');
    }
  });

  it.runIf(canMakeNodes)('destroys no device that took the name meanwhile', async () => {
    const destination = await locateDestination(at('a'));
    makeNode(at('a'), 'null');
    await expect(placeFile(at('temporary'), destination)).rejects.toMatchObject({ code: 'ERR_FILES_TARGET' });
    expect((await lstat(at('a'))).isCharacterDevice()).toBe(true);
  });

  it('writes into no folder that was swapped for another meanwhile', async () => {
    await mkdir(at('one'));
    const destination = await locateDestination(at('one', 'a'));
    await mkdir(at('two'));
    await rename(at('one'), at('old'));
    await symlink('two', at('one'));
    await expect(placeFile(at('temporary'), destination)).rejects.toThrow();
    expect(await readdir(at('two'))).toEqual([]);
  });

  it('comes from another file system through a copy beside its place', async () => {
    const memory = await mkdtemp('/dev/shm/ruvector-place-').catch(() => null);
    if (memory === null) return;
    try {
      await writeFile(join(memory, 'x'), 'from afar');
      await writeFile(at('a'), 'old');
      await placeFile(join(memory, 'x'), await locateDestination(at('a')));
      expect(await readFile(at('a'), 'utf8')).toBe('from afar');
      expect(await readdir(memory)).toEqual([]);
      expect((await readdir(root)).sort()).toEqual(['a', 'temporary']);
    } finally {
      await rm(memory, { recursive: true });
    }
  });

  it.runIf(isRoot)('writes into a file that is a mount of its own, and says so', async () => {
    await writeFile(at('source'), 'something longer than the new contents');
    await writeFile(at('mounted'), '');
    if (spawnSync('mount', ['--bind', at('source'), at('mounted')]).status !== 0) return;
    const [note] = await placeFile(at('temporary'), await locateDestination(at('mounted')));
    expect(note).toMatch(/could not be replaced \(EBUSY\): it was written in place/);
    expect(await readFile(at('source'), 'utf8')).toBe('new');
    expect(await readdir(root)).not.toContain('temporary');
  });
});

describe('writeWhole()', () => {
  it('follows a link and leaves it', async () => {
    await symlink('file', at('link'));
    await writeWhole(at('link'), 'text', 'a card');
    expect((await lstat(at('link'))).isSymbolicLink()).toBe(true);
    expect(await readFile(at('file'), 'utf8')).toBe('text');
  });

  it('refuses a pipe without waiting for a reader', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    await expect(writeWhole(at('pipe'), 'text', 'a card')).rejects.toThrow(/a card can only be a file/);
    expect((await lstat(at('pipe'))).isFIFO()).toBe(true);
  });

  it('takes names as long as there are', async () => {
    const name = 'é'.repeat(127);
    await writeWhole(at(name), 'text', 'a card');
    await writeWhole(at(name), 'more', 'a card');
    await using file = await open(at(name));
    expect(await file.readFile('utf8')).toBe('more');
    expect((await readdir(root)).sort()).toEqual(['temporary', name]);
  });
});
