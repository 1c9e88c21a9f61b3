import { describe, expect, it } from 'vitest';
import {
  listFolders,
  listMemoryFolders,
  parseCgroupPath,
  parseHierarchicalLimit,
  parseLimitBytes,
  parseMemoryMounts,
  readMemoryLimits,
} from '../../../src/procfs/index.ts';

const v1 = '30 20 0:26 / /cg/memory rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct,memory';
const v2 = '31 20 0:27 / /cg/unified rw shared:10 - cgroup2 cgroup2 rw,nsdelegate';

it('parseMemoryMounts() gives v1 first, and nothing of a line that was cut off', () => {
  expect(parseMemoryMounts([v2, v1, '30 20 0:26', ''].join('\n')).map(({ version }) => version)).toEqual([
    1, 2,
  ]);
});

it('parseCgroupPath() gives the path of each hierarchy, and null where there is none', () => {
  const text = '12:cpu,cpuacct:/x\n4:memory:/m\n1:name=systemd:/s\n0::/two\n';
  expect(parseCgroupPath(text, 1)).toBe('/m');
  expect(parseCgroupPath(text, 2)).toBe('/two');
  expect(parseCgroupPath('12:cpu:/x', 1)).toBeNull();
  expect(parseCgroupPath('12:cpu:/x', 2)).toBeNull();
});

it('listFolders() goes up to the mount point and no further', () => {
  const mount = { version: 2, mountPoint: '/cg', root: '/' } as const;
  expect(listFolders(mount, '/a/b')).toEqual(['/cg/a/b', '/cg/a', '/cg']);
  expect(listFolders(mount, '/')).toEqual(['/cg']);
});

describe('listMemoryFolders()', () => {
  it('gives the folders of each mount that shows the process, v1 first', () => {
    const mounts = parseMemoryMounts([v2, v1].join('\n'));
    expect(listMemoryFolders(mounts, '4:cpu,cpuacct,memory:/m\n0::/two\n')).toEqual([
      { version: 1, folders: ['/cg/memory/m', '/cg/memory'] },
      { version: 2, folders: ['/cg/unified/two', '/cg/unified'] },
    ]);
    expect(listMemoryFolders(mounts, '0::/../outside\n')).toEqual([]);
  });
});

describe('readMemoryLimits()', () => {
  const readFrom = (files: Readonly<Record<string, string>>) => (path: string) => files[path] ?? null;

  it('gives what is bad of a folder beside the limit that is not', () => {
    const files = { '/a/memory.max': 'plenty\n', '/a/memory.high': '4096\n', '/memory.max': 'max\n' };
    expect(readMemoryLimits({ version: 2, folders: ['/a', ''] }, readFrom(files))).toEqual([
      { path: '/a', version: 2, limitBytes: 4096, bad: 'memory.max: plenty' },
      { path: '', version: 2, limitBytes: Infinity, bad: null },
    ]);
  });
});

it.each([
  ['max\n', Infinity],
  ['0\n', 0],
  ['4096', 4096],
  ['9223372036854771712\n', Infinity],
  ['9223372036854775807', Infinity],
  ['18446744073709551615\n', Infinity],
  ['', null],
  ['-1', null],
  ['plenty', null],
  ['1e9', null],
  ['4096 kB', null],
  ['\0\0', null],
])('parseLimitBytes() gives of %j %s', (text, limit) => {
  expect(parseLimitBytes(text)).toBe(limit);
});

it('parseHierarchicalLimit() finds the limit of ancestors that cannot be seen', () => {
  expect(
    parseHierarchicalLimit('cache 1\nhierarchical_memory_limit 4096\nhierarchical_memsw_limit 9\n'),
  ).toBe(4096);
  expect(parseHierarchicalLimit('hierarchical_memory_limit 9223372036854771712\n')).toBe(Infinity);
  expect(parseHierarchicalLimit('cache 1\n')).toBe(Infinity);
});
