// Two independent peers read the same host: psutil (Python) and systeminformation.
import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createCollector } from '../../../src/collect/index.ts';

const program = `
import json, psutil, sys
p = psutil.Process(int(sys.argv[1]))
full, io, cpu = p.memory_full_info(), p.io_counters(), p.cpu_times()
mem, swap = psutil.virtual_memory(), psutil.swap_memory()
print(json.dumps(dict(name=p.name(), exe=p.exe(), rss=full.rss, shared=full.shared, uss=full.uss, swap=full.swap,
    read=io.read_bytes, write=io.write_bytes, cpu=cpu.user + cpu.system, threads=p.num_threads(),
    create_time=p.create_time(), boot_time=psutil.boot_time(),
    total=mem.total, available=mem.available, swap_total=swap.total, swap_free=swap.free,
    count=len(psutil.pids()))))
`;
import { python } from '../../support/python.ts';

interface PsutilView {
  readonly name: string;
  readonly exe: string;
  readonly [figure: string]: number | string;
}

async function readPsutil(pid: number): Promise<Record<string, number> & { name: string; exe: string }> {
  const { stdout } = await promisify(execFile)(python, ['-c', program, String(pid)]);
  return JSON.parse(stdout) as PsutilView as never;
}

/** Within a share of `expected` plus an allowance for what moves between two readings. */
function expectNear(
  actual: number | null | undefined,
  expected: number | undefined,
  allowance: number,
): void {
  expect(Math.abs((actual ?? Number.NaN) - (expected ?? Number.NaN))).toBeLessThanOrEqual(allowance);
}

describe('createCollector() beside psutil', () => {
  it('agrees on this process and on the memory of the host', async () => {
    await using collector = await createCollector({ processIntervalMs: 0, smapsTop: 100_000 });
    const psutil = await readPsutil(process.pid);
    const { memory, processes } = await collector.sample();
    const own = processes?.find((row) => row.pid === process.pid);
    const KiB = 1024;
    // psutil completes names that the kernel cut at 15 bytes from the command line, and takes that of Node.js's thread.
    const called = psutil.name.endsWith('MainThread') ? basename(psutil.exe) : psutil.name;
    expect(called.startsWith(own?.name ?? '?')).toBe(true);
    const moved = 0.25 * psutil['rss']!;
    expectNear(own!.rss_kib * KiB, psutil['rss'], moved);
    expectNear(own!.shared_kib! * KiB, psutil['shared'], moved);
    expectNear(own!.private_kib! * KiB, psutil['uss'], moved);
    expectNear(own!.swap_kib! * KiB, psutil['swap'], moved);
    expectNear(own!.cpu_time_ms! / 1000, psutil['cpu'], 5);
    expectNear(own!.io_read_bytes, psutil['read'], 64 * KiB * KiB);
    expectNear(own!.io_write_bytes, psutil['write'], 64 * KiB * KiB);
    expectNear(own!.threads, psutil['threads'], 8);
    expectNear(own!.start_time_ticks! / 100, psutil['create_time']! - psutil['boot_time']!, 2);
    expect(memory.mem_total_kib * KiB).toBe(psutil['total']);
    expectNear(memory.mem_available_kib * KiB, psutil['available'], 0.2 * psutil['total']!);
    expect(memory.swap_total_kib! * KiB).toBe(psutil['swap_total']);
    expectNear(memory.swap_free_kib! * KiB, psutil['swap_free'], 0.2 * psutil['total']!);
    expectNear(memory.process_count, psutil['count'], 100);
  });
});

describe('createCollector() through systeminformation', () => {
  it('agrees with the /proc source on the memory of the host and on this process', async () => {
    await using ours = await createCollector({ processIntervalMs: 0 });
    await using theirs = await createCollector({ processIntervalMs: 0, source: 'systeminformation' });
    const other = await theirs.sample();
    const own = await ours.sample();
    expect(other.health.map((entry) => entry.lastError)).toEqual([null, null]);
    expect(Object.keys(other.memory)).toEqual(Object.keys(own.memory));
    expect(other.memory).toMatchObject({ psi_memory_some_us: null, pswpin: null, cgroup_usage_bytes: null });
    const total = own.memory.mem_total_kib;
    expect(other.memory.mem_total_kib).toBe(total);
    expect(other.memory.swap_total_kib).toBe(own.memory.swap_total_kib);
    expectNear(other.memory.mem_available_kib, own.memory.mem_available_kib, 0.2 * total);
    expectNear(other.memory.cached_kib, own.memory.cached_kib ?? undefined, 0.2 * total);
    const rssOf = (sample: typeof own) => sample.processes?.find((row) => row.pid === process.pid)?.rss_kib;
    expectNear(rssOf(other), rssOf(own), 0.25 * (rssOf(own) ?? 0));
  });
});
