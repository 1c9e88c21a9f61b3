// Every trainer on one real data set: fitted, exported, deployed to a running host, where it decides or answers beside the
// decision. Python holds ONNX against the framework, Node against what Python wrote. One Python process fits them all.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { buildConfig } from '../../../src/app/host/config.ts';
import type { Host } from '../../../src/app/host/host-types.ts';
import { openHost } from '../../../src/app/host/host.ts';
import type { ModelManifest } from '../../../src/models/index.ts';
import { createSession } from '../../../src/models/session.ts';
import { featureSpecSha256, withWindow } from '../../../src/prepare/index.ts';
import { findPython } from '../../../src/train/index.ts';
import { createTestHome } from '../../support/daemon.ts';

/** Small settings: what is looked at is the way, not the score. */
const trainers = [
  { name: 'sklearn.RandomForestClassifier', parameters: { n_estimators: 10 } },
  { name: 'sklearn.LogisticRegression' },
  { name: 'sklearn.HistGradientBoostingClassifier', parameters: { max_iter: 10 } },
  { name: 'sklearn.IsolationForest', parameters: { n_estimators: 20 } },
  { name: 'sklearn.HistGradientBoostingRegressor', parameters: { max_iter: 10 } },
  { name: 'lightgbm.LGBMClassifier', parameters: { n_estimators: 10 } },
  { name: 'xgboost.XGBClassifier', parameters: { n_estimators: 10 } },
  { name: 'torch.MLP', parameters: { max_epochs: 2 } },
  { name: 'torch.GRU', parameters: { max_epochs: 1 }, window: true },
  { name: 'keras.MLP', parameters: { max_epochs: 1 } },
];
const window = { steps: 4, everyMs: 1000 };
const root = join(import.meta.dirname, '../../..');
const TOLERANCE = 1e-5;

/** A line of the script. */
interface Line {
  readonly name: string;
  readonly error?: string;
  readonly rows: number;
  readonly maxDifference: number;
  readonly version: string;
  readonly isLive: boolean;
  readonly manifest: ModelManifest;
}

let home: Awaited<ReturnType<typeof createTestHome>>;
let host: Host;
let folder: string;
const stop = new AbortController();
const lines = new Map<string, Line>();
let log = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ruvector-matrix-'));
  home = await createTestHome();
  host = await openHost(home, buildConfig({ hz: 20, processIntervalMs: 60_000 }));
  const sampling = host.run(stop.signal);
  stop.signal.addEventListener('abort', () => void sampling, { once: true });
  await vi.waitFor(() => expect(host.latest?.features).toBeTruthy(), { timeout: 60_000, interval: 50 });
  const { names } = host.spec;
  const asked = {
    root: join(root, 'datasets/memory-pressure-1hz'),
    folder,
    bridgeFile: home.bridgeFile,
    host: {
      featureNames: names,
      sha256: featureSpecSha256(host.spec),
      windowSha256: featureSpecSha256(withWindow(host.spec, window)),
    },
    trainers,
  };
  const script = join(root, 'test/support/train/trainer-matrix.py');
  const child = spawn(await findPython(), [script, JSON.stringify(asked)], {
    env: { ...process.env, OMP_NUM_THREADS: '1', KERAS_BACKEND: 'torch', TORCHDYNAMO_DISABLE: '1' },
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  for await (const line of createInterface({ input: child.stdout })) {
    const found = JSON.parse(line) as Line;
    lines.set(found.name, found);
  }
}, 180_000);

afterAll(async () => {
  stop.abort();
  await host.close();
  await home[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

it.each(trainers)(
  'fit() and deploy() bring $name to a running host, where it answers as it does in Python',
  async ({ name }) => {
    const line = lines.get(name);
    expect(line, log).toBeDefined();
    expect(line!.error).toBeUndefined();
    expect(line).toMatchObject({ isLive: true, rows: 2048 });
    expect(line!.maxDifference).toBeLessThanOrEqual(TOLERANCE);
    const { manifest, version, rows } = line!;
    expect(await compareInNode(name, manifest, rows)).toBeLessThanOrEqual(TOLERANCE);
    await vi.waitFor(() => expect(host.firstDecisionMs(`${manifest.name}@${version}`)).toBeGreaterThan(0));
  },
);

it('status() shows what the detector and the forecast say of the newest sample, beside the decision', () => {
  const { tasks, model } = host.status();
  expect(tasks.anomaly).toMatchObject({
    failures: 0,
    answer: { task: 'anomaly', modelVersion: tasks.anomaly.live },
  });
  expect(tasks.forecast).toMatchObject({ failures: 0, answer: { task: 'forecast', horizonMs: 5000 } });
  expect(model.live).toMatch(/^memopt@/);
});

/** The largest difference of what Node answers to what the framework does, absolute and relative. */
async function compareInNode(name: string, manifest: ModelManifest, rows: number): Promise<number> {
  const read = (kind: string): Promise<Buffer> => readFile(join(folder, `${name}.${kind}`));
  const floats = async (kind: string): Promise<Float32Array> => {
    const bytes = await read(kind);
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  };
  const session = createSession(await read('onnx'), manifest);
  const expected = await floats('y');
  const { values } = session.run(await floats('x'), rows);
  session.release();
  expect(values).toHaveLength(expected.length);
  return Math.max(...values.map((value, i) => Math.abs(value - expected[i]!) / (1 + Math.abs(expected[i]!))));
}
