import type { Systeminformation } from 'systeminformation';
import { describe, expect, it } from 'vitest';
import {
  buildRecordsFromSystemInformation,
  buildSnapshotFromSystemInformation,
} from '../../../src/collect/system-information.ts';
import { processKind } from '../../../src/core/index.ts';

const GiB = 2 ** 30;

/** What mem() returns on macOS: no buffers, cache or dirty pages, `reclaimable` means inactive. */
const macMem: Systeminformation.MemData = {
  total: 16 * GiB,
  free: GiB,
  used: 15 * GiB,
  active: 9 * GiB,
  available: 7 * GiB,
  buffers: 0,
  cached: 0,
  slab: 0,
  buffcache: 6 * GiB,
  reclaimable: 5 * GiB,
  swaptotal: 2 * GiB,
  swapused: 1.5 * GiB,
  swapfree: 0.5 * GiB,
  writeback: null,
  dirty: null,
};

const entry: Systeminformation.ProcessesProcessData = {
  pid: 501,
  parentPid: 1,
  name: 'Finder',
  cpu: 1.5,
  cpuu: 1,
  cpus: 0.5,
  mem: 0.4,
  priority: 4,
  memVsz: 400_000,
  memRss: 81_920,
  nice: 0,
  started: '2025-01-01 00:00:00',
  state: 'sleeping',
  tty: '',
  user: 'ada',
  command: '/System/Finder --secret',
  params: '--secret',
  path: '/System',
};

describe('buildSnapshotFromSystemInformation()', () => {
  it('gives KiB, and null for what this system does not tell', () => {
    expect(buildSnapshotFromSystemInformation(macMem)).toEqual({
      mem_total_kib: 16 * 2 ** 20,
      mem_available_kib: 7 * 2 ** 20,
      mem_free_kib: 2 ** 20,
      buffers_kib: null,
      cached_kib: null,
      dirty_kib: null,
      writeback_kib: null,
      swap_total_kib: 2 * 2 ** 20,
      swap_free_kib: 2 ** 19,
    });
  });

  it('gives neither total nor available memory when the total is 0', () => {
    const columns = buildSnapshotFromSystemInformation({ ...macMem, total: 0 });
    expect(columns).not.toHaveProperty('mem_total_kib');
    expect(columns).not.toHaveProperty('mem_available_kib');
  });
});

describe('buildRecordsFromSystemInformation()', () => {
  it('has exactly the columns of the record and never the command line', () => {
    const [row] = buildRecordsFromSystemInformation([entry], 42);
    expect(Object.keys(row ?? {})).toEqual(processKind.fields.map((field) => field.name));
    expect(row).toMatchObject({
      timestamp: 42,
      pid: 501,
      name: 'Finder',
      rss_kib: 81_920,
      cpu_percent: null,
    });
    expect(JSON.stringify(row)).not.toContain('secret');
  });

  it('leaves out entries that own no memory', () => {
    expect(buildRecordsFromSystemInformation([{ ...entry, memRss: 0 }], 42)).toEqual([]);
  });
});
