// A host in memory for unit tests of the optimizer, and the real one's snapshot for integration tests.
import { readFile } from 'node:fs/promises';
import { labels, memoryKind } from '../../src/core/index.ts';
import type { Label, MemorySnapshot, Prediction, Predictor } from '../../src/core/index.ts';
import type { DecisionInput, HostReaders, WhetherPolicy } from '../../src/optimize/index.ts';
import { parseSmaps } from '../../src/optimize/mappings.ts';
import type { Mapping } from '../../src/optimize/mappings.ts';
import { buildReclaimBackend } from '../../src/optimize/reclaim-backend.ts';

const MIB = 2 ** 20;

/** A snapshot with everything null but what is given. */
export function buildSnapshot(fields: Partial<MemorySnapshot>): MemorySnapshot {
  const empty = Object.fromEntries(memoryKind.fields.map(({ name }) => [name, null]));
  const required = { timestamp: 0, mem_total_kib: 8 * MIB, mem_available_kib: 4 * MIB, process_count: 10 };
  return { ...empty, ...required, ...fields } as MemorySnapshot;
}

/** An input of the optimizer over a snapshot. */
export function buildInput(fields: Partial<MemorySnapshot>): DecisionInput {
  return { snapshot: buildSnapshot(fields), features: Float32Array.of(1, 2), featureNames: ['a', 'b'] };
}

/** What the optimizer needs of the real host's counters. */
export async function readSnapshot(): Promise<MemorySnapshot> {
  const text = await readFile('/proc/meminfo', 'utf8');
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)![1]);
  return buildSnapshot({
    timestamp: Date.now(),
    mem_total_kib: kib('MemTotal'),
    mem_free_kib: kib('MemFree'),
    mem_available_kib: kib('MemAvailable'),
  });
}

/** A policy that always says the same. */
export function alwaysWhether(label: Label): WhetherPolicy {
  return {
    decide: () =>
      Promise.resolve({
        label,
        probabilities: null,
        source: 'rule',
        modelVersion: null,
        reason: 'as the test says',
      }),
  };
}

/** A model under the test's control. */
export function buildPredictor(
  predict: () => Promise<Prediction>,
  liveVersion: string | null = 'm@1',
): Predictor & { asked: number } {
  const predictor = {
    liveVersion,
    asked: 0,
    predict: () => {
      predictor.asked++;
      return predict();
    },
  };
  return predictor;
}

/** An answer that is sure of its label. */
export function buildPrediction(label: Label): Prediction {
  const probabilities = new Float32Array(labels.length);
  probabilities[labels.indexOf(label)] = 1;
  return { label, probabilities, modelVersion: 'm@1' };
}

/** One mapping of smaps text. Sizes in KiB. */
export function smapsEntry(
  header: string,
  sizes: Readonly<Record<string, number>>,
  flags = 'rd mr mw me',
): string {
  const lines = Object.entries({ KernelPageSize: 4, ...sizes }).map(([name, kib]) => `${name}: ${kib} kB`);
  return [header, ...lines, `VmFlags: ${flags}`, ''].join('\n');
}

/** 64 MiB of clean file pages from address 0x10000000 on. */
export const cleanFile: readonly Mapping[] = parseSmaps(
  smapsEntry('10000000-14000000 r--s 00000000 08:01 7 /srv/data', {
    Rss: 65_536,
    Private_Clean: 65_536,
    Referenced: 65_536,
  }),
);

/** A host in memory: one process, pid 42, 64 MiB of clean file pages, no swap. */
export function buildReaders(overrides: Partial<HostReaders> = {}): HostReaders {
  return {
    pageSizeBytes: 4096,
    readPerCpuFreeKib: () => Promise.resolve(0),
    readLevels: () => Promise.resolve({ freeKib: 1000, memAvailableKib: 2000, swapCachedKib: 0 }),
    readBackend: () => Promise.resolve(buildReclaimBackend([], false)),
    listPids: () => Promise.resolve([1, 42]),
    readStat: (pid) => Promise.resolve(pid === 42 ? buildStat(42) : null),
    readFilePages: () => Promise.resolve(16_384),
    readUid: () => Promise.resolve(1000),
    readMappings: () => Promise.resolve([...cleanFile]),
    readFileSystems: () => Promise.resolve(new Map([['08:01', 'ext4']])),
    readPagemap: (_pid, _start, pages) =>
      Promise.resolve(new BigUint64Array(pages).fill((1n << 63n) | (1n << 56n))),
    readCgroup: () => Promise.resolve(null),
    ...overrides,
  };
}

/** What /proc says of a process. */
export function buildStat(pid: number, fields: Partial<Awaited<ReturnType<HostReaders['readStat']>>> = {}) {
  return {
    pid,
    name: 'worker',
    state: 'S',
    isKernelThread: false,
    minorFaults: 0,
    majorFaults: 0,
    startTimeTicks: 500,
    rssPages: 16_384,
    ...fields,
  };
}
