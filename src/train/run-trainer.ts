// One training in a process of its own, from start to end.
import { findPython } from './find-python.ts';
import type { TrainJob, TrainResult } from './train-job.ts';
import { startTrainer } from './trainer-process.ts';
import type { TrainRunOptions, TrainerOptions } from './trainer-process.ts';

/** Options of {@link runTrainer}. */
export interface RunTrainerOptions extends Partial<TrainerOptions>, TrainRunOptions {
  readonly job: TrainJob;
}

/**
 * Trains, exports and deploys a model through the daemon's bridge.
 *
 * There is no time limit: a trainer is given up when nothing is heard from it for `leaseMs`. The
 * process is gone when the promise settles.
 * @throws RuvectorError `ERR_TRAIN_NO_PYTHON`, `ERR_TRAINER_FAILED` (with Python's traceback in
 * `details.traceback`), `ERR_TRAIN_CANCELLED`, `ERR_TRAIN_STALLED`
 */
export async function runTrainer(options: RunTrainerOptions): Promise<TrainResult> {
  const { job, signal, onProgress } = options;
  const python = options.python ?? (await findPython(signal ? { signal } : {}));
  await using trainer = startTrainer({ ...options, python });
  return await trainer.run(job, { signal, onProgress });
}
