import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MappingPlace, Syscalls } from '../../../src/optimize/index.ts';
import { CacheSet, openPageCache } from '../../../src/optimize/page-cache.ts';
import { PAGE, openPagemap } from '../../../src/optimize/pagemap.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'memopt-pages-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('openPagemap()', () => {
  const write = (words: readonly bigint[]): Promise<void> =>
    writeFile(join(root, 'pagemap'), new Uint8Array(BigUint64Array.from(words).buffer));

  it('reads the flags of the pages from an address on', async () => {
    await write([0n, 1n << 63n, (1n << 63n) | (1n << 61n) | (1n << 56n), 1n << 62n]);
    const pagemap = openPagemap(join(root, 'pagemap'), 4096)!;
    expect([...pagemap.read(4096, 3)!]).toEqual([
      PAGE.present,
      PAGE.present | PAGE.file | PAGE.exclusive,
      PAGE.swapped,
    ]);
    pagemap.close();
  });

  it('gives null behind the end, after it was closed, and of no process', async () => {
    await write([1n << 63n]);
    const pagemap = openPagemap(join(root, 'pagemap'), 4096)!;
    expect(pagemap.read(0, 2)).toBeNull();
    pagemap.close();
    pagemap.close();
    expect(pagemap.read(0, 1)).toBeNull();
    expect(openPagemap(join(root, 'nobody'), 4096)).toBeNull();
  });

  it('reads our own', () => {
    const pagemap = openPagemap('/proc/self/pagemap', 4096);
    if (pagemap === null) return;
    expect(pagemap.read(0, 1)).toEqual(Uint8Array.of(0));
    pagemap.close();
  });
});

describe('openPageCache()', () => {
  const calls = {
    readCachedPages: vi.fn(() => Uint8Array.of(0, 1, 2, 255)),
    dropCached: vi.fn(),
    close: vi.fn(),
  };
  const load = () => Promise.resolve(calls as unknown as Syscalls);

  async function place(path: string, inode: number): Promise<MappingPlace> {
    await mkdir(join(root, '42/map_files'), { recursive: true });
    await mkdir(join(root, '42/root/srv'), { recursive: true });
    return { key: 'm', start: 0x1000, end: 0x5000, offsetBytes: 0, path, inode };
  }

  it('asks for the very file by its mapping, also after its name was given to another', async () => {
    const mapping = await place('/srv/data', 1);
    await writeFile(join(root, 'the-file'), 'x');
    await symlink(join(root, 'the-file'), join(root, '42/map_files/1000-5000'));
    const cache = (await openPageCache(42, mapping, root, load))!;
    expect(cache.read(4096, 4 * 4096)).toEqual(Uint8Array.of(0, 1, 0, 1));
    cache.drop(8192, 4096);
    expect(calls.dropCached).toHaveBeenCalledWith(expect.any(Number), 8192, 4096);
    cache.close();
    expect(calls.close).toHaveBeenCalledTimes(1);
  });

  it('asks by name where it may not otherwise, and not when the name is that of another file', async () => {
    const mapping = await place('/srv/data', 1);
    const file = join(root, '42/root/srv/data');
    await writeFile(file, 'x');
    expect(await openPageCache(42, mapping, root, load)).toBeNull();
    const { ino } = await stat(file);
    expect(await openPageCache(42, { ...mapping, inode: ino }, root, load)).not.toBeNull();
  });

  it('cannot tell without system calls, or where the file is gone', async () => {
    const mapping = await place('/srv/data', 1);
    expect(await openPageCache(42, mapping, root, load)).toBeNull();
    await writeFile(join(root, 'the-file'), 'x');
    await symlink(join(root, 'the-file'), join(root, '42/map_files/1000-5000'));
    const cache = await openPageCache(42, mapping, root, () => Promise.reject(new Error('no koffi')));
    expect(cache!.read(0, 4096)).toBeNull();
    cache!.drop(0, 4096);
  });

  it('is opened once a mapping by a set, and closed with it', async () => {
    const close = vi.fn();
    const open = vi.fn(() => Promise.resolve({ read: () => null, drop: () => undefined, close }));
    const mapping = await place('/srv/data', 1);
    const caches = new CacheSet({ openPageCache: open }, 42);
    await caches.open(mapping);
    await caches.open(mapping);
    await caches.open({ ...mapping, start: 0x9000 });
    expect(open).toHaveBeenCalledTimes(2);
    caches.close();
    expect(close).toHaveBeenCalledTimes(2);
  });
});
