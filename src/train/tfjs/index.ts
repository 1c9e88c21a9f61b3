// tfjs: the trainer without Python. Networks of tf.js, trained in a thread, exported to ONNX here, and the native library
// that makes large ones fast.
export { findNativeLibrary, removeNativeLibrary, setUpNativeLibrary } from './native/index.ts';
export { runTfjsTrainer } from './run-tfjs-trainer.ts';
export { trainTfjs } from './train-tfjs.ts';
export type { TfjsModel } from './fit-messages.ts';
export type { TrainTfjsOptions } from './train-tfjs.ts';
export type { TfjsDataset } from './tfjs-dataset.ts';
export type { FitOutcome as TfjsTraining } from './fit-messages.ts';
