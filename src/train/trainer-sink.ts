// A trainer as the end of a pipeline: what reaches it becomes a model of the daemon's registry.
import type { Sink } from '../pipeline/index.ts';
import { runTrainer } from './run-trainer.ts';
import type { RunTrainerOptions } from './run-trainer.ts';
import { createTableSink } from './table-sink.ts';
import type { TrainingTable } from './table-sink.ts';
import type { TrainJob, TrainResult } from './train-job.ts';

/** Options of {@link createTrainerSink}. */
export interface TrainerSinkOptions extends TrainingTable, Omit<RunTrainerOptions, 'job' | 'signal'> {
  readonly job: Omit<TrainJob, 'dataset'>;
}

/** The end of a pipeline that trains. */
export interface TrainerSink extends Sink {
  readonly name: string;
  /** Null until the pipeline has run. */
  readonly result: TrainResult | null;
}

/**
 * Trains on what reaches it: `timestamp`, the features, `label` (the name of a label, or its number) and maybe `split`.
 * The rows go through a temporary file to a Python of its own; a daemon has to run, whose registry gets the model.
 * @example
 * const trainer = createTrainerSink({ features: ['rss_mib'], job: { name: 'spikes', estimator: 'sklearn.RandomForestClassifier' } });
 * await pipeline().from(source).to(trainer).run();
 * trainer.result!.deployment;
 * @throws RuvectorError `ERR_TRAIN_COLUMNS`, `ERR_TRAIN_LABEL`, `ERR_TRAIN_NO_ROWS`, and as `runTrainer`
 */
export function createTrainerSink(options: TrainerSinkOptions): TrainerSink {
  const { features, featureSpecSha256, horizonMs, testFraction, job, ...process } = options;
  let result: TrainResult | null = null;
  const sink = createTableSink({
    features,
    featureSpecSha256,
    horizonMs,
    testFraction,
    train: async (file, signal) => {
      result = await runTrainer({ ...process, job: { ...job, dataset: { file } }, signal });
    },
  });
  return Object.defineProperty(sink, 'result', { get: () => result, enumerable: true }) as TrainerSink;
}
