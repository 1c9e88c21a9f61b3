// Training on one host, seen from its users. Types only.
import type { TrainingAnswer } from '../../client/index.ts';
import type { TrainJob, TrainProgress } from '../../train/index.ts';

/** Options of one training. */
export interface TrainingWatch {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainProgress) => void;
}

/** What became of the trainings since the start. */
export interface TrainingState {
  readonly running: boolean;
  readonly lastError: string | null;
  readonly lastModel: string | null;
  readonly succeeded: number;
  readonly failed: number;
  /** Of all that ended, together. */
  readonly totalSeconds: number;
}

/** Trains models for one host. */
export interface TrainingService extends AsyncDisposable {
  /** Starts the Python process ahead of time, so that a training begins at once. */
  prewarm(): void;
  /**
   * Trains, exports, verifies and (by default) activates a model.
   * @throws RuvectorError `ERR_APP_BUSY` while one runs, `ERR_TRAIN*`, `ERR_PREPARE_*`, `ERR_MODEL_*`
   */
  train(job: Partial<TrainJob>, options?: TrainingWatch): Promise<TrainingAnswer>;
  /** True for a training that was cancelled: what still arrives of it is not made live. */
  isCancelled(run: string): boolean;
  state(): TrainingState;
}
