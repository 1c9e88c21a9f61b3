// Errors of training with tf.js. Every code is listed in docs/errors.md.
import { RuvectorError } from '../../core/plain/index.ts';

/** Layers that are unknown, have wrong options or do not fit, code `ERR_TRAIN_LAYERS`. */
export function layersError(problems: readonly string[]): RuvectorError {
  return new RuvectorError('ERR_TRAIN_LAYERS', `Cannot train the layers: ${problems.join('; ')}`, {
    details: { problems },
  });
}

/** A layer that cannot go into the ONNX file, code `ERR_TRAIN_LAYER_EXPORT`. */
export function layerExportError(
  name: string,
  className: string,
  state: string,
  exportable: string,
): RuvectorError {
  return new RuvectorError(
    'ERR_TRAIN_LAYER_EXPORT',
    `Cannot train layer "${name}" (${className}): it ${state}, so the model could not be deployed; use ${exportable}`,
    { details: { name, className } },
  );
}

/** Options of a training with tf.js, code `ERR_TRAIN_OPTIONS`. */
export function tfjsOptionsError(problems: readonly string[]): RuvectorError {
  return new RuvectorError('ERR_TRAIN_OPTIONS', `Cannot train with tf.js: ${problems.join('; ')}`, {
    details: { problems },
  });
}

/** Too few rows to fit or to measure, code `ERR_TRAIN_FEW_ROWS`. */
export function networkFewRowsError(train: number, test: number, least: number): RuvectorError {
  return new RuvectorError(
    'ERR_TRAIN_FEW_ROWS',
    `Cannot fit a network: the data set has ${train} train and ${test} test rows; at least ${least} and 1 are needed, so collect for longer or sample faster`,
  );
}

/** One label alone in the training part, code `ERR_TRAIN_FEW_CLASSES`. */
export function networkOneClassError(label: string, rows: number): RuvectorError {
  return new RuvectorError(
    'ERR_TRAIN_FEW_CLASSES',
    `Cannot fit a network: all ${rows} train rows are "${label}", so there is nothing to tell apart; collect over a time in which memory gets short`,
  );
}

/** A loss or weights that are no numbers any more, code `ERR_TRAIN_DIVERGED`. */
export function divergedError(state: string, epoch: number, learningRate: number): RuvectorError {
  return new RuvectorError(
    'ERR_TRAIN_DIVERGED',
    `Cannot train the network: ${state}, in epoch ${epoch}; lower learningRate (${learningRate}), or put batchNormalization between the layers`,
    { details: { epoch, learningRate } },
  );
}

/** The exported file answers otherwise than tf.js, code `ERR_TRAIN_PARITY`. */
export function tfjsParityError(state: string, details: Readonly<Record<string, unknown>>): RuvectorError {
  return new RuvectorError(
    'ERR_TRAIN_PARITY',
    `Cannot export the network: ${state}; lower learningRate, or put batchNormalization between the layers, so that its values stay small`,
    { details },
  );
}

/** No backend of tf.js can train it here, code `ERR_TRAIN_BACKEND`. */
export function backendError(name: string, state: string, next: string, cause?: unknown): RuvectorError {
  return new RuvectorError('ERR_TRAIN_BACKEND', `Cannot use tf.js backend "${name}": ${state}; ${next}`, {
    cause,
    details: { backend: name },
  });
}

/** The native library cannot be built, code `ERR_TRAIN_NATIVE_SETUP`. */
export function nativeSetupError(
  state: string,
  next: string,
  details: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): RuvectorError {
  return new RuvectorError(
    'ERR_TRAIN_NATIVE_SETUP',
    `Cannot build the native library of tf.js: ${state}; ${next}`,
    { cause, details },
  );
}

/** The thread that trained ended without an answer, code `ERR_TRAINER_FAILED`. */
export function fitThreadError(state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_TRAINER_FAILED',
    `Cannot train the network: its thread ${state}; train a smaller network, or on fewer rows`,
    { cause },
  );
}

/** The caller's signal aborted, code `ERR_TRAIN_CANCELLED`. */
export function fitCancelledError(cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_TRAIN_CANCELLED',
    'Cannot finish training: it was cancelled; start it again',
    {
      cause,
    },
  );
}

/** An error of the thread, on this side of it. */
export function rebuiltError(
  code: string,
  message: string,
  details: Readonly<Record<string, unknown>>,
): RuvectorError {
  return new RuvectorError(code, message, { details });
}
