// Trainings of a running host that cannot end well: no memory, numbers that run away, labels that are missing, a fit that
// hears no signal. Each gives the caller a code and the next step, leaves no process, and the host goes on.
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPressureCgroup } from '../../../src/app/demo/pressure-cgroup.ts';
import { buildConfig } from '../../../src/app/host/config.ts';
import { openHost } from '../../../src/app/host/host.ts';
import type { Host } from '../../../src/app/host/host-types.ts';
import { connectDaemon } from '../../../src/bridge/index.ts';
import type { BridgeClient } from '../../../src/bridge/index.ts';
import type { TrainingAnswer } from '../../../src/client/index.ts';
import type { MemorySnapshot } from '../../../src/core/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import type { TrainProgress } from '../../../src/train/index.ts';
import { createTestHome } from '../../support/daemon.ts';
import { pressuredSnapshots, snapshots } from '../../support/memory-rows.ts';
import { listChildren } from '../../support/train/children.ts';
import { until } from '../../support/until.ts';

const INTERVAL_MS = 50;
const ROWS = 800;
const CRITICAL = 3;
const available = (row: MemorySnapshot, leastKib: number): MemorySnapshot => ({
  ...row,
  mem_available_kib: Math.max(row.mem_available_kib, leastKib),
});

/** Histories of 40 s, an hour apart. */
const histories = {
  pressed: pressuredSnapshots(ROWS, 200, INTERVAL_MS),
  calm: snapshots(ROWS, (row) => ({ mem_available_kib: 8_000_000 + ((row * 7919) % 1000) }), INTERVAL_MS),
  // Memory is nearly used up in the newest quarter only, which is tested on.
  late: pressuredSnapshots(ROWS, 200, INTERVAL_MS).map((row, at) =>
    available(row, at < 0.74 * ROWS ? 3_200_000 : 0),
  ),
};
type HistoryName = keyof typeof histories;
const names = Object.keys(histories) as HistoryName[];
const nowMs = Date.now();
const startOf = (name: HistoryName): number => nowMs - (names.length - names.indexOf(name)) * 3_600_000;

let home: Awaited<ReturnType<typeof createTestHome>>;
let host: Host;
let client: BridgeClient;
let running: Promise<void>;
const stop = new AbortController();

beforeAll(async () => {
  home = await createTestHome();
  {
    await using history = await openHistory(home.history);
    for (const name of names) {
      const rows = histories[name];
      const shiftMs = startOf(name) - rows[0]!.timestamp;
      history.append(
        'memory',
        rows.map((row) => ({ ...row, timestamp: row.timestamp + shiftMs })),
      );
    }
  }
  host = await openHost(home, buildConfig({ hz: 20, horizonMs: 1000, processIntervalMs: 60_000 }));
  running = host.run(stop.signal);
  client = await connectDaemon(home.bridgeFile);
});

afterAll(async () => {
  await client.close();
  stop.abort();
  await running;
  await host.close();
  await home[Symbol.asyncDispose]();
});

interface Asked {
  readonly on?: HistoryName;
  readonly estimator: string;
  readonly task?: string;
  readonly parameters?: object;
}

const trainers = (): number[] => listChildren('ruvector.trainer');

async function train(
  { on = 'pressed', ...job }: Asked,
  watch: { signal?: AbortSignal; onProgress?: (progress: TrainProgress) => void } = {},
): Promise<TrainingAnswer> {
  const from = startOf(on);
  const dataset = { horizon_ms: 1000, from_ms: from, to_ms: from + 60_000, test_fraction: 0.25 };
  const { signal, onProgress } = watch;
  const { result } = await client.request(
    'train',
    { ...job, dataset },
    {
      ...(signal && { signal }),
      ...(onProgress && { onProgress: (step) => onProgress(step as TrainProgress) }),
    },
  );
  return result as TrainingAnswer;
}

/** It is refused, its process is gone, and the host does what it did before. */
async function expectRefused(asked: Asked, wanted: object): Promise<void> {
  const { live } = host.status().model;
  await expect(train(asked)).rejects.toMatchObject(wanted);
  await until(() => trainers().length === 0, 'the trainer was gone');
  expect(host.status().model.live).toBe(live);
  const { samples } = host.counters;
  await until(() => host.counters.samples > samples, 'the host went on sampling');
}

/** A layer of so many numbers is made at once. */
const layers = (bytes: number): number[] => [
  Math.ceil(Math.sqrt(bytes / 8)),
  Math.ceil(Math.sqrt(bytes / 8)),
];

it('train says ERR_TRAIN_MEMORY and what to do when a fit wants more than the trainer may take', () =>
  expectRefused(
    { estimator: 'sklearn.MLPClassifier', parameters: { hidden_layer_sizes: layers(4 * totalmem()) } },
    {
      code: 'ERR_TRAIN_MEMORY',
      message: expect.stringMatching(
        /more memory than the \d+ MiB it may take.*train on fewer rows, or with smaller/,
      ),
    },
  ));

const cgroup = createPressureCgroup(400 * 2 ** 20);
afterAll(() => cgroup?.remove());

it.skipIf(cgroup === null)(
  'train says ERR_TRAIN_MEMORY when the kernel ends the trainer for want of memory',
  async () => {
    host.training.prewarm();
    await until(() => trainers().length === 1, 'a trainer waited');
    // What it takes from here on counts against the limit.
    cgroup!.add(trainers()[0]!);
    await expectRefused(
      { estimator: 'sklearn.MLPClassifier', parameters: { hidden_layer_sizes: layers(2 ** 30) } },
      {
        code: 'ERR_TRAIN_MEMORY',
        message: expect.stringContaining('train on fewer rows, or with smaller parameters'),
        details: { exitSignal: 'SIGKILL' },
      },
    );
  },
);

it('train says ERR_TRAIN_DIVERGED and what to do when the loss is no number any more', () =>
  expectRefused(
    {
      estimator: 'sklearn.MLPClassifier',
      parameters: { solver: 'sgd', learning_rate_init: 1e30, early_stopping: false },
    },
    {
      code: 'ERR_TRAINER_FAILED',
      message: expect.stringMatching(/lower the learning rate/),
      details: { trainerCode: 'ERR_TRAIN_DIVERGED' },
    },
  ));

it('train says ERR_PREPARE_ONE_CLASS and what to do on a history of one label', () =>
  expectRefused(
    { on: 'calm', estimator: 'sklearn.GaussianNB' },
    {
      message: expect.stringMatching(/NoActionNeeded.*collect/s),
      details: { trainerCode: 'ERR_PREPARE_ONE_CLASS' },
    },
  ));

it('train learns what is odd, and deploys it, on a history of one label', async () => {
  const job = { on: 'calm', estimator: 'sklearn.IsolationForest', parameters: { n_estimators: 5 } } as const;
  const { deployment, manifest } = await train(job);
  expect(manifest.metrics).toMatchObject({
    comparison: { better: null, sentence: expect.stringContaining('collect') },
  });
  expect(deployment).toMatchObject({ name: 'memopt-anomaly', reason: expect.stringMatching(/./) });
});

it('train leaves out a label that the training part lacks, and counts its test rows as missed', async () => {
  const { manifest } = await train({
    on: 'late',
    estimator: 'sklearn.RandomForestClassifier',
    parameters: { n_estimators: 5 },
  });
  expect(manifest.classes).not.toContain(CRITICAL);
  const { perClass } = manifest.metrics as {
    perClass: readonly { label: string; recall: number; support: number }[];
  };
  expect(perClass[CRITICAL]).toMatchObject({ label: 'Critical', recall: 0 });
  expect(perClass[CRITICAL]!.support).toBeGreaterThan(0);
});

/** Hundredths of a second that a process computed. */
function readTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

it.each([
  // One call of libsvm that goes on for hours, and a forest that joblib spreads over threads.
  { estimator: 'sklearn.SVC', parameters: { C: 1e12, tol: 1e-300, kernel: 'poly', degree: 9 } },
  { estimator: 'sklearn.RandomForestClassifier', parameters: { n_estimators: 1_000_000, max_depth: null } },
])('train ends within a second of a cancel in the middle of a fit of $estimator', async (asked) => {
  const cancel = new AbortController();
  const { promise: fits, resolve } = Promise.withResolvers<void>();
  const training = train(asked, {
    signal: cancel.signal,
    onProgress: ({ stage }) => stage === 'fit' && resolve(),
  });
  training.catch(() => {});
  await Promise.race([fits, training]);
  const [pid] = trainers() as [number];
  const begun = readTicks(pid);
  await until(() => readTicks(pid) > begun + 50, 'it had fitted for half a second');
  const startedMs = performance.now();
  cancel.abort();
  await expect(training).rejects.toBeDefined();
  await until(() => trainers().length === 0 && !host.training.state().running, 'the training was over');
  // Half a second until SIGKILL, and what a busy machine takes to get round to it.
  expect(performance.now() - startedMs).toBeLessThan(5000);
  expect(host.training.state().lastError).toMatch(/it was cancelled; start it again/);
});
