// What hosts answer that is no value: the real collector over trees of /proc that were damaged in one place. One bad
// value is a null of its column, one file a null of its columns; everything else is what it was.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCollector } from '../../../src/collect/index.ts';
import type { Collector, Sample } from '../../../src/collect/index.ts';
import { systemClock } from '../../../src/core/index.ts';
import { copyProcTree } from '../../support/collect/proc-tree.ts';
import type { ProcTree } from '../../support/collect/proc-tree.ts';

/** An hour passes between samples, so that nothing is held back for what it costs. */
function openCollector({ procRoot, cgroupRoot }: ProcTree): Promise<Collector> {
  let hours = 0;
  const clock = {
    ...systemClock,
    nowMs: () => systemClock.nowMs() + 3_600_000 * hours++,
    monotonicMs: () => systemClock.monotonicMs() + 3_600_000 * hours,
  };
  return createCollector({ procRoot, cgroupRoot, source: 'procfs', processIntervalMs: 0, clock });
}

type Values = Record<string, unknown>;

/** Columns of memory and of process 202 whose values differ. */
function differences(sound: Sample, damaged: Sample): Record<string, unknown> {
  const rowOf = (sample: Sample): Values => {
    const row = sample.processes?.find(({ pid }) => pid === 202);
    const named = Object.entries(row ?? {}).map(([name, value]) => [`202 ${name}`, value]);
    return { ...sample.memory, ...Object.fromEntries(named), rows: sample.processes?.length };
  };
  const [before, after] = [rowOf(sound), rowOf(damaged)];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed = [...names].filter((name) => before[name] !== after[name] && !name.includes('timestamp'));
  return Object.fromEntries(changed.map((name) => [name, after[name] ?? null]));
}

const healthOf = (sample: Sample, name: string) => sample.health.find((part) => part.name === name);

/** Replaces the line that starts so. */
const line =
  (start: string, text: string) =>
  (content: string): string =>
    content.replace(new RegExp(`^${start}.*$`, 'm'), text);

/** Field n of the manual page's table of /proc/PID/stat. */
const field =
  (n: number, text: string) =>
  (content: string): string => {
    const fields = content.slice(content.lastIndexOf(')') + 2).split(' ');
    fields[n - 3] = text;
    return `${content.slice(0, content.lastIndexOf(')') + 2)}${fields.join(' ')}`;
  };

const nulls = (...names: string[]): Record<string, null> =>
  Object.fromEntries(names.map((name) => [name, null]));

const wrapped = '18446744073709551612';
const vmstat = ['pgscan_kswapd', 'pgscan_direct', 'pgsteal_kswapd', 'pgsteal_direct'].concat([
  'workingset_refault_anon',
  'workingset_refault_file',
  'pswpin',
  'pswpout',
  'pgmajfault',
  'oom_kill',
]);
const unit = 'cgroup/system.slice/ruvector-memopt.service';

interface Damage {
  readonly what: string;
  readonly part: string;
  readonly damage: (tree: ProcTree) => void;
  readonly changed: Record<string, unknown>;
}

const edits = (path: string, change: (text: string) => string) => (tree: ProcTree) => tree.edit(path, change);

const damages: Damage[] = [
  {
    what: 'a wrapped SwapFree',
    part: 'meminfo',
    damage: edits('proc/meminfo', line('SwapFree', `SwapFree: ${wrapped} kB`)),
    changed: nulls('swap_free_kib'),
  },
  {
    what: 'a wrapped Committed_AS and a negative Cached',
    part: 'meminfo',
    damage: edits('proc/meminfo', (text) =>
      line('Cached', 'Cached: -1234 kB')(line('Committed_AS', `Committed_AS: ${wrapped} kB`)(text)),
    ),
    changed: nulls('cached_kib', 'committed_as_kib'),
  },
  {
    what: 'a MemAvailable that is no number: the estimate stands in',
    part: 'meminfo',
    damage: edits('proc/meminfo', line('MemAvailable', 'MemAvailable: nan kB')),
    changed: { mem_available_kib: 1203344 + 3309576 + 4069296 + 612304 },
  },
  {
    what: 'bytes that are no text',
    part: 'meminfo',
    damage: edits('proc/meminfo', line('Dirty', 'Dirty: \0\xff\xfe kB')),
    changed: nulls('dirty_kib'),
  },
  {
    what: 'an empty vmstat',
    part: 'vmstat',
    damage: (tree) => tree.write('proc/vmstat', ''),
    changed: nulls(...vmstat),
  },
  {
    what: 'a counter over 2^53',
    part: 'vmstat',
    damage: edits('proc/vmstat', line('pswpin ', 'pswpin 9007199254740993')),
    changed: nulls('pswpin'),
  },
  {
    what: 'a vmstat that is a folder (EISDIR)',
    part: 'vmstat',
    damage: (tree) => {
      tree.remove('proc/vmstat');
      mkdirSync(join(tree.procRoot, 'vmstat'));
    },
    changed: nulls(...vmstat),
  },
  {
    what: 'a vmstat that is a pipe nobody writes: it does not wait',
    part: 'vmstat',
    damage: (tree) => {
      tree.remove('proc/vmstat');
      execFileSync('mkfifo', [join(tree.procRoot, 'vmstat')]);
    },
    changed: nulls(...vmstat),
  },
  {
    what: 'no pressure/io',
    part: 'pressure',
    damage: (tree) => tree.remove('proc/pressure/io'),
    changed: nulls('psi_io_some_us', 'psi_io_full_us'),
  },
  {
    what: 'a pressure/io that cannot be read (EIO)',
    part: 'pressure',
    damage: (tree) => tree.link('proc/pressure/io', '/proc/self/mem'),
    changed: nulls('psi_io_some_us', 'psi_io_full_us'),
  },
  {
    what: 'a pressure/cpu without its total',
    part: 'pressure',
    damage: (tree) => tree.write('proc/pressure/cpu', 'some avg10=12345.00 avg60=0.00 avg300=0.00\n'),
    changed: nulls('psi_cpu_some_us'),
  },
  {
    what: 'a total of `some` that went wrong, with a sound `full`',
    part: 'pressure',
    damage: edits('proc/pressure/memory', (text) => text.replace(/^(some .* total=).*$/m, `$1${wrapped}`)),
    changed: nulls('psi_memory_some_us'),
  },
  {
    what: 'no pressure at all (psi=0)',
    part: 'pressure',
    damage: (tree) => tree.remove('proc/pressure'),
    changed: nulls(
      'psi_memory_some_us',
      'psi_memory_full_us',
      'psi_io_some_us',
      'psi_io_full_us',
      'psi_cpu_some_us',
    ),
  },
  {
    what: 'a usage that is no number',
    part: 'cgroup',
    damage: (tree) => tree.write(`${unit}/memory.current`, 'plenty\n'),
    changed: nulls('cgroup_usage_bytes'),
  },
  {
    what: 'a limit that is no number',
    part: 'cgroup',
    damage: (tree) => tree.write(`${unit}/memory.max`, '-1\n'),
    changed: nulls('cgroup_limit_bytes'),
  },
  {
    what: 'kills that are no number',
    part: 'cgroup',
    damage: (tree) => tree.write(`${unit}/memory.events.local`, `oom_kill ${wrapped}\n`),
    changed: nulls('cgroup_oom_kill'),
  },
  {
    what: 'a start time of 2^64 - 1',
    part: 'processes',
    damage: edits('proc/202/stat', field(22, '18446744073709551615')),
    changed: nulls('202 start_time_ticks'),
  },
  {
    what: 'a negative number of faults and too many threads',
    part: 'processes',
    damage: edits('proc/202/stat', (text) => field(20, '99999999')(field(10, '-5')(text))),
    changed: nulls('202 minor_faults', '202 threads'),
  },
  {
    what: 'a stat that is cut off',
    part: 'processes',
    damage: edits('proc/202/stat', (text) => text.slice(0, text.indexOf(')') + 3)),
    changed: nulls(
      ...['cpu_time_ms', 'minor_faults', 'major_faults', 'threads', 'start_time_ticks'].map(
        (n) => `202 ${n}`,
      ),
    ),
  },
  {
    what: 'more shared pages than any host has',
    part: 'processes',
    damage: (tree) => tree.write('proc/202/statm', '812000 402100 4503599627370496 1 0 10 0\n'),
    changed: nulls('202 shared_kib'),
  },
  {
    what: 'bytes written that wrapped',
    part: 'processes',
    damage: edits('proc/202/io', line('write_bytes', `write_bytes: ${wrapped}`)),
    changed: nulls('202 io_write_bytes'),
  },
  {
    what: 'an io that cannot be read (EIO)',
    part: 'processes',
    damage: (tree) => tree.link('proc/202/io', '/proc/self/mem'),
    changed: nulls('202 io_read_bytes', '202 io_write_bytes'),
  },
  {
    what: 'a part of the private memory without its unit',
    part: 'processes',
    damage: edits('proc/202/smaps_rollup', line('Private_Dirty', 'Private_Dirty: 780000')),
    changed: nulls('202 private_kib'),
  },
  {
    what: 'a smaps_rollup that cannot be read (EIO)',
    part: 'processes',
    damage: (tree) => tree.link('proc/202/smaps_rollup', '/proc/self/mem'),
    changed: nulls('202 private_kib', '202 swap_kib'),
  },
];

describe('createCollector() over a damaged tree', () => {
  it.each(damages)('leaves null what is bad, and only that: $what', async ({ part, damage, changed }) => {
    using tree = copyProcTree();
    await using collector = await openCollector(tree);
    const sound = await collector.sample();
    expect(healthOf(sound, part)).toMatchObject({ success: 1, failures: 0, badColumns: [] });
    damage(tree);
    const damaged = await collector.sample();
    // CPU shares need two scans of a process, and then are there.
    const { '202 cpu_percent': _, ...found } = differences(sound, damaged);
    expect(found).toEqual(changed);
    expect(healthOf(damaged, part)).toMatchObject({ success: 0, lastError: expect.any(String), failures: 1 });
    const others = damaged.health.filter(({ name }) => name !== part);
    expect(others.map(({ success }) => success)).toEqual([1, 1, 1, 1]);
  });

  it('names column, count and last text of what was bad, also when it is sound again', async () => {
    using tree = copyProcTree();
    await using collector = await openCollector(tree);
    for (const text of ['-1', '-22', wrapped]) {
      tree.edit('proc/meminfo', line('SwapFree', `SwapFree: ${text} kB`));
      await collector.sample();
    }
    tree.edit('proc/meminfo', line('SwapFree', 'SwapFree: 5 kB'));
    const sample = await collector.sample();
    expect(sample.memory.swap_free_kib).toBe(5);
    expect(healthOf(sample, 'meminfo')).toMatchObject({
      success: 1,
      lastError: null,
      failures: 3,
      lastFailure: expect.stringContaining('swap_free_kib'),
      badColumns: [{ column: 'swap_free_kib', count: 3, lastText: `SwapFree: ${wrapped} kB` }],
    });
  });

  it('has pressure from the sample on in which it is switched on, and again after an empty read', async () => {
    using tree = copyProcTree('legacy');
    await using collector = await openCollector(tree);
    expect((await collector.sample()).memory.psi_io_some_us).toBeNull();
    for (const name of ['memory', 'io', 'cpu']) tree.write(`proc/pressure/${name}`, 'some total=1\n');
    expect((await collector.sample()).memory).toMatchObject({ psi_memory_some_us: 1, psi_io_some_us: 1 });
    tree.write('proc/pressure/io', '');
    expect((await collector.sample()).memory).toMatchObject({ psi_memory_some_us: 1, psi_io_some_us: null });
    tree.write('proc/pressure/io', 'some total=2\n');
    expect((await collector.sample()).memory.psi_io_some_us).toBe(2);
  });

  it('rejects a sample without a total, and gives the next', async () => {
    using tree = copyProcTree();
    await using collector = await openCollector(tree);
    for (const text of ['', `MemTotal: ${wrapped} kB\nMemFree: 5 kB\n`, '\0'.repeat(64)]) {
      const sound = await collector.sample();
      tree.write('proc/meminfo', text);
      await expect(collector.sample()).rejects.toMatchObject({ code: 'ERR_COLLECT_NO_MEMORY' });
      tree.write('proc/meminfo', 'MemTotal: 16284516 kB\nMemAvailable: 9120832 kB\n');
      expect((await collector.sample()).memory.mem_total_kib).toBe(sound.memory.mem_total_kib);
    }
  });

  it('takes folders of /proc for processes only when their name is a pid', async () => {
    using tree = copyProcTree();
    await using collector = await openCollector(tree);
    const { process_count: count } = (await collector.sample()).memory;
    for (const name of ['12abc', '0', '99999999999', '9007199254740993', '-5']) {
      mkdirSync(join(tree.procRoot, name));
    }
    expect((await collector.sample()).memory.process_count).toBe(count);
  });

  it('does not ask a process that waits in the kernel for its maps, which could wait with it', async () => {
    using tree = copyProcTree();
    await using collector = await openCollector(tree);
    const swapOf = async (): Promise<unknown> =>
      (await collector.sample()).processes?.find(({ pid }) => pid === 202)?.swap_kib;
    tree.edit('proc/202/stat', field(3, 'D'));
    expect(await swapOf()).toBeNull();
    tree.edit('proc/202/stat', field(3, 'S'));
    expect(await swapOf()).toBe(12288);
    tree.edit('proc/202/stat', field(3, 'D'));
    tree.edit('proc/202/smaps_rollup', line('Swap', 'Swap: 5 kB'));
    expect(await swapOf()).toBe(12288);
    tree.edit('proc/202/stat', field(3, 'S'));
    expect(await swapOf()).toBe(5);
  });

  it('gives no CPU share of a process whose time fell, or whose start is not known', async () => {
    using tree = copyProcTree();
    await using collector = await openCollector(tree);
    const shareOf = async (): Promise<unknown> =>
      (await collector.sample()).processes?.find(({ pid }) => pid === 202)?.cpu_percent;
    await collector.sample();
    expect(await shareOf()).toBe(0);
    tree.edit('proc/202/stat', field(14, '1'));
    expect(await shareOf()).toBeNull();
    expect(await shareOf()).toBe(0);
    tree.edit('proc/202/stat', field(22, wrapped));
    expect(await shareOf()).toBeNull();
    expect(await shareOf()).toBeNull();
  });
});
