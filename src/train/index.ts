// train: the Node side of training. It finds a Python, starts trainers and reports what they did.
// Not what they do: python/src/ruvector/trainer. Not the registry: src/models.
export { findOwnEnvironment, findPython, pythonOf } from './find-python.ts';
export type { FindPythonOptions } from './find-python.ts';
export { checkPython, ownVersion } from './python-module.ts';
export { cancelledDeploymentError, trainingCancelledError } from './errors.ts';
export { describeTrainProgress } from './progress-text.ts';
export { networkOptions, searchOptions, trainOptions } from './train-options.ts';
export { runTrainer } from './run-trainer.ts';
export type { RunTrainerOptions } from './run-trainer.ts';
export type {
  TfjsLayer,
  TrainDeployment,
  TrainJob,
  TrainProgress,
  TrainResult,
  TrainSearch,
  TrainTimings,
  TrainedManifest,
} from './train-job.ts';
export { createTrainerPool } from './trainer-pool.ts';
export type { TrainerPool } from './trainer-pool.ts';
export type { TrainRunOptions, TrainerOptions } from './trainer-process.ts';
export { createTableSink } from './table-sink.ts';
export type { TrainingTable } from './table-sink.ts';
export { createTrainerSink } from './trainer-sink.ts';
export type { TrainerSink, TrainerSinkOptions } from './trainer-sink.ts';
export { findNativeLibrary, trainTfjs } from './tfjs/index.ts';
export type { TfjsDataset, TfjsModel, TfjsTraining, TrainTfjsOptions } from './tfjs/index.ts';
