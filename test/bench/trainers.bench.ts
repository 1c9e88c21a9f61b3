// Trainers on the data set of this repository: how far ONNX is from the framework in Node (train.parity), how long it takes
// from the return of a fit until the model is live (loop.live), and what our fit costs beside the framework's own loop
// (train.overhead).
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BenchCase, BenchTopic } from './harness.ts';
import { python } from '../support/python.ts';
import { runTrainerMatrix } from '../support/train/trainer-matrix.ts';
import type { MatrixTrainer } from '../support/train/trainer-matrix.ts';

const root = join(import.meta.dirname, '../..');
const TOLERANCE = 1e-5;
const MOST_LIVE_MS = 1000;
const MOST_OVERHEAD = 1.05;

const named = (names: readonly string[], prefix = ''): MatrixTrainer[] =>
  names.map((name) => ({ name: prefix + name }));

/** With the defaults of the product. Each framework is imported by its first. */
const trainers: readonly MatrixTrainer[] = [
  ...named(
    [
      'RandomForestClassifier',
      'ExtraTreesClassifier',
      'GradientBoostingClassifier',
      'HistGradientBoostingClassifier',
      'LogisticRegression',
      'SVC',
      'KNeighborsClassifier',
      'GaussianNB',
      'MLPClassifier',
      'VotingClassifier',
      'StackingClassifier',
      'CalibratedClassifierCV',
      'IsolationForest',
      'LocalOutlierFactor',
      'HistGradientBoostingRegressor',
      'RandomForestRegressor',
    ],
    'sklearn.',
  ),
  ...named([
    'lightgbm.LGBMClassifier',
    'lightgbm.LGBMRegressor',
    'xgboost.XGBClassifier',
    'xgboost.XGBRegressor',
  ]),
  ...named(['torch.MLP', 'torch.MLPRegressor', 'keras.MLP']).map((each) => ({
    ...each,
    parameters: { max_epochs: 5 },
  })),
  ...named(['torch.GRU', 'torch.TCN']).map((each) => ({
    ...each,
    parameters: { max_epochs: 2 },
    window: true,
  })),
];

/** The same on what the host has captured by then. */
const onCapture: readonly MatrixTrainer[] = trainers.map((each) => ({ ...each, isFresh: true }));

async function* matrixCases(): AsyncGenerator<BenchCase> {
  await using matrix = await runTrainerMatrix([...trainers, ...onCapture]);
  const common = { better: 'lower', anchor: null, runs: 1, warmup: false } as const;
  for (const { name, isFresh = false } of [...trainers, ...onCapture]) {
    const line = matrix.lines.find((each) => each.name === name && each.isFresh === isFresh);
    if (!line || line.error !== undefined)
      throw new Error(`Cannot fit ${name}: ${line?.error ?? matrix.log}`);
    const on = isFresh ? `${name}, on a fresh capture` : name;
    yield {
      ...common,
      bench: 'train.parity',
      case: on,
      unit: '|Δ| / (1 + |y|)',
      anchorName: `the framework, ${line.rows} rows; in Python ${line.maxDifference.toPrecision(2)}`,
      ours: () => matrix.compareInNode(line),
      goal: (difference) => difference <= TOLERANCE && line.maxDifference <= TOLERANCE,
    };
    yield {
      ...common,
      bench: 'loop.live',
      case: on,
      unit: 'ms',
      anchorName: `none: export and parity ${line.exportMs.toFixed(0)} ms, verified and live ${line.deployMs.toFixed(0)} ms`,
      ours: () => Promise.resolve(line.exportMs + line.deployMs),
      goal: (ms) => ms <= MOST_LIVE_MS,
    };
  }
}

async function* overheadCases(): AsyncGenerator<BenchCase> {
  const { stdout } = await promisify(execFile)(
    python,
    [join(import.meta.dirname, 'trainers-peer.py'), join(root, 'datasets/memory-pressure-1hz')],
    { env: { ...process.env, OMP_NUM_THREADS: '1', KERAS_BACKEND: 'torch' } },
  );
  for (const text of stdout.trim().split('\n')) {
    const { name, ours, theirs } = JSON.parse(text) as { name: string; ours: number; theirs: number };
    yield {
      bench: 'train.overhead',
      case: name,
      unit: 's of CPU',
      better: 'lower',
      anchorName: "the framework's own loop",
      ours: () => Promise.resolve(ours),
      anchor: () => Promise.resolve(theirs),
      goal: (_, ratio) => ratio! >= 1 / MOST_OVERHEAD,
      runs: 1,
      warmup: false,
    };
  }
}

export const topics: readonly BenchTopic[] = [
  { name: 'train.parity', cases: matrixCases },
  { name: 'train.overhead', cases: overheadCases },
];
