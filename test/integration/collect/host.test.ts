// The collector on this very host: real /proc, real processes that end at bad moments. Linux only,
// as the source under test is.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { createCollector, readProcessSample, sampleAtRate } from '../../../src/collect/index.ts';
import type { Sample } from '../../../src/collect/index.ts';
import { readProcessStat } from '../../../src/optimize/process-stat.ts';
import { buildRecordBatch, memoryKind, processKind } from '../../../src/core/index.ts';

const children: ChildProcess[] = [];

async function startIdle(count: number): Promise<ChildProcess[]> {
  const started = Array.from({ length: count }, () => spawn('sleep', ['300'], { stdio: 'ignore' }));
  children.push(...started);
  await Promise.all(started.map((child) => once(child, 'spawn')));
  return started;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

afterEach(async () => {
  await Promise.all(children.splice(0).map(stop));
});

describe('createCollector() on this host', () => {
  it('gives rows that fit their record kinds and holds this process', async () => {
    await using collector = await createCollector({ processIntervalMs: 0 });
    const { memory, processes } = await collector.sample();
    expect(memory.mem_available_kib).toBeLessThanOrEqual(memory.mem_total_kib);
    expect(buildRecordBatch(memoryKind, [memory]).numRows).toBe(1);
    expect(buildRecordBatch(processKind, processes ?? []).numRows).toBe(processes?.length);
    const own = processes?.find((row) => row.pid === process.pid);
    const ownRssKib = process.memoryUsage.rss() / 1024;
    expect(own?.rss_kib).toBeGreaterThan(ownRssKib * 0.5);
    expect(own?.rss_kib).toBeLessThan(ownRssKib * 1.5);
    expect(memory.process_count).toBeGreaterThanOrEqual(processes?.length ?? Infinity);
    expect(memory.top_process_rss_kib).toBeGreaterThanOrEqual(own?.rss_kib ?? Infinity);
  });

  it('names a process of Node.js after its program, though the kernel calls it MainThread', async () => {
    const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)', 'argument']);
    children.push(child);
    await once(child.stdout, 'data');
    const comm = readFileSync(`/proc/${child.pid}/comm`, 'utf8').trimEnd();
    await using collector = await createCollector({ processIntervalMs: 0 });
    const nameOf = async (): Promise<string | undefined> =>
      (await collector.sample()).processes?.find(({ pid }) => pid === child.pid)?.name;
    expect([comm, await nameOf(), await nameOf()]).toEqual(['MainThread', 'node', 'node']);
    const stat = await readProcessStat(child.pid!);
    expect(stat).toMatchObject({ name: 'node', comm: 'MainThread' });
  });

  it('gives the share of the CPU since the sample before', async () => {
    await using collector = await createCollector({ processIntervalMs: 0 });
    const first = await collector.sample();
    expect(first.processes?.find((row) => row.pid === process.pid)?.cpu_percent).toBeNull();
    const start = process.cpuUsage();
    while (process.cpuUsage(start).user < 60_000) Math.hypot(1, 2);
    const second = await collector.sample();
    expect(second.processes?.find((row) => row.pid === process.pid)?.cpu_percent).toBeGreaterThan(0);
  });

  it('takes processes that end during the scan for normal', async () => {
    const idle = await startIdle(60);
    const pids = new Set(idle.map((child) => child.pid));
    await using collector = await createCollector({ processIntervalMs: 0 });
    const known = (await collector.sample()).processes?.filter((row) => pids.has(row.pid));
    expect(known).toHaveLength(60);
    const samples: Sample[] = [];
    for (const child of idle) {
      const scan = collector.sample();
      child.kill('SIGKILL'); // the scan yields between processes, so this lands before, in or after it
      samples.push(await scan);
    }
    const failures = samples.flatMap((sample) => sample.health).filter((entry) => entry.name === 'processes');
    expect(failures.map((entry) => entry.lastError)).toEqual(Array.from({ length: 60 }, () => null));
    await Promise.all(idle.map(stop));
    const after = (await collector.sample()).processes?.filter((row) => pids.has(row.pid));
    expect(after).toEqual([]);
  });

  it('leaves no file open, neither of ended processes nor after close', async () => {
    const before = openFiles();
    const collector = await createCollector({ processIntervalMs: 0 });
    await collector.sample();
    const steady = openFiles();
    const idle = await startIdle(20);
    await collector.sample();
    await Promise.all(idle.map(stop));
    children.length = 0;
    await collector.sample();
    await collector.sample();
    expect(openFiles() - steady).toBeLessThan(20);
    await collector.close();
    expect(openFiles() - before).toBeLessThanOrEqual(2);
  });

  it('runs overlapping samples one after the other and refuses them once closed', async () => {
    const collector = await createCollector({ processIntervalMs: 0 });
    const samples = await Promise.all([collector.sample(), collector.sample(), collector.sample()]);
    expect(samples.every((sample) => sample.processes?.some((row) => row.pid === process.pid))).toBe(true);
    await collector.close();
    await expect(collector.sample()).rejects.toMatchObject({ code: 'ERR_COLLECT_CLOSED' });
  });
});

describe('sampleAtRate() on this host', () => {
  it('gives samples in time order at 50 Hz until aborted', async () => {
    await using collector = await createCollector();
    const abort = new AbortController();
    const timestamps: number[] = [];
    for await (const sample of sampleAtRate({ collector, hz: 50, signal: abort.signal })) {
      timestamps.push(sample.memory.timestamp);
      if (timestamps.length === 15) abort.abort();
    }
    expect(timestamps).toHaveLength(15);
    expect(timestamps).toEqual(timestamps.toSorted((a, b) => a - b));
  });
});

describe('readProcessSample() on this host', () => {
  it('follows a child from start to end', async () => {
    const [child] = await startIdle(1);
    const pid = child?.pid ?? 0;
    const sample = readProcessSample(pid);
    expect(sample).toMatchObject({ pid, name: 'sleep' });
    expect(sample?.rssKib).toBeGreaterThan(0);
    await stop(child!);
    expect(readProcessSample(pid)).toBeNull();
  });
});
