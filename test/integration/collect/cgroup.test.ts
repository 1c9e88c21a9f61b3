// The memory cgroup of the collecting process wherever it is: limits of ancestors, controllers mounted together, mounts in
// unusual places, containers, hybrid hosts; real collector, trees of /proc and cgroups made here.
import { describe, expect, it } from 'vitest';
import { createCollector } from '../../../src/collect/index.ts';
import { copyProcTree } from '../../support/collect/proc-tree.ts';
import type { ProcTree } from '../../support/collect/proc-tree.ts';

const MIB = 2 ** 20;
const NO_LIMIT_V1 = '9223372036854771712';

interface Host {
  readonly what: string;
  /** Lines of mountinfo, with ROOT for the folder of the tree; none leaves the file out. */
  readonly mounts: readonly string[];
  /** Text of /proc/self/cgroup. */
  readonly cgroup: string;
  readonly files: Readonly<Record<string, string | number>>;
  readonly usage: number | null;
  readonly limit: number | null;
}

const mount1 = (at: string, controllers = 'memory', root = '/'): string =>
  `30 20 0:26 ${root} ROOT/${at} rw,nosuid shared:9 - cgroup cgroup rw,${controllers}`;
const mount2 = (at: string, root = '/'): string =>
  `31 20 0:27 ${root} ROOT/${at} rw shared:10 - cgroup2 cgroup2 rw,nsdelegate`;

const v1 = (folder: string, usage: number, limit: number | string, hierarchy = 1) => ({
  [`${folder}/memory.usage_in_bytes`]: usage,
  [`${folder}/memory.limit_in_bytes`]: limit,
  [`${folder}/memory.use_hierarchy`]: hierarchy,
});
const v2 = (folder: string, usage: number, max: number | string, high: number | string = 'max') => ({
  [`${folder}/memory.current`]: usage,
  [`${folder}/memory.max`]: max,
  [`${folder}/memory.high`]: high,
});

const hosts: Host[] = [
  {
    what: 'v2: the limit of a grandparent',
    mounts: [mount2('cg')],
    cgroup: '0::/pod/box/app\n',
    files: { ...v2('cg/pod', 9, 64 * MIB), ...v2('cg/pod/box', 8, 'max'), ...v2('cg/pod/box/app', 7, 'max') },
    usage: 7,
    limit: 64 * MIB,
  },
  {
    what: 'v2: the smallest of all, and memory.high of the parent is it',
    mounts: [mount2('cg')],
    cgroup: '0::/pod/app\n',
    files: { ...v2('cg/pod', 9, 64 * MIB, 16 * MIB), ...v2('cg/pod/app', 7, 32 * MIB) },
    usage: 7,
    limit: 16 * MIB,
  },
  {
    what: 'v2: a cgroup without the controller counts in its parent',
    mounts: [mount2('cg')],
    cgroup: '0::/pod/app\n',
    files: { ...v2('cg/pod', 9, 64 * MIB), 'cg/pod/app/cgroup.procs': 1 },
    usage: 9,
    limit: 64 * MIB,
  },
  {
    what: 'v2: no limit anywhere',
    mounts: [mount2('cg')],
    cgroup: '0::/pod\n',
    files: v2('cg/pod', 9, 'max'),
    usage: 9,
    limit: null,
  },
  {
    what: 'v2: the root, which has no figures',
    mounts: [mount2('cg')],
    cgroup: '0::/\n',
    files: { 'cg/cgroup.procs': 1 },
    usage: null,
    limit: null,
  },
  {
    what: 'v1: cpu, cpuacct and memory mounted together, in an unusual place',
    mounts: [mount1('srv/my\\040cg', 'cpu,cpuacct,memory')],
    cgroup: '4:memory,cpuacct,cpu:/app\n',
    files: v1('srv/my cg/app', 5, 32 * MIB),
    usage: 5,
    limit: 32 * MIB,
  },
  {
    what: 'v1: the limit of a parent',
    mounts: [mount1('cg/memory')],
    cgroup: '4:memory:/pod/app\n',
    files: { ...v1('cg/memory/pod', 9, 48 * MIB), ...v1('cg/memory/pod/app', 5, NO_LIMIT_V1) },
    usage: 5,
    limit: 48 * MIB,
  },
  {
    what: 'v1: not that of a parent it is not counted against',
    mounts: [mount1('cg/memory')],
    cgroup: '4:memory:/pod/app\n',
    files: { ...v1('cg/memory/pod', 9, 48 * MIB), ...v1('cg/memory/pod/app', 5, NO_LIMIT_V1, 0) },
    usage: 5,
    limit: null,
  },
  {
    what: 'v1: a container that shows its own part only; the kernel tells the limit above',
    mounts: [mount1('cg/memory', 'memory', '/docker/abc')],
    cgroup: '4:memory:/docker/abc\n',
    files: {
      ...v1('cg/memory', 5, NO_LIMIT_V1),
      'cg/memory/memory.stat': `cache 1\nhierarchical_memory_limit ${24 * MIB}`,
    },
    usage: 5,
    limit: 24 * MIB,
  },
  {
    what: 'v2: a container whose own part is bound to a folder, and the host beside it',
    mounts: [mount2('cg', '/docker/abc'), mount2('host/cg')],
    cgroup: '0::/docker/abc\n',
    files: {
      ...v2('cg', 5, 'max'),
      ...v2('host/cg/docker', 9, 40 * MIB),
      ...v2('host/cg/docker/abc', 5, 'max'),
    },
    usage: 5,
    limit: 40 * MIB,
  },
  {
    what: 'hybrid: memory in v1, v2 beside it without controllers',
    mounts: [mount2('cg/unified'), mount1('cg/memory')],
    cgroup: '4:memory:/app\n1:name=systemd:/x\n0::/user.slice\n',
    files: { ...v1('cg/memory/app', 5, 12 * MIB), 'cg/unified/user.slice/cgroup.procs': 1 },
    usage: 5,
    limit: 12 * MIB,
  },
  {
    what: 'hybrid: memory in v2, mounted at unified',
    mounts: [mount1('cg/cpu', 'cpu'), mount2('cg/unified')],
    cgroup: '3:cpu:/app\n0::/app\n',
    files: v2('cg/unified/app', 5, 12 * MIB),
    usage: 5,
    limit: 12 * MIB,
  },
  {
    what: 'a cgroup outside of what is seen',
    mounts: [mount2('cg')],
    cgroup: '0::/../../other\n',
    files: v2('cg', 5, 12 * MIB),
    usage: null,
    limit: null,
  },
  {
    what: 'a cgroup that was removed: its parent has its pages',
    mounts: [mount2('cg')],
    cgroup: '0::/pod/gone (deleted)\n',
    files: v2('cg/pod', 5, 12 * MIB),
    usage: 5,
    limit: 12 * MIB,
  },
  {
    what: 'no mountinfo: nothing is guessed in a tree that is not the host',
    mounts: [],
    cgroup: '0::/app\n',
    files: v2('cg/app', 5, 12 * MIB),
    usage: null,
    limit: null,
  },
  {
    what: 'lines of /proc/self/cgroup that are none, and one that is',
    mounts: [mount2('cg')],
    cgroup: 'memory /a\n\0\0\n::\n0::/app\n',
    files: v2('cg/app', 5, 12 * MIB),
    usage: 5,
    limit: 12 * MIB,
  },
];

function writeHost(
  tree: ProcTree,
  { mounts, cgroup, files }: Pick<Host, 'mounts' | 'cgroup' | 'files'>,
): void {
  const lines = mounts.map((line) => line.replaceAll('ROOT', tree.root));
  if (lines.length > 0) tree.write('proc/self/mountinfo', `${lines.join('\n')}\n`);
  tree.write('proc/self/cgroup', cgroup);
  for (const [path, text] of Object.entries(files)) tree.write(path, `${text}\n`);
}

describe('createCollector() in a memory cgroup', () => {
  it.each(hosts)('finds usage and the limit in force, $what', async (host) => {
    using tree = copyProcTree('modern');
    tree.remove('cgroup');
    writeHost(tree, host);
    await using collector = await createCollector({ procRoot: tree.procRoot, source: 'procfs' });
    const { memory, health } = await collector.sample();
    expect(memory).toMatchObject({ cgroup_usage_bytes: host.usage, cgroup_limit_bytes: host.limit });
    expect(health.find(({ name }) => name === 'cgroup')).toMatchObject({ success: 1, badColumns: [] });
  });

  it('follows the process when it is moved, and finds a mount that comes later', async () => {
    using tree = copyProcTree('modern');
    const files = { ...v2('cg/a', 5, 12 * MIB), ...v2('cg/b', 6, 'max') };
    writeHost(tree, { mounts: ['20 1 0:1 / / rw - ext4 /dev/sda rw'], cgroup: '0::/a\n', files });
    await using collector = await createCollector({ procRoot: tree.procRoot, source: 'procfs' });
    const sample = async (): Promise<unknown[]> => {
      const { cgroup_usage_bytes: usage, cgroup_limit_bytes: limit } = (await collector.sample()).memory;
      return [usage, limit];
    };
    expect(await sample()).toEqual([null, null]);
    writeHost(tree, { mounts: [mount2('cg')], cgroup: '0::/a\n', files });
    for (let i = 0; i < 60; i++) await sample();
    expect(await sample()).toEqual([5, 12 * MIB]);
    tree.write('proc/self/cgroup', '0::/b\n');
    expect(await sample()).toEqual([6, null]);
    tree.remove('cg/b');
    tree.write('cg/memory.max', '4096\n');
    tree.write('cg/memory.current', '1\n');
    await sample();
    expect(await sample()).toEqual([1, 4096]);
  });

  it('looks below cgroupRoot for what is mounted below /sys/fs/cgroup', async () => {
    using tree = copyProcTree('modern');
    writeHost(tree, {
      mounts: [mount2('cg').replace('ROOT/cg', '/sys/fs/cgroup')],
      cgroup: '0::/a\n',
      files: v2('cg/a', 5, 7),
    });
    const cgroupRoot = `${tree.root}/cg`;
    await using collector = await createCollector({ procRoot: tree.procRoot, cgroupRoot, source: 'procfs' });
    expect((await collector.sample()).memory).toMatchObject({ cgroup_usage_bytes: 5, cgroup_limit_bytes: 7 });
  });
});
