import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCgroupFolder, readMemoryCgroups } from '../../../src/optimize/memory-cgroup.ts';

const MIB = 2 ** 20;
const NO_LIMIT_V1 = '9223372036854771712';
let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'memopt-cgroups-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function writeTree(files: Readonly<Record<string, string | number>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), `${text}\n`);
  }
}

/** A process 42 in `cgroup`, on a host with these mounts of cgroups below the test's folder. */
const writeHost = (mounts: readonly string[], cgroup: string): Promise<void> =>
  writeTree({ 'proc/self/mountinfo': mounts.join('\n'), 'proc/42/cgroup': cgroup });

const v1 = (options = 'rw,memory', shown = '/', at = 'v1'): string =>
  `30 20 0:26 ${shown} ${root}/${at} rw,nosuid shared:9 - cgroup cgroup ${options}`;
const v2 = (shown = '/', at = 'v2'): string =>
  `31 20 0:27 ${shown} ${root}/${at} rw shared:10 - cgroup2 cgroup2 rw,nsdelegate`;

const limitsV1 = (
  folder: string,
  limit: number | string,
  usage = 0,
  hierarchy = 1,
): Record<string, number | string> => ({
  [`${folder}/memory.limit_in_bytes`]: limit,
  [`${folder}/memory.usage_in_bytes`]: usage,
  [`${folder}/memory.use_hierarchy`]: hierarchy,
});
const limitsV2 = (
  folder: string,
  max: number | 'max',
  high: number | 'max' = 'max',
): Record<string, number | string> => ({
  [`${folder}/memory.current`]: 5 * MIB,
  [`${folder}/memory.max`]: max,
  [`${folder}/memory.high`]: high,
});

const read = async (): Promise<[string, number][]> =>
  readMemoryCgroups(42, `${root}/proc`).map(({ path, limitBytes }) => [path.slice(root.length), limitBytes]);

describe('readMemoryCgroups() on v1', () => {
  it('reads limit, use and the counters of the whole hierarchy', async () => {
    await writeHost([v1()], '4:memory:/app');
    await writeTree({
      ...limitsV1('v1/app', 100 * MIB, 60 * MIB),
      'v1/app/memory.stat':
        'active_file 1\ninactive_file 2\npgmajfault 3\ntotal_active_file 10\ntotal_inactive_file 20\n' +
        'total_pgmajfault 30\ntotal_workingset_refault_anon 40\ntotal_workingset_refault_file 50',
    });
    expect(readMemoryCgroups(42, `${root}/proc`)).toEqual([
      {
        path: `${root}/v1/app`,
        limitBytes: 100 * MIB,
        usageBytes: 60 * MIB,
        fileBytes: 30,
        majorFaults: 30,
        refaults: 90,
        someUs: null,
        fullUs: null,
      },
    ]);
  });

  it('finds limits of ancestors, the nearest first, and leaves out who has none', async () => {
    await writeHost([v1()], '4:memory:/a/b/c');
    await writeTree({
      ...limitsV1('v1', NO_LIMIT_V1),
      ...limitsV1('v1/a', 300 * MIB),
      ...limitsV1('v1/a/b', NO_LIMIT_V1),
      ...limitsV1('v1/a/b/c', 100 * MIB),
    });
    expect(await read()).toEqual([
      ['/v1/a/b/c', 100 * MIB],
      ['/v1/a', 300 * MIB],
    ]);
  });

  it('stops where hierarchy is off: above, nothing of it is counted', async () => {
    await writeHost([v1()], '4:memory:/a/b');
    await writeTree({ ...limitsV1('v1/a', 100 * MIB), ...limitsV1('v1/a/b', NO_LIMIT_V1, 0, 0) });
    expect(await read()).toEqual([]);
  });

  it.each(['4:cpu,memory:/app', '4:memory,cpuacct:/app'])(
    'finds co-mounted controllers: %s',
    async (line) => {
      await writeHost([v1('rw,cpu,memory')], `9:pids:/other\n${line}\n0::/user.slice`);
      await writeTree(limitsV1('v1/app', MIB));
      expect(await read()).toEqual([['/v1/app', MIB]]);
    },
  );

  it('does not take another controller for memory', async () => {
    await writeHost([v1('rw,cpuset')], '4:cpuset:/app\n5:memory_else:/app');
    await writeTree(limitsV1('v1/app', MIB));
    expect(await read()).toEqual([]);
  });

  it('gives no counter where the kernel counts none', async () => {
    await writeHost([v1()], '4:memory:/app');
    await writeTree(limitsV1('v1/app', MIB));
    expect(readMemoryCgroups(42, `${root}/proc`)).toMatchObject([
      { majorFaults: null, refaults: null, fileBytes: 0 },
    ]);
  });
});

describe('readMemoryCgroups() on v2', () => {
  it('reads PSI and counters', async () => {
    await writeHost([v2()], '0::/app');
    await writeTree({
      ...limitsV2('v2/app', 100 * MIB),
      'v2/app/memory.stat': 'active_file 10\ninactive_file 20\npgmajfault 3\nworkingset_refault_file 5',
      'v2/app/memory.pressure': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=77\nfull avg10=0.00 total=33',
    });
    expect(readMemoryCgroups(42, `${root}/proc`)).toMatchObject([
      { usageBytes: 5 * MIB, fileBytes: 30, majorFaults: 3, refaults: 5, someUs: 77, fullUs: 33 },
    ]);
  });

  it.each([
    ['memory.max', 100 * MIB, 'max', 100 * MIB],
    ['memory.high where it is lower', 100 * MIB, 40 * MIB, 40 * MIB],
    ['memory.max where memory.high is above it', 100 * MIB, 200 * MIB, 100 * MIB],
    ['memory.high alone', 'max', 40 * MIB, 40 * MIB],
  ] as const)('takes %s as the limit', async (_what, max, high, limitBytes) => {
    await writeHost([v2()], '0::/app');
    await writeTree(limitsV2('v2/app', max, high));
    expect(await read()).toEqual([['/v2/app', limitBytes]]);
  });

  it('finds limits of ancestors, and none where all say max', async () => {
    await writeHost([v2()], '0::/a/b');
    await writeTree({ ...limitsV2('v2/a', 'max'), ...limitsV2('v2/a/b', 'max') });
    expect(await read()).toEqual([]);
    await writeTree(limitsV2('v2/a', 7 * MIB));
    expect(await read()).toEqual([['/v2/a', 7 * MIB]]);
  });

  it('reads v1 where the controller is there, and v2 without it has no limit', async () => {
    await writeHost([v2(), v1()], '4:memory:/app\n0::/app');
    await writeTree({ ...limitsV1('v1/app', MIB), 'v2/app/cgroup.procs': '42' });
    expect(await read()).toEqual([['/v1/app', MIB]]);
  });
});

describe('readMemoryCgroups() in odd places', () => {
  it('knows the part of the hierarchy that a container shows', async () => {
    await writeHost([v1('rw,memory', '/docker/abc')], '4:memory:/docker/abc/inner');
    await writeTree({ ...limitsV1('v1', 9 * MIB), ...limitsV1('v1/inner', MIB) });
    expect(await read()).toEqual([
      ['/v1/inner', MIB],
      ['/v1', 9 * MIB],
    ]);
  });

  it('does not take the limit of a container for that of a process outside of it', async () => {
    await writeHost([v1('rw,memory', '/docker/abc')], '4:memory:/docker/abcdef');
    await writeTree(limitsV1('v1', MIB));
    expect(await read()).toEqual([]);
  });

  it.each(['4:memory:/../other', '4:memory:/..', '0::/../../x'])(
    'reads nothing of %s, which we do not see',
    async (line) => {
      await writeHost([v1(), v2()], line);
      await writeTree({ ...limitsV1('v1', MIB), ...limitsV2('v2', MIB) });
      expect(await read()).toEqual([]);
    },
  );

  it('reads the ancestors of a cgroup that was removed', async () => {
    await writeHost([v1()], '4:memory:/a/gone (deleted)');
    await writeTree(limitsV1('v1/a', MIB));
    expect(await read()).toEqual([['/v1/a', MIB]]);
  });

  it('gives none without cgroups, without the controller and of a process that ended', async () => {
    await writeHost([], '');
    expect(await read()).toEqual([]);
    await writeHost(['26 22 0:23 / /tmp rw - tmpfs tmpfs rw'], '1:name=systemd:/');
    expect(await read()).toEqual([]);
    await rm(join(root, 'proc/42'), { recursive: true });
    expect(await read()).toEqual([]);
  });

  it('reads names with spaces, colons and backslashes', async () => {
    const spaced = v1('rw,memory', '/', 'my\\040mount');
    await writeHost([spaced], '4:memory:/a b:c');
    await writeTree(limitsV1('my mount/a b:c', MIB));
    expect(await read()).toEqual([['/my mount/a b:c', MIB]]);
  });
});

describe('readCgroupFolder()', () => {
  it('reads a folder and its ancestors up to the mount', async () => {
    await writeHost([v2()], '');
    await writeTree({ ...limitsV2('v2/a', 9 * MIB), ...limitsV2('v2/a/b', MIB) });
    const paths = readCgroupFolder(`${root}/v2/a/b`, `${root}/proc`).map(({ path }) => path);
    expect(paths).toEqual([`${root}/v2/a/b`, `${root}/v2/a`]);
  });

  it('takes the innermost mount, and none of a folder that is no cgroup', async () => {
    await writeHost([v1('rw,memory', '/', 'cg'), v2('/', 'cg/unified')], '');
    await writeTree(limitsV2('cg/unified/a', MIB));
    expect(readCgroupFolder(`${root}/cg/unified/a`, `${root}/proc`)).toMatchObject([{ limitBytes: MIB }]);
    expect(readCgroupFolder(`${root}/cgother/a`, `${root}/proc`)).toEqual([]);
  });
});
