// What is written so that it lasts: durable files, logs and locks, on a real disk and between real processes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAppendFile, renameDurably, tryLock, writeAll, writeDurably } from '../../../src/files/index.ts';

let folder: string;
const at = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rvm-files-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('writeDurably()', () => {
  it.each([
    ['a text', 'ä1'],
    ['bytes', Buffer.from('ä1')],
    ['pieces', ['ä', '', '1'].map((text) => Buffer.from(text))],
  ])('replaces a file by %s and leaves no temporary one', async (_what, data) => {
    await writeFile(at('a'), 'something longer that was there');
    await writeFile(at('a.tmp'), 'what a crash left, longer than what is written');
    await writeDurably(at('a'), data);
    expect(await readFile(at('a'), 'utf8')).toBe('ä1');
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('takes pieces as they come, and keeps the old file when they end in an error', async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half');
      await Promise.reject(new Error('the source broke'));
    }
    await writeFile(at('a'), 'old');
    await expect(writeDurably(at('a'), pieces())).rejects.toThrow('the source broke');
    expect(await readFile(at('a'), 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('never writes through a link that took the temporary name it was given', async () => {
    await writeFile(at('secret'), 'secret');
    await symlink(at('secret'), at('.a.new'));
    await expect(writeDurably(at('a'), 'x', { temporary: at('.a.new') })).rejects.toMatchObject({
      code: 'EEXIST',
    });
    expect(await readFile(at('secret'), 'utf8')).toBe('secret');
  });

  it('fails with the code of the system where a folder has the name', async () => {
    await mkdir(at('a'));
    await expect(writeDurably(at('a'), 'x')).rejects.toMatchObject({ code: 'EISDIR' });
    expect(await readdir(folder)).toEqual(['a']);
  });
});

describe('renameDurably()', () => {
  it('replaces what has the name', async () => {
    await writeFile(at('a'), 'new');
    await writeFile(at('b'), 'old');
    await renameDurably(at('a'), at('b'));
    expect(await readFile(at('b'), 'utf8')).toBe('new');
    expect(await readdir(folder)).toEqual(['b']);
  });
});

describe('writeAll()', () => {
  it('goes on where the last write ended, or writes where it is told', async () => {
    await using file = await open(at('a'), 'w');
    await writeAll(file, Buffer.from('abc'));
    await writeAll(file, Buffer.from('def'));
    await writeAll(file, Buffer.from('X'), 1);
    expect(await readFile(at('a'), 'utf8')).toBe('aXcdef');
  });
});

describe('openAppendFile()', () => {
  it('appends behind what is whole, and cuts what lies behind that when asked to', async () => {
    await writeFile(at('log'), 'whole torn tail');
    {
      await using log = await openAppendFile(at('log'), 6, { cutsTail: true });
      expect(await readFile(at('log'), 'utf8')).toBe('whole ');
      await log.append(Buffer.from('one '));
      await log.append(Buffer.from('two '));
      expect(log.sizeBytes).toBe(14);
    }
    expect(await readFile(at('log'), 'utf8')).toBe('whole one two ');
  });
});

describe('tryLock()', () => {
  it('is null while it is held, also by another process, which loses it with its life', async () => {
    const own = tryLock(at('lock.db'));
    expect(own).not.toBeNull();
    expect(tryLock(at('lock.db'))).toBeNull();
    own!.release();
    const files = new URL('../../../src/files/index.ts', import.meta.url).href;
    const script = `const { tryLock } = await import(${JSON.stringify(files)});
      const isHeld = tryLock(process.argv[1]) !== null; // forgotten at once, and collected: it is held all the same
      gc(); await new Promise((done) => setTimeout(done, 1)); gc();
      console.log(isHeld ? 'held' : 'busy'); setInterval(() => {}, 1000);`;
    const child = spawn(
      process.execPath,
      ['--expose-gc', '--input-type=module', '-e', script, at('lock.db')],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    try {
      const [text] = (await once(child.stdout, 'data')) as [Buffer];
      expect(text.toString().trim()).toBe('held');
      expect(tryLock(at('lock.db'))).toBeNull();
    } finally {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    const again = tryLock(at('lock.db'));
    expect(again).not.toBeNull();
    again!.release();
  });

  it('throws the code of the system where there is no such folder', () => {
    expect(() => tryLock(at('none/lock.db'))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  it('says what SQLite says of a file that is no lock', async () => {
    await writeFile(at('lock.db'), 'no database '.repeat(200));
    expect(() => tryLock(at('lock.db'))).toThrow(/not a database/);
  });
});
