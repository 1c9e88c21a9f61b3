// Rows a second through the fit of one network, by wasm and by the native library, beside Keras on torch with the same
// layers, rows, batches and optimizer. Loading either is not counted; the first epoch is.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { trainTfjs } from '../../src/train/index.ts';
import type { TfjsLayer } from '../../src/train/index.ts';
import { python } from '../support/python.ts';
import { buildLearnableRows } from '../support/train/learnable-rows.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const run = promisify(execFile);
const peer = join(import.meta.dirname, 'tfjs-keras-peer.py');
const settings = { epochs: 3, batchSize: 256 } as const;
const runs = 3;

const hidden = (...units: readonly number[]): readonly TfjsLayer[] =>
  units.map((count) => ({ type: 'dense', units: count, activation: 'relu' }));

const networks: readonly (readonly [name: string, steps: number, layers: readonly TfjsLayer[]])[] = [
  ['hidden 32, 16', 1, hidden(32, 16)],
  ['hidden 64, 64', 1, hidden(64, 64)],
  ['hidden 256, 256', 1, hidden(256, 256)],
  [
    'conv1d 16 × 3 over 16 steps',
    16,
    [
      { type: 'conv1d', filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' },
      { type: 'globalMaxPooling1d' },
      ...hidden(16),
    ],
  ],
];

async function* cases(): AsyncGenerator<BenchCase> {
  for (const [name, steps, layers] of networks) {
    const dataset = buildLearnableRows({ rows: 10_000, steps, seed: 3 });
    const trained = dataset.splits as Uint8Array;
    const rows = trained.filter((split) => split === 0).length;
    const task = { layers, rows, steps, width: dataset.featureNames.length, ...settings };
    for (const engine of ['wasm', 'native'] as const) {
      yield {
        bench: 'train.tfjs',
        case: `${name}, ${engine}`,
        unit: 'rows/s',
        better: 'higher',
        anchorName: 'Keras on torch, one thread',
        runs,
        warmup: false,
        ours: async () => (await trainTfjs(layers, dataset, { ...settings, engine })).summary.rowsPerSecond,
        anchor: async () => {
          const { stdout } = await run(python, [peer, JSON.stringify(task)], {
            env: { ...process.env, KERAS_BACKEND: 'torch', OMP_NUM_THREADS: '1' },
          });
          return Number(stdout.trim().split('\n').at(-1));
        },
      };
    }
  }
}

export const topics: readonly BenchTopic[] = [{ name: 'train.tfjs', cases }];
