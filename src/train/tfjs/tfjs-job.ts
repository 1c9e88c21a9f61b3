// A job of the daemon for tf.js: what can be told to be wrong before a process is started, and the network of a job that
// names none.
import { requireExtra } from '../../core/index.ts';
import type { TfjsLayer, TrainJob } from '../train-job.ts';
import { tfjsOptionsError } from './errors.ts';
import { checkLayerOptions } from './layer-options.ts';
import type { TfjsDataset } from './tfjs-dataset.ts';
import { completeFit } from './tfjs-options.ts';

/** Parts of a job that only Python understands. */
const ofPython = ['search', 'logger'] as const;

/**
 * Checks a job.
 * @throws RuvectorError `ERR_TRAIN_LAYERS`, `ERR_TRAIN_OPTIONS`; `ERR_APP_EXTRA` where tf.js is not installed
 */
export function checkTfjsJob(job: Omit<TrainJob, 'estimator'>): void {
  const { task = 'classification', layers, epochs, batchSize, learningRate, earlyStopping, seed } = job;
  if (layers !== undefined) checkLayerOptions(layers);
  completeFit({ epochs, batchSize, learningRate, earlyStopping, seed });
  const foreign = ofPython.filter((name) => job[name] !== undefined);
  const problems = [
    ...(task === 'classification'
      ? []
      : [`task is "${task}", and tf.js classifies; use an estimator of Python`]),
    ...foreign.map((name) => `${name} is of Python's trainers; leave it out`),
  ];
  if (problems.length > 0) throw tfjsOptionsError(problems);
  requireExtra('tfjs');
}

/** Two hidden layers, over all moments of a window at once. */
export function defaultLayers({ spec }: Pick<TfjsDataset, 'spec'>): readonly TfjsLayer[] {
  const hidden = [
    { type: 'dense', units: 32, activation: 'relu' },
    { type: 'dense', units: 16, activation: 'relu' },
  ];
  return spec?.window ? [{ type: 'flatten' }, ...hidden] : hidden;
}
