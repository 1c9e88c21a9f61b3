// The trainer without Python on a real bridge: a process of Node that streams, trains with tf.js, exports and deploys.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { labels } from '../../../src/core/index.ts';
import type { TrainProgress } from '../../../src/train/index.ts';
import { runTfjsTrainer } from '../../../src/train/tfjs/index.ts';
import { featureNames, startTrainBridge } from '../../support/train/train-bridge.ts';
import type { TrainBridge } from '../../support/train/train-bridge.ts';
import { listChildren } from '../../support/train/children.ts';
import { until } from '../../support/until.ts';

let bridge: TrainBridge;

beforeAll(async () => {
  bridge = await startTrainBridge();
});
afterAll(() => bridge[Symbol.asyncDispose]());

it('runTfjsTrainer() trains, proves and deploys a network, and says where it is', async () => {
  const seen: TrainProgress[] = [];
  const result = await runTfjsTrainer({
    bridgeFile: bridge.bridgeFile,
    job: { name: 'network', layers: [{ type: 'dense', units: 16, activation: 'relu' }], epochs: 30, seed: 3 },
    onProgress: (progress) => seen.push(progress),
  });
  const stages = seen.map(({ stage }) => stage);
  expect([...new Set(stages)]).toEqual(['stream', 'fit', 'export', 'deploy', 'done']);
  const fractions = seen.map(({ fraction }) => fraction);
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  const epochs = seen.filter(({ stage }) => stage === 'fit');
  expect(epochs.at(-1)).toMatchObject({ step: 30, of: 30, etaSeconds: 0, metrics: { accuracy: expect.any(Number) } });
  const arrived = bridge.arrived.at(-1)!;
  expect(result.deployment).toMatchObject({ name: 'network', version: arrived.version, isLive: true });
  expect(result.manifest.features.map(({ name }) => name)).toEqual([...featureNames]);
  expect(result.manifest.trainer).toMatchObject({
    estimator: 'tfjs.Sequential',
    parameters: { epochsRun: 30, engine: expect.stringMatching(/native|wasm/), why: expect.any(String) },
  });
  expect(result.manifest.parity.labelMismatches).toBe(0);
  const { baseline, macroF1 } = result.manifest.metrics as { macroF1: number; baseline: { majority: { macroF1: number } } };
  expect(macroF1).toBeGreaterThan(baseline.majority.macroF1);
  expect(Object.keys(result.classCounts)).toEqual([...labels]);
  expect(result.timings.fitReturnedMonotonicNs).toBeLessThan(Number(process.hrtime.bigint()));
});

it('runTfjsTrainer() refuses before a process is started what it cannot train', async () => {
  const train = (job: object): Promise<unknown> =>
    runTfjsTrainer({ bridgeFile: bridge.bridgeFile, job: { name: 'network', ...job } });
  await expect(train({ layers: [{ type: 'lstm', units: 3 }] })).rejects.toMatchObject({
    code: 'ERR_TRAIN_LAYERS',
    message: expect.stringContaining('layer 1 is "lstm"'),
  });
  await expect(train({ task: 'forecast', epochs: 0 })).rejects.toMatchObject({ code: 'ERR_TRAIN_OPTIONS' });
  expect(listChildren('trainer-worker')).toEqual([]);
});

it('runTfjsTrainer() tells shapes that do not fit by the code of the trainer', async () => {
  const job = { name: 'network', layers: [{ type: 'conv1d', filters: 4, kernelSize: 2 }] };
  await expect(runTfjsTrainer({ bridgeFile: bridge.bridgeFile, job })).rejects.toMatchObject({
    code: 'ERR_TRAINER_FAILED',
    message: expect.stringContaining('layer 1 "conv1d_1" (conv1d) takes [steps, channels] and gets [4]'),
    details: { trainerCode: 'ERR_TRAIN_LAYERS' },
  });
});

it('runTfjsTrainer() ends within a second when it is cancelled, in the middle of a fit', async () => {
  const stop = new AbortController();
  const seen: TrainProgress[] = [];
  const running = runTfjsTrainer({
    bridgeFile: bridge.bridgeFile,
    job: { name: 'network', layers: [{ type: 'dense', units: 256 }], epochs: 1_000_000 },
    signal: stop.signal,
    onProgress: (progress) => seen.push(progress),
  });
  running.catch(() => {});
  await until(() => seen.some(({ stage }) => stage === 'fit'), 'it fits');
  const abortedMs = performance.now();
  stop.abort(new Error('enough'));
  await expect(running).rejects.toMatchObject({ code: 'ERR_TRAIN_CANCELLED' });
  expect(performance.now() - abortedMs).toBeLessThan(1000);
  expect(listChildren('trainer-worker')).toEqual([]);
});
