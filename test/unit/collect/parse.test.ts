import { describe, expect, it } from 'vitest';
import { parseCgroup, parseCgroupBytes, parseOomKills } from '../../../src/collect/cgroup.ts';
import { parseChildren } from '../../../src/collect/kernel-threads.ts';
import { parseMeminfo } from '../../../src/collect/meminfo.ts';
import { parsePressure } from '../../../src/collect/pressure.ts';
import { parseOpenFilesLimit } from '../../../src/collect/procfs-source.ts';
import { buildSnapshot, hasTotals } from '../../../src/collect/snapshot.ts';
import { parseAuxv } from '../../../src/collect/system-constants.ts';
import { parseVmstat } from '../../../src/collect/vmstat.ts';
import { memoryKind } from '../../../src/core/index.ts';
import { bytesOf, fixtureBytes } from './fixtures.ts';

const parseFailure = expect.objectContaining({ code: 'ERR_COLLECT_PARSE' });

describe('parseMeminfo()', () => {
  it('gives every column of a modern kernel in KiB', () => {
    const meminfo = parseMeminfo(fixtureBytes('modern/proc/meminfo'));
    expect(Object.values(meminfo)).not.toContain(null);
    expect(meminfo).toMatchObject({
      mem_total_kib: 16284516,
      mem_available_kib: 9120832,
      inactive_file_kib: 4069296,
      swap_free_kib: 8101884,
    });
  });

  it('estimates available memory as free, file and reclaimable when the kernel has no MemAvailable', () => {
    const meminfo = parseMeminfo(fixtureBytes('legacy/proc/meminfo'));
    expect(meminfo.mem_available_kib).toBe(1203344 + 3309576 + 4069296 + 612304);
  });

  it('estimates from Cached when file pages are not split either', () => {
    const meminfo = parseMeminfo(bytesOf('MemTotal: 100 kB\nMemFree: 10 kB\nCached: 30 kB\n'));
    expect(meminfo.mem_available_kib).toBe(40);
  });

  it('leaves a line that is absent null', () => {
    expect(parseMeminfo(bytesOf('MemTotal: 100 kB\nMemAvailable: 50 kB')).swap_total_kib).toBeNull();
  });

  it('rejects content without a known line', () => {
    expect(() => parseMeminfo(fixtureBytes('no-memory/proc/meminfo'))).toThrow(parseFailure);
    expect(() => parseMeminfo(bytesOf(''))).toThrow(parseFailure);
  });

  it('rejects a value that is no number, or cut in two, and names its line', () => {
    expect(() => parseMeminfo(bytesOf('MemTotal: 100 kB\nMemFree: -3 kB\n'))).toThrow(/MemFree: -3/);
    expect(() => parseMeminfo(bytesOf('MemTotal: 100 kB\nMemFree:'))).toThrow(parseFailure);
  });
});

describe('parseVmstat()', () => {
  it('gives every counter of a modern kernel and takes no name for its prefix', () => {
    const vmstat = parseVmstat(fixtureBytes('modern/proc/vmstat'));
    expect(vmstat).toMatchObject({ pgscan_direct: 12039, workingset_refault_anon: 4711, oom_kill: 1 });
    expect(Object.values(vmstat)).not.toContain(null);
  });

  it('takes the unsplit refault counter of kernels before 5.9 for file pages', () => {
    expect(parseVmstat(fixtureBytes('legacy/proc/vmstat'))).toMatchObject({
      workingset_refault_anon: null,
      workingset_refault_file: 918273,
      oom_kill: null,
    });
  });
});

describe('parsePressure()', () => {
  it('gives the totals in µs', () => {
    const totals = parsePressure(fixtureBytes('modern/proc/pressure/memory'));
    expect(totals).toEqual({ someUs: 8123456, fullUs: 3012345 });
  });

  it('gives no full total where the kernel writes only the some line', () => {
    expect(parsePressure(bytesOf('some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n'))).toEqual({
      someUs: 7,
      fullUs: null,
    });
  });

  it('rejects garbage', () => {
    expect(() => parsePressure(fixtureBytes('garbage/proc/pressure/io'))).toThrow(parseFailure);
  });
});

describe('parseOomKills()', () => {
  const parse = (text: string) => parseOomKills(Buffer.from(text));

  it('gives the kills of memory.events and of memory.oom_control', () => {
    expect(parse('low 0\nhigh 3\nmax 9\noom 4\noom_kill 2\noom_group_kill 1\n')).toBe(2);
    expect(parse('oom_kill_disable 0\nunder_oom 1\noom_kill 12\n')).toBe(12);
  });

  it('gives null when the kernel does not count them', () => {
    expect(parse('oom_kill_disable 0\nunder_oom 0\n')).toBeNull();
    expect(parse('low 0\nhigh 0\nmax 0\noom 0\n')).toBeNull();
  });
});

describe('parseCgroup()', () => {
  it('finds the version 2 path', () => {
    expect(parseCgroup(fixtureBytes('modern/proc/self/cgroup'))).toEqual({
      v1MemoryPath: null,
      v2Path: '/system.slice/ruvector-memopt.service',
    });
  });

  it('finds the version 1 memory controller among others, also when it shares a hierarchy', () => {
    const membership = parseCgroup(fixtureBytes('legacy/proc/self/cgroup'));
    expect(membership).toEqual({ v1MemoryPath: '/docker/6f1c', v2Path: null });
    expect(parseCgroup(bytesOf('3:cpu,memory:/a:b\n0::/\n'))).toEqual({ v1MemoryPath: '/a:b', v2Path: '/' });
  });

  it('rejects a line that is no membership', () => {
    expect(() => parseCgroup(bytesOf('memory /a\n'))).toThrow(parseFailure);
  });
});

describe('parseCgroupBytes()', () => {
  it('gives bytes, and null for both ways to say unlimited', () => {
    expect(parseCgroupBytes(bytesOf('2147483648\n'))).toBe(2147483648);
    expect(parseCgroupBytes(bytesOf('max\n'))).toBeNull();
    expect(parseCgroupBytes(bytesOf('9223372036854771712\n'))).toBeNull();
  });

  it('rejects anything else', () => {
    expect(() => parseCgroupBytes(bytesOf('plenty\n'))).toThrow(parseFailure);
    expect(() => parseCgroupBytes(bytesOf(''))).toThrow(parseFailure);
  });
});

describe('parseAuxv()', () => {
  const auxv = (littleEndian: boolean, entries: [bigint, bigint][]): Uint8Array => {
    const view = new DataView(new ArrayBuffer(entries.length * 16));
    entries.forEach(([type, value], i) => {
      view.setBigUint64(i * 16, type, littleEndian);
      view.setBigUint64(i * 16 + 8, value, littleEndian);
    });
    return new Uint8Array(view.buffer);
  };

  it('gives the page size and tick of the kernel in either byte order', () => {
    for (const littleEndian of [true, false]) {
      const bytes = auxv(littleEndian, [
        [33n, 0x7fffn],
        [6n, 16384n],
        [17n, 250n],
        [0n, 0n],
      ]);
      expect(parseAuxv(bytes, littleEndian)).toEqual({ pageKib: 16, tickMs: 4 });
    }
  });

  it('keeps 4 KiB and 10 ms when the entries are absent or absurd', () => {
    expect(parseAuxv(auxv(true, [[6n, 0n]]), true)).toEqual({ pageKib: 4, tickMs: 10 });
    expect(parseAuxv(new Uint8Array(7), true)).toEqual({ pageKib: 4, tickMs: 10 });
  });
});

describe('parseChildren()', () => {
  it('gives the pids', () => {
    expect(parseChildren(fixtureBytes('modern/proc/2/task/2/children'))).toEqual(new Set([3, 4]));
    expect(parseChildren(bytesOf(''))).toEqual(new Set());
  });
});

describe('parseOpenFilesLimit()', () => {
  it('gives the soft limit, Infinity when unlimited and 0 when it is not there', () => {
    expect(parseOpenFilesLimit(bytesOf('Max open files            1024      4096      files \n'))).toBe(1024);
    expect(parseOpenFilesLimit(bytesOf('Max open files            unlimited unlimited files \n'))).toBe(
      Infinity,
    );
    expect(parseOpenFilesLimit(bytesOf('Max processes  7 7 processes\n'))).toBe(0);
  });
});

describe('buildSnapshot()', () => {
  const facts = { timestampMs: 1, processCount: 2, topProcessRssKib: null };

  it('has exactly the columns of the record, null where nobody gave a value', () => {
    const columns = { mem_total_kib: 100, mem_available_kib: 40, pswpin: 5 };
    const snapshot = buildSnapshot(columns, facts);
    expect(Object.keys(snapshot)).toEqual(memoryKind.fields.map((field) => field.name));
    expect(snapshot).toMatchObject({ mem_total_kib: 100, pswpin: 5, oom_kill: null, process_count: 2 });
  });

  it('needs total and available memory', () => {
    expect(hasTotals({ mem_total_kib: 1, mem_available_kib: null })).toBe(false);
    expect(hasTotals({ mem_available_kib: 1 })).toBe(false);
    expect(hasTotals({ mem_total_kib: 1, mem_available_kib: 0 })).toBe(true);
  });
});
