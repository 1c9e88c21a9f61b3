// Every layer that may be trained, through Python's onnx.checker and onnxruntime: they answer the golden rows, which are
// what tf.js said, and 2,000 rows and more of the data as Node's runtime does. Every backend trains the same.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainTfjs } from '../../../src/train/index.ts';
import type { TfjsLayer, TfjsTraining, TrainTfjsOptions } from '../../../src/train/index.ts';
import { python } from '../../support/python.ts';
import { buildLearnableRows } from '../../support/train/learnable-rows.ts';

const run = promisify(execFile);
const flat = buildLearnableRows({ rows: 2100 });
const windowed = buildLearnableRows({ rows: 2100, steps: 8, seed: 2 });
const peer = join(import.meta.dirname, '../../support/train/onnx-peer.py');

const dense: readonly TfjsLayer[] = [
  'relu',
  'elu',
  'selu',
  'sigmoid',
  'tanh',
  'softplus',
  'softsign',
  'swish',
].map((activation) => ({ type: 'dense', units: 12, activation }));
const alone: readonly TfjsLayer[] = [
  { type: 'dense', units: 12, activation: 'linear', useBias: false },
  { type: 'leakyReLU', alpha: 0.2 },
  { type: 'batchNormalization' },
  { type: 'elu' },
  { type: 'layerNormalization' },
  { type: 'activation', activation: 'hardSigmoid' },
  { type: 'dropout', rate: 0.1 },
  { type: 'dense', units: 12, activation: 'gelu' },
  { type: 'gaussianNoise', stddev: 0.05 },
  { type: 'reLU', maxValue: 6 },
  { type: 'dense', units: 12, activation: 'mish' },
  { type: 'dense', units: 12, activation: 'relu6' },
  { type: 'batchNormalization', momentum: 0.9, epsilon: 0.01 },
];
const along: readonly TfjsLayer[] = [
  { type: 'conv1d', filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' },
  { type: 'conv1d', filters: 8, kernelSize: 2 },
  { type: 'batchNormalization' },
  { type: 'maxPooling1d', poolSize: 3, strides: 2, padding: 'same' },
  { type: 'conv1d', filters: 6, kernelSize: 2, strides: 2, useBias: false, activation: 'tanh' },
  { type: 'flatten' },
];
const pooled: readonly TfjsLayer[] = [
  { type: 'conv1d', filters: 6, kernelSize: 3, strides: 2, padding: 'same' },
  { type: 'averagePooling1d', poolSize: 3, strides: 1, padding: 'same' },
  { type: 'spatialDropout1d', rate: 0.1 },
  { type: 'globalAveragePooling1d' },
];
const recurrent: readonly TfjsLayer[] = [
  { type: 'gru', units: 8, returnSequences: true, dropout: 0.1 },
  { type: 'gru', units: 6, recurrentActivation: 'sigmoid' },
];
const reshaped: readonly TfjsLayer[] = [
  { type: 'reshape', targetShape: [5, 1] },
  { type: 'conv1d', filters: 8, kernelSize: 2 },
  { type: 'globalMaxPooling1d' },
];

/** Networks that hold all layers together, and the rows they take. */
const networks = [
  { name: 'activations', layers: dense, dataset: flat },
  { name: 'rows', layers: alone, dataset: flat },
  { name: 'convolutions', layers: along, dataset: windowed },
  { name: 'poolings', layers: pooled, dataset: windowed },
  { name: 'recurrent', layers: recurrent, dataset: windowed },
  { name: 'reshaped', layers: reshaped, dataset: flat },
] as const;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ruvector-tfjs-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const fit = (name: string, more: TrainTfjsOptions = {}): Promise<TfjsTraining> => {
  const { layers, dataset } = networks.find((each) => each.name === name)!;
  return trainTfjs(layers, dataset, { epochs: 2, batchSize: 256, seed: 5, ...more });
};

/** What Python found in a folder of models with their golden rows. */
interface PeerReport {
  readonly name: string;
  readonly opset: number;
  readonly ir: number;
  readonly worst: number;
  readonly mismatches: number;
  readonly rows: number;
}

describe('exportNetwork()', () => {
  it('writes every layer so that onnx.checker takes it and Python’s onnxruntime answers as tf.js does', async () => {
    for (const { name } of networks) {
      const { package: made } = await fit(name);
      expect(made.manifest.parity, name).toMatchObject({ labelMismatches: 0, tolerance: 1e-5 });
      expect(made.manifest.parity.rows, name).toBeGreaterThanOrEqual(2000);
      await writeFile(join(directory, `${name}.onnx`), made.model);
      await writeFile(join(directory, `${name}.arrow`), made.golden);
    }
    const { stdout } = await run(python, [peer, directory]);
    const found = JSON.parse(stdout) as PeerReport[];
    expect(found.map(({ name }) => name).sort()).toEqual(networks.map(({ name }) => name).sort());
    for (const { name, opset, ir, worst, mismatches, rows } of found) {
      expect({ opset, ir, mismatches }, name).toEqual({ opset: 18, ir: 8, mismatches: 0 });
      expect(worst, name).toBeLessThanOrEqual(1e-5);
      expect(rows, name).toBeGreaterThanOrEqual(200);
    }
  });
});

describe('trainTfjs()', () => {
  it('learns the same with wasm and native, and gives the same model for the same seed', async () => {
    const of = ({ package: made }: TfjsTraining): number => Number(made.manifest.metrics['accuracy']);
    const [wasm, again, native] = [
      await fit('convolutions', { engine: 'wasm' }),
      await fit('convolutions', { engine: 'wasm' }),
      await fit('convolutions', { engine: 'native' }),
    ];
    expect(wasm.summary.engine).toBe('wasm');
    expect(native.summary.engine).toBe('native');
    expect(Buffer.compare(wasm.package.model, again.package.model)).toBe(0);
    // They add in another order, so that a row on the edge may fall to either side.
    expect(of(native)).toBeCloseTo(of(wasm), 1.5);
  });
});
