// Real trainers on a real bridge: streamed by ZeroMQ, fitted by scikit-learn, deployed as ONNX that
// onnxruntime-node replays.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { labels } from '../../../src/core/index.ts';
import { GOLDEN_TOLERANCE, decodeGolden } from '../../../src/models/index.ts';
import type { ManifestDraft } from '../../../src/models/index.ts';
import { checkPython, createTrainerPool, findPython, runTrainer } from '../../../src/train/index.ts';
import type { TrainJob, TrainProgress } from '../../../src/train/index.ts';
import { featureNames, startTrainBridge } from '../../support/train/train-bridge.ts';
import type { ArrivedModel, TrainBridge } from '../../support/train/train-bridge.ts';

let bridge: TrainBridge;
let python: string;

beforeAll(async () => {
  bridge = await startTrainBridge();
  python = await findPython();
});
afterAll(() => bridge[Symbol.asyncDispose]());

const job = (parts: Partial<TrainJob> = {}): TrainJob => ({
  name: 'memory-pressure',
  estimator: 'sklearn.RandomForestClassifier',
  parameters: { n_estimators: 10 },
  ...parts,
});

/** Replays the golden rows of a model in onnxruntime-node, in batches of `size`. */
async function replay({ manifest, model, golden }: ArrivedModel, size: number): Promise<void> {
  const rows = decodeGolden(golden, manifest as unknown as ManifestDraft);
  const width = featureNames.length;
  const classCount = rows.values.length / rows.rows;
  const session = await ort.InferenceSession.create(model);
  for (let start = 0; start < rows.rows; start += size) {
    const end = Math.min(rows.rows, start + size);
    const X = new ort.Tensor('float32', rows.features.slice(start * width, end * width), [
      end - start,
      width,
    ]);
    const answer = await session.run({ X });
    const actual = answer['probabilities']!.data as Float32Array;
    const expected = rows.values.subarray(start * classCount, end * classCount);
    expect(Array.from(answer['label']!.data as BigInt64Array, Number)).toEqual([
      ...rows.labels.subarray(start, end),
    ]);
    const worst = Math.max(
      ...expected.map((value, i) => Math.abs(value - actual[i]!) / (1 + Math.abs(value))),
    );
    expect(worst).toBeLessThanOrEqual(GOLDEN_TOLERANCE);
  }
  await session.release();
}

it('runTrainer() deploys a model that onnxruntime-node answers like scikit-learn', async () => {
  const seen: TrainProgress[] = [];
  const before = bridge.arrived.length;
  const result = await runTrainer({
    python,
    bridgeFile: bridge.bridgeFile,
    job: job(),
    onProgress: (progress) => seen.push(progress),
  });
  // A fit may say more than once how far it is.
  expect([...new Set(seen.map(({ stage }) => stage))]).toEqual(['stream', 'fit', 'export', 'deploy', 'done']);
  expect(bridge.arrived).toHaveLength(before + 1);
  const arrived = bridge.arrived.at(-1)!;
  expect(arrived.activate).toBeUndefined();
  expect(result.deployment).toMatchObject({ name: 'memory-pressure', version: arrived.version });
  expect(result.manifest.features.map(({ name }) => name)).toEqual([...featureNames]);
  expect(result.manifest.parity.labelMismatches).toBe(0);
  const { baseline, macroF1 } = result.manifest.metrics as {
    macroF1: number;
    baseline: Record<string, { macroF1: number }>;
  };
  expect(macroF1).toBeGreaterThan(baseline['majority']!.macroF1);
  expect(Object.keys(result.classCounts)).toEqual([...labels]);
  expect(Object.values(result.classCounts).reduce((sum, count) => sum + count, 0)).toBe(400);
  for (const size of [1, 7, 17, 1000]) await replay(arrived, size);
  const show = await bridge.registry.show(`memory-pressure@${arrived.version}`);
  expect(show.manifest.trainer['estimator']).toBe('sklearn.ensemble.RandomForestClassifier');
});

it('runTrainer() says on the clock of this process when the fit returned', async () => {
  const startedNs = Number(process.hrtime.bigint());
  const { timings } = await runTrainer({
    python,
    bridgeFile: bridge.bridgeFile,
    job: job({ estimator: 'sklearn.LogisticRegression', parameters: { C: 2 }, activate: false }),
  });
  expect(timings.fitReturnedMonotonicNs).toBeGreaterThan(startedNs);
  expect(timings.fitReturnedMonotonicNs).toBeLessThan(Number(process.hrtime.bigint()));
  expect(bridge.arrived.at(-1)).toMatchObject({ activate: false });
});

it('runTrainer() brings the traceback of a parameter that scikit-learn refuses', async () => {
  const before = bridge.arrived.length;
  const failing = runTrainer({
    python,
    bridgeFile: bridge.bridgeFile,
    job: job({ parameters: { n_estimators: -3 } }),
  });
  await expect(failing).rejects.toMatchObject({
    code: 'ERR_TRAINER_FAILED',
    message: expect.stringContaining('n_estimators') as string,
    details: {
      stage: 'fit',
      traceback: expect.stringMatching(/Traceback[^]*InvalidParameterError/) as string,
    },
  });
  expect(bridge.arrived).toHaveLength(before);
});

it("runTrainer() brings the code of ruvector's own exceptions", async () => {
  const failing = runTrainer({ python, bridgeFile: bridge.bridgeFile, job: job({ estimator: 'os.system' }) });
  await expect(failing).rejects.toMatchObject({
    code: 'ERR_TRAINER_FAILED',
    details: { trainerCode: 'ERR_TRAIN_UNKNOWN_ESTIMATOR' },
  });
});

it('runTrainer() says so when no daemon runs, beside a ruvector.py of the working directory too', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ruvector-train-'));
  const before = process.cwd();
  try {
    await writeFile(join(directory, 'ruvector.py'), 'raise SystemExit("shadowed")\n');
    process.chdir(directory);
    const failing = runTrainer({ python, bridgeFile: join(directory, 'bridge.json'), job: job() });
    await expect(failing).rejects.toMatchObject({
      code: 'ERR_TRAINER_FAILED',
      details: { trainerCode: 'ERR_WIRE_NO_DAEMON' },
    });
    const { module } = await checkPython(python, { folder: directory });
    expect(module).toMatchObject({ state: 'shadowed', path: join(directory, 'ruvector.py') });
  } finally {
    process.chdir(before);
    await rm(directory, { recursive: true });
  }
});

it('runTrainer() names the Python that does not start', async () => {
  const failing = runTrainer({ python: '/nowhere/python', bridgeFile: bridge.bridgeFile, job: job() });
  await expect(failing).rejects.toMatchObject({
    code: 'ERR_TRAIN_NO_PYTHON',
    message: expect.stringContaining('"/nowhere/python" does not start') as string,
  });
});

it('findPython() says what each Python lacks and the command that mends it', async () => {
  const env = { PATH: '/nowhere' };
  await expect(findPython({ env, directories: [] })).rejects.toMatchObject({
    code: 'ERR_TRAIN_NO_PYTHON',
    message: expect.stringMatching(/run `npx ruvector-memopt setup python`, or set/) as string,
  });
  await expect(findPython({ env: { RUVECTOR_PYTHON: '/nowhere/python' } })).rejects.toMatchObject({
    details: { tried: ['"/nowhere/python" is not there'] },
  });
});

/** The tests' Python with a folder before its packages, in which another project has our import name. */
async function makeOtherPython(directory: string): Promise<string> {
  await mkdir(join(directory, 'ruvector'));
  await writeFile(join(directory, 'ruvector', '__init__.py'), '"""Vectors."""\n');
  const metadata = join(directory, 'ruvector-0.1.4.dist-info');
  await mkdir(metadata);
  await writeFile(join(metadata, 'METADATA'), 'Metadata-Version: 2.1\nName: ruvector\nVersion: 0.1.4\n');
  await writeFile(join(metadata, 'RECORD'), 'ruvector/__init__.py,,\nruvector-0.1.4.dist-info/METADATA,,\n');
  const wrapper = join(directory, 'python');
  await writeFile(wrapper, `#!/bin/sh\nPYTHONPATH="${directory}" exec "${python}" "$@"\n`, { mode: 0o755 });
  return wrapper;
}

it("findPython() and runTrainer() tell another project's module from ours, and say what to do", async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ruvector-other-'));
  try {
    const other = await makeOtherPython(directory);
    const refused = {
      code: 'ERR_TRAIN_NO_PYTHON',
      message: expect.stringMatching(/another project .*ruvector 0\.1\.4.*pip uninstall ruvector`/) as string,
    };
    await expect(findPython({ env: { RUVECTOR_PYTHON: other } })).rejects.toMatchObject(refused);
    const failing = runTrainer({ python: other, bridgeFile: bridge.bridgeFile, job: job() });
    await expect(failing).rejects.toMatchObject(refused);
  } finally {
    await rm(directory, { recursive: true });
  }
});

it('createTrainerPool() runs a job on the process that was started ahead of time', async () => {
  await using pool = createTrainerPool({ python, bridgeFile: bridge.bridgeFile });
  pool.prewarm();
  pool.prewarm();
  const result = await pool.run(job());
  expect(result.deployment?.version).toBe(bridge.arrived.at(-1)!.version);
});

it('createTrainerPool() ends a process that never got a job and refuses jobs when closed', async () => {
  const pool = createTrainerPool({ python, bridgeFile: bridge.bridgeFile });
  pool.prewarm();
  await pool.close();
  await expect(pool.run(job())).rejects.toMatchObject({ code: 'ERR_TRAIN_CLOSED' });
});
