// Trains a network with tf.js in a thread of the caller's process, and gives the package that a Python trainer would
// send: model, manifest, golden rows, held-out rows. The caller's thread stays free.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { labels as hostLabels } from '../../core/index.ts';
import type { TfjsLayer, TrainProgress } from '../train-job.ts';
import {
  fitCancelledError,
  fitThreadError,
  networkFewRowsError,
  networkOneClassError,
  rebuiltError,
  tfjsOptionsError,
} from './errors.ts';
import type {
  FitMessage,
  FitOutcome,
  FitRequest,
  FitStep,
  NetworkSource,
  TfjsArtifacts,
  TfjsModel,
} from './fit-messages.ts';
import { saveModel } from './fit-network.ts';
import { buildTopologyLayers, checkLayerOptions } from './layer-options.ts';
import { checkNetwork, layersOfTopology } from './network.ts';
import { featureRowsOf, cardSpecOf } from './tfjs-dataset.ts';
import type { TfjsDataset } from './tfjs-dataset.ts';
import { completeFit } from './tfjs-options.ts';
import type { TfjsFitOptions } from './tfjs-options.ts';

/** Options of {@link trainTfjs}. */
export interface TrainTfjsOptions extends TfjsFitOptions {
  /** Name of the model in the registry. @default 'memopt' */
  readonly name?: string | undefined;
  /** Aborting ends the thread. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each epoch, and ten times a second within one. */
  readonly onProgress?: ((progress: TrainProgress) => void) | undefined;
}

const MIN_TRAIN_ROWS = 20;
/** Of the whole, at the end of the fit. */
const FIT_SHARE = 0.9;

/**
 * Trains layers, or a model that was built with tf.js and keeps its weights as the first ones, and exports it to ONNX.
 * What cannot be exported is refused before anything is trained.
 * @example
 * const { package: model } = await trainTfjs([{ type: 'dense', units: 32, activation: 'relu' }], trainingSet);
 * await client.request('model.deploy', { manifest: model.manifest }, { attachments: [model.model, model.golden, model.heldOut] });
 * @throws RuvectorError `ERR_TRAIN_LAYERS`, `ERR_TRAIN_LAYER_EXPORT`, `ERR_TRAIN_OPTIONS`, `ERR_TRAIN_FEW_ROWS`,
 *   `ERR_TRAIN_FEW_CLASSES` before the training; `ERR_TRAIN_BACKEND`, `ERR_TRAIN_DIVERGED`, `ERR_TRAIN_PARITY`,
 *   `ERR_TRAIN_CANCELLED`, `ERR_TRAINER_FAILED` in it
 */
export async function trainTfjs(
  model: TfjsModel | readonly TfjsLayer[],
  dataset: TfjsDataset,
  options: TrainTfjsOptions = {},
): Promise<FitOutcome> {
  const { name = 'memopt', signal, onProgress, ...given } = options;
  if (signal?.aborted) throw fitCancelledError(signal.reason);
  const fit = completeFit(given);
  const classes = checkRows(dataset);
  const source = await readSource(model, dataset, classes.length);
  const asked = { ...(source.kind === 'layers' && { layers: model }) };
  return runThread({ name, source, dataset: plainRows(dataset), classes, fit, asked }, signal, onProgress);
}

/** The network as it will be built, checked. */
async function readSource(
  model: TfjsModel | readonly TfjsLayer[],
  dataset: TfjsDataset,
  classes: number,
): Promise<NetworkSource> {
  const task = { width: dataset.featureNames.length, classes };
  if (!isModel(model)) {
    const layers = buildTopologyLayers(checkLayerOptions(model), inputShapeOf(model, dataset), classes);
    checkNetwork(layers, task);
    return { kind: 'layers', layers };
  }
  const artifacts = await saveModel(model);
  checkNetwork(layersOfTopology(artifacts.modelTopology), task);
  const { modelTopology, weightSpecs, weightData } = artifacts;
  return { kind: 'model', artifacts: { modelTopology, weightSpecs, weightData } as TfjsArtifacts };
}

const isModel = (model: TfjsModel | readonly TfjsLayer[]): model is TfjsModel =>
  typeof (model as Partial<TfjsModel>).save === 'function';

/** A row of a window goes into a network of dense layers as it is, into others as [steps, features]. */
function inputShapeOf(layers: readonly TfjsLayer[], { featureNames, spec }: TfjsDataset): readonly number[] {
  const { length: width } = featureNames;
  const window = spec?.window;
  const isAlongTime = layers.some(({ type }) => /1d$|^gru$|^flatten$/.test(type));
  return window && isAlongTime ? [window.steps, width / window.steps] : [width];
}

/** Label indexes of the training rows. @throws RuvectorError when there is nothing to learn or to measure on */
function checkRows(dataset: TfjsDataset): number[] {
  if (!(dataset?.features instanceof Float32Array)) {
    throw tfjsOptionsError(['the data set holds no features; pass a training set, of buildTrainingSet()']);
  }
  const [train, test] = [featureRowsOf(dataset, 'train'), featureRowsOf(dataset, 'test')];
  if (train.length < MIN_TRAIN_ROWS || test.length < 1) {
    throw networkFewRowsError(train.length, test.length, MIN_TRAIN_ROWS);
  }
  const seen = new Set<number>();
  for (const row of train) seen.add(dataset.labels[row]!);
  const classes = [...seen].sort((a, b) => a - b);
  if (classes.length < 2)
    throw networkOneClassError(hostLabels[classes[0]!] ?? String(classes[0]), train.length);
  return classes;
}

/** What the thread needs of a data set, and nothing that cannot be handed over. */
function plainRows(dataset: TfjsDataset): TfjsDataset {
  const { id, sha256, specSha256, featureNames, rowCount, features, labels } = dataset;
  const { splits, timestamps, horizonMs, thresholds, spec } = dataset;
  const rows = { rowCount, features, labels, splits, timestamps };
  return {
    id,
    sha256,
    specSha256,
    featureNames,
    ...rows,
    horizonMs,
    thresholds,
    spec: cardSpecOf(spec ?? {}),
  };
}

async function runThread(
  request: FitRequest,
  signal: AbortSignal | undefined,
  onProgress: TrainTfjsOptions['onProgress'],
): Promise<FitOutcome> {
  // TensorFlow tells its instruction sets on standard error otherwise. It reads the environment of the process.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '1';
  const path = new URL(`./fit-worker${extname(import.meta.filename)}`, import.meta.url);
  const worker = new Worker(path, { workerData: request, name: 'tfjs' });
  const { promise, resolve, reject } = Promise.withResolvers<FitOutcome>();
  const cancel = (): void => reject(fitCancelledError(signal?.reason));
  signal?.addEventListener('abort', cancel, { once: true });
  worker.once('error', (error) => reject(fitThreadError(`failed (${error.message})`, error)));
  worker.once('exit', (code) => reject(fitThreadError(`ended with code ${code}`)));
  worker.on('message', (message: FitMessage) => {
    if (message.type === 'step') onProgress?.(toProgress(message.step));
    if (message.type === 'exporting') onProgress?.(exporting);
    if (message.type === 'outcome') resolve(message.outcome);
    if (message.type === 'error') reject(rebuildError(message));
  });
  try {
    return await promise;
  } finally {
    signal?.removeEventListener('abort', cancel);
    await worker.terminate();
  }
}

const exporting: TrainProgress = {
  stage: 'export',
  fraction: FIT_SHARE,
  message: 'exporting to ONNX and proving parity',
};

function toProgress(step: FitStep): TrainProgress {
  const { loss, metrics, etaSeconds, of } = step;
  const message = `epoch ${Math.ceil(step.step)} of ${of}, loss ${loss.toPrecision(3)}`;
  return {
    stage: 'fit',
    fraction: (FIT_SHARE * step.step) / of,
    message,
    step: step.step,
    of,
    loss,
    metrics,
    etaSeconds,
  };
}

function rebuildError({ code, message, details }: Extract<FitMessage, { type: 'error' }>): Error {
  return code === null ? fitThreadError(`failed (${message})`) : rebuiltError(code, message, details);
}
