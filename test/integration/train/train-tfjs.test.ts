// Networks trained in a thread of this process: models of the user's own tf.js, early ends, and what goes wrong.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { decodeGolden } from '../../../src/models/index.ts';
import { trainTfjs } from '../../../src/train/index.ts';
import type { TfjsLayer, TrainProgress } from '../../../src/train/index.ts';
import { loadEngine } from '../../../src/train/tfjs/load-engine.ts';
import { buildLearnableRows } from '../../support/train/learnable-rows.ts';
import { until } from '../../support/until.ts';

// No advice on the terminal about the backend of this thread.
tf.enableProdMode();
const set = buildLearnableRows({ rows: 800 });
const small: readonly TfjsLayer[] = [{ type: 'dense', units: 16, activation: 'relu' }];

describe('trainTfjs()', () => {
  it('trains a model of the user’s own tf.js from the weights it has, and hands the trained one back', async () => {
    const model = tfl.sequential({
      layers: [
        tfl.layers.dense({ units: 16, activation: 'relu', inputShape: [set.featureNames.length] }),
        tfl.layers.batchNormalization(),
        tfl.layers.dense({ units: 3, activation: 'softmax' }),
      ],
    });
    const trained = await trainTfjs(model, set, { epochs: 12, batchSize: 64, name: 'mine' });
    const { manifest, golden } = trained.package;
    expect(manifest).toMatchObject({
      name: 'mine',
      classes: [0, 1, 2],
      trainer: { estimator: 'tfjs.LayersModel' },
    });
    const { macroF1, baseline } = manifest.metrics as {
      macroF1: number;
      baseline: Record<
        'majority' | 'usageThreshold' | 'persistence',
        { macroF1: number; interval: readonly number[] }
      >;
    };
    expect(macroF1).toBeGreaterThan(baseline.majority.macroF1);
    expect(baseline.persistence.interval).toHaveLength(2);
    const cases = decodeGolden(golden, manifest as never).cases;
    expect([...new Set(cases)]).toEqual(['nan', 'extreme', 'random']);
    const again = await tfl.loadLayersModel(tf.io.fromMemory(trained.artifacts));
    expect(again.countParams()).toBe(model.countParams());
  });

  it('names a layer of the user’s model that cannot be exported, before anything is trained', async () => {
    const model = tfl.sequential({
      layers: [
        tfl.layers.dense({ units: 4, inputShape: [set.featureNames.length] }),
        tfl.layers.repeatVector({ n: 2, name: 'twice' }),
      ],
    });
    const seen: TrainProgress[] = [];
    const training = trainTfjs(model, set, { onProgress: (progress) => seen.push(progress) });
    await expect(training).rejects.toMatchObject({
      code: 'ERR_TRAIN_LAYER_EXPORT',
      message: expect.stringContaining('layer "twice" (RepeatVector)'),
    });
    expect(seen).toEqual([]);
  });

  it('stops when the loss of the newest rows gets no better, and keeps the best weights', async () => {
    const options = { epochs: 400, learningRate: 0.3, earlyStopping: 3, seed: 1 };
    const { summary, package: made } = await trainTfjs(small, set, options);
    expect(summary.epochs).toBeLessThan(400);
    expect(made.manifest.trainer.parameters).toMatchObject({ ...options, epochsRun: summary.epochs });
  });

  it('refuses rows that teach nothing, and a fit that diverges', async () => {
    const one = buildLearnableRows({ rows: 200, classes: 1 });
    await expect(trainTfjs(small, one)).rejects.toMatchObject({ code: 'ERR_TRAIN_FEW_CLASSES' });
    const few = buildLearnableRows({ rows: 12 });
    await expect(trainTfjs(small, few)).rejects.toMatchObject({ code: 'ERR_TRAIN_FEW_ROWS' });
    const kernelInitializer = tfl.initializers.constant({ value: 3e38 });
    const huge = tfl.sequential({
      layers: [
        tfl.layers.dense({ units: 4, kernelInitializer, inputShape: [set.featureNames.length] }),
        tfl.layers.dense({ units: 3, kernelInitializer, activation: 'softmax' }),
      ],
    });
    await expect(trainTfjs(huge, set)).rejects.toMatchObject({
      code: 'ERR_TRAIN_DIVERGED',
      message: expect.stringContaining('in epoch 1; lower learningRate (0.003)'),
    });
  });

  it('leaves out a label that the training part lacks, and counts its test rows as missed', async () => {
    const labels = Int8Array.from(set.labels as Int8Array, (label, row) =>
      set.splits[row] === 2 && row % 9 === 0 ? 3 : label,
    );
    const { package: made } = await trainTfjs(small, { ...set, labels }, { epochs: 2 });
    expect(made.manifest.classes).toEqual([0, 1, 2]);
    const { perClass } = made.manifest.metrics as {
      perClass: readonly { label: string; recall: number; support: number }[];
    };
    expect(perClass[3]).toMatchObject({ recall: 0, support: expect.any(Number) });
    expect(perClass[3]!.support).toBeGreaterThan(0);
  });

  it('ends within a second when it is cancelled, and this thread is free meanwhile', async () => {
    const stop = new AbortController();
    const seen: TrainProgress[] = [];
    const options = {
      epochs: 1_000_000,
      signal: stop.signal,
      onProgress: (step: TrainProgress) => seen.push(step),
    };
    const training = trainTfjs(small, set, options);
    training.catch(() => {});
    // That this is heard between two steps is the proof: the fit runs elsewhere.
    await until(() => seen.length > 2, 'it fits');
    const abortedMs = performance.now();
    stop.abort();
    await expect(training).rejects.toMatchObject({ code: 'ERR_TRAIN_CANCELLED' });
    expect(performance.now() - abortedMs).toBeLessThan(1000);
  });
});

describe('registerWasmKernels()', () => {
  it('gives wasm the gradients of convolution and max pooling that cpu has, negative values among them', async () => {
    const signal = (length: number, step: number): Float32Array =>
      Float32Array.from({ length }, (_, at) => Math.sin(at * step) - 0.3);
    const gradients = (): Float32Array[] =>
      (
        [
          [8, 3, 1, 'same'],
          [8, 3, 2, 'same'],
          [7, 4, 3, 'same'],
          [8, 2, 2, 'valid'],
          [8, 1, 1, 'valid'],
        ] as const
      ).flatMap(([steps, size, stride, pad]) => {
        const x = tf.tensor3d(signal(4 * steps * 3, 1.7), [4, steps, 3]);
        const kernel = tf.tensor3d(signal(size * 15, 0.9), [size, 3, 5]);
        const image = tf.reshape<tf.Rank.R4>(x, [4, steps, 1, 3]);
        const convolved = tf.grads((a: tf.Tensor, b: tf.Tensor) =>
          tf.sum(tf.square(tf.conv1d(a as tf.Tensor3D, b as tf.Tensor3D, stride, pad))),
        )([x, kernel]);
        const pooled = tf.grad((a: tf.Tensor) =>
          tf.sum(tf.square(tf.maxPool(a as tf.Tensor4D, [size, 1], [stride, 1], pad))),
        )(image);
        return [...convolved, pooled].map((tensor) => Float32Array.from(tensor.dataSync()));
      });
    await loadEngine('cpu');
    const expected = gradients();
    await loadEngine('wasm');
    const found = gradients();
    await tf.setBackend('cpu');
    found.forEach((values, at) => {
      const worst = Math.max(...values.map((value, i) => Math.abs(value - expected[at]![i]!)));
      expect(worst).toBeLessThan(1e-4);
    });
  });
});
