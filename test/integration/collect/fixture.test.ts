// Full samples over the checked-in trees of /proc; the golden page is test/golden/collect/modern.json
// (`npx vitest run --project integration -u collect-fixture` writes it anew).
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCollector, readProcessSample } from '../../../src/collect/index.ts';
import type { CollectorOptions, Sample } from '../../../src/collect/index.ts';
import { createProcReader } from '../../../src/collect/proc-reader.ts';
import type { ProcReader } from '../../../src/collect/proc-reader.ts';
import { createProcessScanner } from '../../../src/collect/process-scan.ts';
import type { Clock } from '../../../src/core/index.ts';
import { systemClock } from '../../../src/core/index.ts';
import { createNoteBook, fixtureRoots } from '../../support/collect/proc-fixtures.ts';

/** A clock that stands until moved. */
function createStandingClock(): Clock & { monotonic: number } {
  const clock = {
    ...systemClock,
    monotonic: 5000,
    nowMs: () => 1_750_000_000_000,
    monotonicMs: () => clock.monotonic,
  };
  return clock;
}

async function sampleFixture(name: string, options: CollectorOptions = {}): Promise<Sample> {
  const clock = createStandingClock();
  await using collector = await createCollector({
    ...fixtureRoots(name),
    source: 'procfs',
    clock,
    ...options,
  });
  const sample = await collector.sample();
  sample.processes?.sort((a, b) => a.pid - b.pid);
  return sample;
}

function healthOf(sample: Sample, name: string): Sample['health'][number] | undefined {
  return sample.health.find((entry) => entry.name === name);
}

describe('createCollector() over a fixture tree', () => {
  it('gives the golden sample on a modern kernel', async () => {
    const sample = await sampleFixture('modern');
    await expect(`${JSON.stringify(sample, null, 2)}\n`).toMatchFileSnapshot(
      '../../golden/collect/modern.json',
    );
  });

  it('lists neither kernel threads nor zombies nor a vanished process, and calls that a success', async () => {
    const sample = await sampleFixture('modern');
    expect(sample.processes?.map((row) => row.pid)).toEqual([1, 101, 202, 303]);
    expect(sample.memory.process_count).toBe(9);
    expect(healthOf(sample, 'processes')).toMatchObject({ success: 1, lastError: null });
  });

  it('gives private memory to the largest processes only', async () => {
    const sample = await sampleFixture('modern', { smapsTop: 1 });
    expect(sample.processes?.filter((row) => row.private_kib !== null).map((row) => row.name)).toEqual([
      'postgres',
    ]);
  });

  it('reports absent pressure as data and finds the version 1 cgroup on an old kernel', async () => {
    const sample = await sampleFixture('legacy');
    expect(sample.memory).toMatchObject({
      mem_available_kib: 9194520,
      psi_memory_some_us: null,
      cgroup_usage_bytes: 104857600,
      cgroup_limit_bytes: null,
      cgroup_oom_kill: 1,
      own_refault_file: null,
      own_refault_anon: null,
    });
    expect(healthOf(sample, 'pressure')).toMatchObject({ success: 0 });
    expect(healthOf(sample, 'pressure')?.lastError).toContain('ENOENT');
    expect(healthOf(sample, 'cgroup')).toMatchObject({ success: 1 });
  });

  it('reports garbage as data and keeps everything that is sound', async () => {
    const sample = await sampleFixture('garbage');
    expect(sample.memory).toMatchObject({ mem_total_kib: 16284516, pswpin: null, cgroup_usage_bytes: null });
    expect(sample.processes?.map((row) => row.name)).toEqual(['good']);
    const failed = sample.health.filter((entry) => entry.success === 0).map((entry) => entry.name);
    expect(failed).toEqual(['vmstat', 'pressure', 'cgroup', 'processes']);
    expect(healthOf(sample, 'processes')?.lastError).toContain('process 7');
  });

  it('rejects with the health of every part when there is no memory total', async () => {
    await expect(sampleFixture('no-memory')).rejects.toMatchObject({
      code: 'ERR_COLLECT_NO_MEMORY',
      details: { health: expect.arrayContaining([expect.objectContaining({ name: 'meminfo', success: 0 })]) },
    });
  });

  it.each([{ processIntervalMs: -1 }, { processIntervalMs: Number.NaN }, { smapsTop: 1.5 }])(
    'refuses %o',
    async (options) => {
      await expect(createCollector(options)).rejects.toMatchObject({ code: 'ERR_COLLECT_OPTION' });
    },
  );

  it('scans processes when due and carries the largest size and the count between', async () => {
    const clock = createStandingClock();
    await using collector = await createCollector({
      ...fixtureRoots('modern'),
      source: 'procfs',
      clock,
      processIntervalMs: 1000,
    });
    expect((await collector.sample()).processes).toHaveLength(4);
    clock.monotonic += 500;
    const between = await collector.sample();
    expect(between.processes).toBeNull();
    expect(between.memory).toMatchObject({ process_count: 9, top_process_rss_kib: 1608400 });
    expect(healthOf(between, 'processes')).toMatchObject({ success: 1 });
    clock.monotonic += 499; // a timer 1 ms early must not put the scan off by a whole tick
    expect((await collector.sample()).processes).toHaveLength(4);
  });
});

describe('createProcessScanner()', () => {
  const options = {
    ...fixtureRoots('modern'),
    constants: { pageKib: 4, tickMs: 10 },
    smapsTop: 5,
    clock: systemClock,
  };

  it('leaves io and smaps null without asking again when they are denied', async () => {
    const real = createProcReader(0);
    const asked: string[] = [];
    const denied = (path: string): boolean => /202\/(io|smaps_rollup)$/.test(path);
    const reader: ProcReader = {
      ...real,
      read(path) {
        if (!denied(path)) return real.read(path);
        asked.push(path);
        throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
      },
    };
    const scanner = createProcessScanner({ ...options, reader });
    const book = createNoteBook();
    await scanner.scan({ timestampMs: 1, monotonicMs: 1 }, book);
    const { rows } = await scanner.scan({ timestampMs: 2, monotonicMs: 2 }, book);
    const row = rows.find((candidate) => candidate.pid === 202);
    expect(row).toMatchObject({ rss_kib: 1608400, io_read_bytes: null, private_kib: null });
    expect(book).toMatchObject({ noted: [], failures: [] });
    expect(asked.filter((path) => path.endsWith('io'))).toHaveLength(1);
  });

  it('asks a process whose smaps_rollup is dear less often and keeps its last value meanwhile', async () => {
    const clock = createStandingClock();
    const real = createProcReader(0);
    let reads = 0;
    const reader: ProcReader = {
      ...real,
      read(path) {
        if (path.endsWith('202/smaps_rollup')) {
          reads++;
          clock.monotonic += 20;
        }
        return real.read(path);
      },
    };
    const scanner = createProcessScanner({ ...options, reader, clock });
    for (let second = 0; second < 41; second++) {
      const { rows } = await scanner.scan({ timestampMs: 1, monotonicMs: clock.monotonic }, createNoteBook());
      expect(rows.find((row) => row.pid === 202)?.private_kib).toBe(802528);
      clock.monotonic += 1000;
    }
    expect(reads).toBe(3);
  });
});

describe('createProcReader()', () => {
  it('reads a kept file anew from its path when the kept one is gone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ruvector-collect-'));
    const reader = createProcReader(1);
    try {
      const path = join(folder, 'file');
      await writeFile(path, 'one');
      expect(Buffer.from(reader.read(path)).toString()).toBe('one');
      await writeFile(path, 'three');
      expect(Buffer.from(reader.read(path)).toString()).toBe('three');
      reader.sweep();
      reader.sweep();
      await rm(path);
      expect(() => reader.read(path)).toThrow('ENOENT');
    } finally {
      reader.close();
      await rm(folder, { recursive: true });
    }
  });
});

describe('readProcessSample()', () => {
  const { procRoot } = fixtureRoots('modern');

  it('gives one process of the tree', () => {
    expect(readProcessSample(202, { procRoot })).toEqual({
      pid: 202,
      name: 'postgres',
      state: 'S',
      minorFaults: 891234,
      majorFaults: 1203,
      threads: 6,
      startTimeTicks: 9120,
      rssKib: 1608400,
      sharedKib: 804000,
      cpuTimeMs: 1506850,
    });
  });

  it('gives null for a process that is gone', () => {
    expect(readProcessSample(404, { procRoot })).toBeNull();
  });
});
