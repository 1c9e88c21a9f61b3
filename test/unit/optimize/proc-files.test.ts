import { describe, expect, it } from 'vitest';
import { parseLevels } from '../../../src/optimize/host-readers.ts';
import { classifyMapping } from '../../../src/optimize/mappings.ts';
import { PAGE, toFlags } from '../../../src/optimize/pagemap.ts';
import { parsePerCpuFreePages } from '../../../src/optimize/per-cpu-free.ts';
import {
  buildReclaimBackend,
  parseSwaps,
  parseZramStat,
  parseZswap,
} from '../../../src/optimize/reclaim-backend.ts';
import { smapsEntry } from '../../support/optimize/fake-memory.ts';
import { parseFileSystems, parseSmaps } from '../../../src/procfs/index.ts';

const KIB = 1024;

describe('parseSmaps()', () => {
  const text = [
    smapsEntry('7f58c0000000-7f58d0000000 r--s 00000000 fe:00 2237533                    /srv/my data', {
      Rss: 2048,
      Shared_Clean: 8,
      Shared_Dirty: 4,
      Private_Clean: 1024,
      Private_Dirty: 12,
      Referenced: 512,
      Anonymous: 4,
      Locked: 0,
    }),
    smapsEntry('ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]', {
      Rss: 0,
    }),
    smapsEntry('7ffc0000-7ffd0000 rw-p 00000000 00:00 0 ', { Rss: 64, Anonymous: 64 }, 'rd wr mr mw lo'),
  ].join('');

  it('reads sizes in bytes, flags, and a path with a space', () => {
    const [file, anonymous] = parseSmaps(text);
    expect(file).toMatchObject({
      start: 0x7f58c0000000,
      end: 0x7f58d0000000,
      device: 'fe:00',
      path: '/srv/my data',
      rssBytes: 2048 * KIB,
      sharedBytes: 12 * KIB,
      privateCleanBytes: 1024 * KIB,
      privateDirtyBytes: 12 * KIB,
      referencedBytes: 512 * KIB,
    });
    expect(anonymous).toMatchObject({ path: '', anonymousBytes: 64 * KIB });
    expect(anonymous!.vmFlags.has('lo')).toBe(true);
  });

  it('leaves vsyscall out, whose address no number holds', () => {
    expect(parseSmaps(text).map(({ path }) => path)).toEqual(['/srv/my data', '']);
  });

  it('drops an entry that was cut off', () => {
    expect(parseSmaps(text.slice(0, 120))).toEqual([]);
  });
});

describe('classifyMapping()', () => {
  const fileSystems = parseFileSystems(
    [
      '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw',
      '26 22 0:23 / /tmp rw - tmpfs tmpfs rw',
      '30 22 0:31 / /home rw - btrfs /dev/vdb rw',
    ].join('\n'),
  );
  const classify = (device: string, path: string, sizes: Record<string, number>, flags = 'rd') =>
    classifyMapping(
      parseSmaps(
        smapsEntry(`10000-20000 rw-p 00000000 ${device} 1 ${path}`, { Rss: 64, ...sizes }, flags),
      )[0]!,
      fileSystems,
    );

  it.each([
    ['file pages that are clean', 'fe:00', '/a', { Private_Clean: 64 }, 'clean-file'],
    ['file pages of btrfs, whose device is unnamed', '00:1f', '/a', { Private_Clean: 64 }, 'clean-file'],
    [
      'file pages that are mostly dirty',
      'fe:00',
      '/a',
      { Private_Clean: 4, Private_Dirty: 60 },
      'dirty-file',
    ],
    ['copies a process made of file pages', 'fe:00', '/a', { Anonymous: 64, Private_Dirty: 64 }, 'anonymous'],
    ['tmpfs, which is memory', '00:17', '/tmp/a', { Private_Clean: 64 }, 'shared-memory'],
    [
      'memfd, whose device no mount names',
      '00:01',
      '/memfd:x (deleted)',
      { Private_Dirty: 64 },
      'shared-memory',
    ],
    ['the heap', '00:00', '[heap]', { Anonymous: 64 }, 'anonymous'],
    ['the stack', '00:00', '[stack]', { Anonymous: 64 }, 'excluded'],
    ['the kernel page', '00:00', '[vdso]', {}, 'excluded'],
    ['locked memory', 'fe:00', '/a', { Locked: 64, Private_Clean: 64 }, 'excluded'],
  ])('takes %s as what it is', (_what, device, path, sizes, kind) => {
    expect(classify(device, path, sizes as Record<string, number>)).toBe(kind);
  });

  it.each(['lo', 'ht', 'pf', 'io', 'ex'])('excludes mappings with the flag %s', (flag) => {
    expect(classify('fe:00', '/a', { Private_Clean: 64 }, `rd ${flag}`)).toBe('excluded');
  });
});

describe('buildReclaimBackend()', () => {
  const swaps = (...lines: string[]): string =>
    ['Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority', ...lines].join('\n');
  const zram = '/dev/zram0 partition 524284 1000 100';
  const disk = '/swapfile file 2097148 0 -2';

  it.each([
    ['no swap', swaps(), false, 'none', false],
    ['zram', swaps(zram), false, 'zram', true],
    ['a disk swap', swaps(disk), false, 'disk-swap', false],
    ['zram before a disk swap', swaps(disk, zram), false, 'zram', true],
    [
      'a full zram before a disk swap',
      swaps('/dev/zram0 partition 100 100 100', disk),
      false,
      'disk-swap',
      false,
    ],
    ['a disk swap behind zswap', swaps(disk), true, 'zram', true],
    ['zswap without any swap', swaps(), true, 'none', false],
  ])('knows what %s frees', (_what, text, zswap, kind, freesAnonymous) => {
    const backend = buildReclaimBackend(parseSwaps(text), zswap);
    expect(backend).toMatchObject({ kind, freesAnonymous });
    expect(backend.reason).not.toBe('');
  });

  it('adds the free swap up', () => {
    expect(buildReclaimBackend(parseSwaps(swaps(zram, disk)), false).swapFreeKib).toBe(523_284 + 2_097_148);
  });
});

it('parseZramStat() reads what zram holds and what that takes', () => {
  expect(parseZramStat('  4096000 1000000 1200000 0 1200000 0 0 0 0')).toEqual({
    originalBytes: 4_096_000,
    usedBytes: 1_200_000,
  });
});

it('parseZswap() reads what zswap holds, and null of a kernel that does not say', () => {
  expect(parseZswap('Zswap:             100 kB\nZswapped:          250 kB\n')).toEqual({
    originalBytes: 250 * KIB,
    usedBytes: 100 * KIB,
  });
  expect(parseZswap('MemTotal: 9 kB\n')).toBeNull();
});

it('parseLevels() adds the per-CPU lists to MemFree, and buffers to the page cache', () => {
  const text =
    'MemTotal: 9 kB\nMemFree:   123 kB\nMemAvailable: 456 kB\nBuffers: 5 kB\nCached: 70 kB\nSwapCached: 7 kB\n';
  expect(parseLevels(text, 1000)).toEqual({ freeKib: 1123, memAvailableKib: 456, cachedKib: 75 });
});

it('parsePerCpuFreePages() adds up the lists of every CPU and zone, and nothing else', () => {
  const zone = (a: number, b: number): string =>
    `Node 0, zone   Normal\n  pages free     99999\n        high     77\n  pagesets\n    cpu: 0\n` +
    `              count:    ${a}\n              high:     3379\n              batch:    63\n` +
    `  vm stats threshold: 24\n    cpu: 1\n              count:    ${b}\n              high:     3379\n`;
  expect(parsePerCpuFreePages(zone(12, 30) + zone(0, 5))).toBe(47);
  expect(parsePerCpuFreePages('')).toBe(0);
});

it('toFlags() reads present, swapped, file and exclusive out of the words of pagemap', () => {
  const words = [(1n << 63n) | (1n << 56n), 1n << 62n, (1n << 63n) | (1n << 61n), 0xffn, 0n];
  const halves = Uint32Array.from(
    words.flatMap((word) => [Number(word & 0xffff_ffffn), Number(word >> 32n)]),
  );
  expect([...toFlags(halves)]).toEqual([
    PAGE.present | PAGE.exclusive,
    PAGE.swapped,
    PAGE.present | PAGE.file,
    0,
    0,
  ]);
});
