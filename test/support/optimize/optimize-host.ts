// A host in memory for unit tests of the optimizer, and the real one's snapshot for integration tests.
import { readFile } from 'node:fs/promises';
import { labels, memoryKind } from '../../../src/core/index.ts';
import type { Label, MemorySnapshot, Prediction, Predictor } from '../../../src/core/index.ts';
import type {
  DecisionInput,
  HostReaders,
  MemoryCgroup,
  Outcome,
  ReclaimBackend,
  TargetPlan,
  WhetherPolicy,
} from '../../../src/optimize/index.ts';
import { buildReclaimBackend } from '../../../src/optimize/reclaim-backend.ts';
import { FakeMemory } from './fake-memory.ts';

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

/** A host in memory: one process, pid 42, with 64 MiB of clean file pages unless told otherwise; no swap. */
export function buildReaders(
  overrides: Partial<HostReaders> = {},
  memory = new FakeMemory([{ start: 0x10000000, mib: 64, inode: 7 }]),
): HostReaders {
  return {
    pageSizeBytes: 4096,
    readLevels: () => Promise.resolve({ freeKib: 1000, memAvailableKib: 2000, cachedKib: 100_000 }),
    readBackend: () => Promise.resolve(buildReclaimBackend([], false)),
    readCompressedStore: () => Promise.resolve(null),
    listPids: () => Promise.resolve([1, 42]),
    readStat: (pid) => Promise.resolve(pid === 42 ? buildStat(42) : null),
    readFilePages: () => Promise.resolve(16_384),
    readUid: () => Promise.resolve(1000),
    readMappings: memory.readMappings,
    readFileSystems: () => Promise.resolve(new Map([['08:01', 'ext4']])),
    openPagemap: memory.openPagemap,
    openPageCache: memory.openPageCache,
    readCgroup: () => Promise.resolve(null),
    listMembers: () => Promise.resolve(null),
    readMemoryCgroups: () => Promise.resolve([]),
    readCgroupFolder: () => Promise.resolve([]),
    ...overrides,
  };
}

/** A plan for process 42; nothing in it but what is given. */
export function buildPlan(fields: Partial<TargetPlan> = {}): TargetPlan {
  return {
    target: { kind: 'process', pid: 42, startTimeTicks: 500, name: 'worker', uid: 1000 },
    actuator: 'process_madvise',
    budgetBytes: fields.bytes ?? 0,
    regions: [],
    bytes: 0,
    bytesByKind: {},
    watchBytes: 0,
    left: {},
    evidence: {
      who: 'host',
      label: 'Critical',
      reason: 'as the test says',
      freesBytes: fields.bytes ?? 0,
      mayCostUs: 0,
    },
    ...fields,
  };
}

/** An outcome of an action that did nothing but what is given. */
export function buildOutcome(fields: Partial<Outcome> = {}): Outcome {
  return {
    beforeFreeKib: 1000,
    afterFreeKib: 1000,
    beforeAvailableKib: 2000,
    afterAvailableKib: 2000,
    freedKib: 0,
    takenKib: 0,
    returnedKib: 0,
    compressedKib: 0,
    hostFreedKib: null,
    hostNoiseKib: null,
    driftKib: null,
    driftWindows: 0,
    majorFaults: 0,
    stallUs: 0,
    ownRssKib: 50_000,
    windowMs: 5000,
    error: null,
    ...fields,
  };
}

/** A cgroup with a limit, half used, that never waited. */
export function buildGroup(fields: Partial<MemoryCgroup> = {}): MemoryCgroup {
  return {
    path: '/sys/fs/cgroup/app',
    limitBytes: 1000 * MIB,
    usageBytes: 500 * MIB,
    fileBytes: 0,
    majorFaults: 0,
    refaults: 0,
    someUs: null,
    fullUs: null,
    ...fields,
  };
}

/** zram as the only swap, which holds `originalBytes` in `usedBytes`. */
export function zramBackend(originalBytes = 0, usedBytes = 0): ReclaimBackend {
  const zram = { path: '/dev/zram0', type: 'partition', sizeKib: 1 << 20, usedKib: 0, priority: 100 };
  return buildReclaimBackend([zram], false, { originalBytes, usedBytes });
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
