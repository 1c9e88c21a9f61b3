import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { link, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isStream, locateDestination, nameBeside, requireFile } from '../../../src/files/index.ts';
import { canMakeNodes, makeNode } from '../../support/export/device-nodes.ts';

let root: string;
const at = (...names: string[]): string => join(root, ...names);

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'ruvector-destination-')));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('locateDestination()', () => {
  it('follows links to the file behind them, over folders and relative ones', async () => {
    await mkdir(at('data/deep'), { recursive: true });
    await writeFile(at('data/deep/file.csv'), 'x');
    await symlink('data', at('folder'));
    await symlink('../folder/deep/file.csv', at('data/one'));
    await symlink(at('data/one'), at('two'));
    expect(await locateDestination(at('two'))).toMatchObject({
      kind: 'file',
      path: at('data/deep/file.csv'),
    });
  });

  it('names what a dangling link would make, also below folders that are missing', async () => {
    await symlink('missing/new.csv', at('link'));
    await symlink('gone', at('folder'));
    expect(await locateDestination(at('link'))).toMatchObject({ kind: 'new', path: at('missing/new.csv') });
    expect(await locateDestination(at('folder/x.csv'))).toMatchObject({
      kind: 'new',
      path: at('gone/x.csv'),
    });
  });

  it('keeps hard links and folders what they are', async () => {
    await writeFile(at('a'), 'x');
    await link(at('a'), at('b'));
    expect((await locateDestination(at('b'))).stats?.nlink).toBe(2);
    expect((await locateDestination(`${root}/`)).kind).toBe('folder');
  });

  it.each([
    ['links in a circle', 'loop', /links lead in a circle/],
    ['a circle of folders', 'loop/below', /links lead in a circle/],
    ['a file on the way', 'file/below', /a part of the path is a file/],
    ['a name that is not UTF-8', 'na\u{fffd}me', /not UTF-8/],
    ['a link to such a name', 'strange', /not UTF-8/],
    ['NUL', 'a\0b', /no NUL/],
    ['a socket', 'socket', /it is a socket, which is never written to; write to a named pipe/],
    ['a name over 255 bytes', 'x'.repeat(256), /is too long/],
  ])('refuses %s and says what it is', async (_, name, text) => {
    await symlink('pool', at('loop'));
    await symlink('loop', at('pool'));
    await writeFile(at('file'), 'x');
    await symlink(Buffer.from([0x61, 0xff]), at('strange'));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(at('socket'), resolve));
    try {
      const error: unknown = await locateDestination(`${root}/${name}`).catch((one: unknown) => one);
      expect(error).toMatchObject({ code: 'ERR_FILES_TARGET' });
      expect((error as Error).message).toMatch(text);
    } finally {
      server.close();
    }
  });

  it('refuses an empty path', async () => {
    await expect(locateDestination('')).rejects.toMatchObject({ code: 'ERR_FILES_TARGET' });
  });

  it.runIf(canMakeNodes)('streams into character devices and refuses block devices', async () => {
    makeNode(at('null'), 'null');
    makeNode(at('disk'), 'block');
    await symlink('null', at('link'));
    const device = await locateDestination(at('link'));
    expect(device.kind).toBe('character device');
    expect(isStream(device)).toBe(true);
    expect(() => requireFile(device, 'a set')).toThrow(
      /it is a character device, and a set can only be a file/,
    );
    await expect(locateDestination(at('disk'))).rejects.toThrow(/it is a block device/);
  });

  it('streams into named pipes', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    expect((await locateDestination(at('pipe'))).kind).toBe('pipe');
  });
});

describe('locateDestination() of descriptors', () => {
  const names = ['/dev/fd/N', '/proc/self/fd/N', '/proc/thread-self/fd/N', `/proc/${process.pid}/fd/N`];

  it.runIf(process.platform === 'linux')('tells a descriptor from the file that it is', async () => {
    const fd = openSync(at('file'), 'w');
    try {
      for (const name of names) {
        const found = await locateDestination(name.replace('N', String(fd)));
        expect(found, name).toMatchObject({ kind: 'descriptor', descriptor: fd });
      }
      await symlink(`/proc/self/fd/${fd}`, at('link'));
      expect((await locateDestination(at('link'))).descriptor).toBe(fd);
    } finally {
      closeSync(fd);
    }
  });

  it.runIf(process.platform === 'linux')(
    'refuses one that is closed, read only, or not of who asks',
    async () => {
      await writeFile(at('file'), 'x');
      const fd = openSync(at('file'), 'r');
      const path = `/dev/fd/${fd}`;
      try {
        await expect(locateDestination(path)).rejects.toThrow(/is open for reading only/);
      } finally {
        closeSync(fd);
      }
      await expect(locateDestination('/proc/self/fd/9999')).rejects.toThrow(/descriptor 9999 is not open/);
      for (const name of ['-', '/dev/stdout', '/dev/fd/1']) {
        const refused = locateDestination(name, { hasDescriptors: false });
        await expect(refused, name).rejects.toThrow(/those of the process that asks/);
      }
    },
  );
});

describe('nameBeside()', () => {
  it.each(['x'.repeat(255), 'é'.repeat(127), '日'.repeat(85)])(
    'never makes a name longer than 255 bytes',
    (name) => {
      const beside = nameBeside(join('/folder', name), '.export');
      expect(Buffer.byteLength(beside) - '/folder/'.length).toBeLessThanOrEqual(255);
      expect(beside.endsWith('.export')).toBe(true);
      expect(beside).not.toBe(nameBeside(join('/folder', `${name.slice(0, -1)}y`), '.export'));
    },
  );

  it('keeps a short name', () => {
    expect(nameBeside('/folder/data.csv', '.export')).toBe('/folder/.data.csv.export');
  });
});
