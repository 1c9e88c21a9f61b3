// Fits one network with tf.js: weights, steps, early stopping. Runs in a thread of its own (fit-worker.ts).
import type { LayersModel, Logs } from '@tensorflow/tfjs-layers';
import type { Tensor } from '@tensorflow/tfjs-core';
import { createSeededRandom } from '../../core/index.ts';
import { divergedError } from './errors.ts';
import type { FitStep, NetworkSource, TfjsArtifacts, TfjsModel } from './fit-messages.ts';
import type { Tfjs } from './load-engine.ts';
import type { TfjsFit } from './tfjs-options.ts';

/** Rows as the network takes them. */
export interface FitRows {
  /** Scaled, row-major. */
  readonly features: Float32Array;
  /** Class of each row: its position among the classes. */
  readonly classes: Int32Array;
  /** Shape of one row. */
  readonly shape: readonly number[];
  readonly classCount: number;
}

/** A trained network. */
export interface FittedNetwork {
  readonly model: LayersModel;
  readonly epochs: number;
  readonly seconds: number;
  readonly returnedNs: number;
}

/** With a logger tfjs-node draws a bar of its own. */
const silent = { verbose: 0 } as const;
/** Rows that are answered at once. */
const ANSWER_ROWS = 2048;
/** Share of the training rows, the newest, that early stopping looks at. */
const VALIDATION_SHARE = 0.15;
/** Milliseconds between two reports. */
const REPORT_MS = 100;

/**
 * Builds the network with weights that the seed alone decides. tf.js draws weights, the order of rows and dropout from
 * Math.random where it is given no seed, so in this thread that is a seeded generator.
 */
export async function buildModel(tfjs: Tfjs, source: NetworkSource, seed: number): Promise<LayersModel> {
  Math.random = createSeededRandom(seed);
  if (source.kind === 'model') {
    return tfjs.layers.loadLayersModel(tfjs.core.io.fromMemory(source.artifacts));
  }
  const topology = { class_name: 'Sequential', config: { name: 'ruvector', layers: source.layers } };
  return tfjs.layers.models.modelFromJSON(topology as never);
}

/** Prepares a model for its fit. */
export function compileModel({ core }: Tfjs, model: LayersModel, learningRate: number): void {
  const optimizer = core.train.adam(learningRate);
  model.compile({ optimizer, loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
}

/** Trains one step on two rows: says whether the backend has every kernel that the network needs. */
export async function tryStep(
  tfjs: Tfjs,
  source: NetworkSource,
  rows: Pick<FitRows, 'shape' | 'classCount'>,
): Promise<void> {
  const model = await buildModel(tfjs, source, 0);
  compileModel(tfjs, model, 0.001);
  const [xs, ys] = [
    tfjs.core.zeros([2, ...rows.shape]),
    tfjs.core.tidy(() => oneHot(tfjs.core, Int32Array.of(0, 1), rows.classCount)),
  ];
  await model.trainOnBatch(xs, ys);
  tfjs.core.dispose([xs, ys]);
  model.dispose();
}

/**
 * Fits a compiled model.
 * @throws RuvectorError `ERR_TRAIN_DIVERGED` when the loss is no number any more
 */
export async function fitModel(
  tfjs: Tfjs,
  model: LayersModel,
  rows: FitRows,
  fit: TfjsFit,
  onStep: (step: FitStep) => void,
): Promise<FittedNetwork> {
  const { core } = tfjs;
  const count = rows.classes.length;
  const validated = fit.earlyStopping === null ? 0 : Math.floor(count * VALIDATION_SHARE);
  const [xs, ys] = toTensors(tfjs, rows, 0, count - validated);
  const validation = validated > 0 ? toTensors(tfjs, rows, count - validated, count) : null;
  const watch = new FitWatch(model, fit, Math.ceil((count - validated) / fit.batchSize), onStep);
  const startedNs = process.hrtime.bigint();
  await model.fit(xs, ys, {
    epochs: fit.epochs,
    batchSize: fit.batchSize,
    shuffle: true,
    ...silent,
    // Nothing else runs in this thread.
    yieldEvery: 'never',
    classWeight: balance(rows, count - validated),
    callbacks: {
      onBatchEnd: (batch, logs) => watch.onBatch(batch, logs),
      onEpochEnd: async (epoch) => {
        if (validation) await watch.onValidation(lossOf(model, validation, fit.batchSize));
        watch.onEpoch(epoch);
      },
    },
  });
  watch.restoreBest();
  const returnedNs = process.hrtime.bigint();
  core.dispose([xs, ys, ...(validation ?? [])]);
  watch.throwIfDiverged();
  const seconds = Number(returnedNs - startedNs) / 1e9;
  return { model, epochs: watch.epochs, seconds, returnedNs: Number(returnedNs) };
}

/** Answers rows with probabilities. @param features scaled */
export async function answerRows(
  { core }: Tfjs,
  model: LayersModel,
  features: Float32Array,
  shape: readonly number[],
): Promise<Float32Array> {
  const width = shape.reduce((product, size) => product * size, 1);
  const xs = core.tensor(features, [features.length / width, ...shape]);
  const answer = model.predict(xs, { batchSize: ANSWER_ROWS }) as Tensor;
  const values = (await answer.data()) as Float32Array;
  core.dispose([xs, answer]);
  return values;
}

/** The model as tf.js saves it. */
export async function saveModel(model: TfjsModel): Promise<TfjsArtifacts> {
  const { promise, resolve } = Promise.withResolvers<TfjsArtifacts>();
  await model.save({
    save: async (artifacts) => {
      resolve(artifacts);
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    },
  });
  return promise;
}

function toTensors({ core }: Tfjs, rows: FitRows, start: number, end: number): [Tensor, Tensor] {
  const width = rows.features.length / rows.classes.length;
  return [
    core.tensor(rows.features.subarray(start * width, end * width), [end - start, ...rows.shape]),
    core.tidy(() => oneHot(core, rows.classes.subarray(start, end), rows.classCount)),
  ];
}

const oneHot = (core: Tfjs['core'], classes: Int32Array, count: number): Tensor =>
  core.cast(core.oneHot(core.tensor1d(classes, 'int32'), count), 'float32');

/** Rows weigh inversely to the size of their class, as scikit-learn's "balanced" does. */
function balance({ classes, classCount }: FitRows, rows: number): Record<number, number> {
  const counts = new Int32Array(classCount);
  for (let row = 0; row < rows; row++) counts[classes[row]!]!++;
  const present = counts.filter((count) => count > 0).length;
  return Object.fromEntries(Array.from(counts, (count, at) => [at, rows / (present * Math.max(1, count))]));
}

function lossOf(model: LayersModel, [xs, ys]: [Tensor, Tensor], batchSize: number): number {
  const scores = model.evaluate(xs, ys, { batchSize: Math.max(batchSize, ANSWER_ROWS) }) as Tensor[];
  const [loss] = scores.map((score) => score.dataSync()[0]!);
  for (const score of scores) score.dispose();
  return loss!;
}

/** Follows one fit: reports it, ends it early, and ends one that diverged. */
class FitWatch {
  readonly #model: LayersModel;
  readonly #fit: TfjsFit;
  readonly #batches: number;
  readonly #onStep: (step: FitStep) => void;
  readonly #startedMs = performance.now();
  #reportedMs = 0;
  #loss = 0;
  #metrics: Record<string, number> = {};
  #best = { loss: Number.POSITIVE_INFINITY, epoch: 0, weights: null as Tensor[] | null };
  #problem: string | null = null;
  epochs = 0;

  constructor(model: LayersModel, fit: TfjsFit, batches: number, onStep: (step: FitStep) => void) {
    this.#model = model;
    this.#fit = fit;
    this.#batches = batches;
    this.#onStep = onStep;
  }

  onBatch(batch: number, logs: Logs | undefined): void {
    this.#loss = logs?.['loss'] ?? Number.NaN;
    this.#metrics = { ...this.#metrics, accuracy: logs?.['acc'] ?? 0 };
    if (!Number.isFinite(this.#loss)) return this.#diverge(`its loss is ${this.#loss}`);
    if (performance.now() - this.#reportedMs >= REPORT_MS)
      this.#report(this.epochs + (batch + 1) / this.#batches);
  }

  onEpoch(epoch: number): void {
    this.epochs = epoch + 1;
    // tf.js cuts the probabilities that the loss is computed from: it stays a number when they are none.
    const isFinite = this.#model.getWeights().every((weight) => weight.dataSync().every(Number.isFinite));
    if (!isFinite) this.#diverge('its weights are no numbers any more');
    if (this.#problem === null) this.#report(this.epochs);
  }

  async onValidation(loss: number): Promise<void> {
    this.#metrics['validationLoss'] = loss;
    if (loss < this.#best.loss) {
      this.#dropBest();
      this.#best = {
        loss,
        epoch: this.epochs,
        weights: this.#model.getWeights().map((weight) => weight.clone()),
      };
    } else if (this.epochs - this.#best.epoch >= this.#fit.earlyStopping!) {
      this.#model.stopTraining = true;
    }
  }

  /** The weights of the epoch with the best loss, where early stopping watched it. */
  restoreBest(): void {
    if (this.#best.weights) this.#model.setWeights(this.#best.weights);
    this.#dropBest();
  }

  throwIfDiverged(): void {
    if (this.#problem !== null)
      throw divergedError(this.#problem, Math.max(1, this.epochs), this.#fit.learningRate);
  }

  #diverge(problem: string): void {
    this.#problem ??= problem;
    this.#model.stopTraining = true;
  }

  #dropBest(): void {
    for (const weight of this.#best.weights ?? []) weight.dispose();
    this.#best.weights = null;
  }

  #report(step: number): void {
    this.#reportedMs = performance.now();
    const { epochs: of } = this.#fit;
    const seconds = (this.#reportedMs - this.#startedMs) / 1000;
    const etaSeconds = (seconds / step) * (of - step);
    this.#onStep({ step, of, loss: this.#loss, metrics: { ...this.#metrics }, etaSeconds });
  }
}
