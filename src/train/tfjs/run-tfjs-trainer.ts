// One training with tf.js for the daemon, in a process of its own as Python trainers have one: what it takes of memory
// is gone with it, and cancelling kills it.
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TrainJob, TrainResult } from '../train-job.ts';
import { startTrainer } from '../trainer-process.ts';
import type { TrainRunOptions, TrainerOptions } from '../trainer-process.ts';
import { checkTfjsJob } from './tfjs-job.ts';

/** Options of {@link runTfjsTrainer}. */
export interface RunTfjsOptions extends Omit<TrainerOptions, 'python'>, TrainRunOptions {
  readonly job: Omit<TrainJob, 'estimator'>;
}

const program = fileURLToPath(new URL(`./trainer-worker${extname(import.meta.filename)}`, import.meta.url));

/**
 * Trains, exports and deploys a network through the daemon's bridge, without Python.
 * @throws RuvectorError `ERR_TRAIN_LAYERS` and `ERR_TRAIN_OPTIONS` before anything is started; then as `runTrainer`
 */
export async function runTfjsTrainer(options: RunTfjsOptions): Promise<TrainResult> {
  const { job, signal, onProgress, ...limits } = options;
  checkTfjsJob(job);
  await using trainer = startTrainer({ ...limits, python: process.execPath, script: [program] });
  return await trainer.run({ ...job, estimator: 'tfjs.Sequential' }, { signal, onProgress });
}
