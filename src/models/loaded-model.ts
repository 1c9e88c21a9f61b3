// One model version in one worker: asks it, turns the raw answer into a Prediction and keeps the tally by
// which the host decides about a rollback. Holds no pointer to what is live.
import { clipProbabilities, findProbabilityFlaw, labels } from '../core/index.ts';
import type { FeatureWindow, Prediction, RowHistory } from '../core/index.ts';
import { answerShapeOf } from './answer-shape.ts';
import type { AnswerShape, TaskAnswer } from './answer-shape.ts';
import { badAnswerError, rowWidthError } from './errors.ts';
import type { InferenceThread } from './inference-thread.ts';
import { horizonOf } from './manifest.ts';
import type { ModelManifest } from './manifest.ts';
import type { RawAnswer } from './request-ring.ts';

/** A version that is loaded and can answer. */
export interface LoadedModel {
  readonly version: string;
  /** `name@version`. */
  readonly stamp: string;
  readonly thread: InferenceThread;
  readonly sessionId: number;
  readonly shape: AnswerShape;
  readonly sizeBytes: number;
  /** How far ahead what it was trained on looks; null when its manifest does not say. */
  readonly horizonMs: number | null;
  /** Columns of a row. */
  readonly featureCount: number;
  readonly window: FeatureWindow | undefined;
  /** Requests sent and not answered; the session is released when it is retired and this is 0. */
  inFlight: number;
  isRetired: boolean;
  answers: number;
  /** Outcomes of the current window of {@link ERROR_WINDOW} requests. */
  windowRequests: number;
  windowErrors: number;
}

/** Requests over which the error rate is taken after probation. */
export const ERROR_WINDOW = 100;

/** Builds the record of a freshly loaded model. */
export function buildLoadedModel(
  manifest: ModelManifest,
  thread: InferenceThread,
  sessionId: number,
): LoadedModel {
  return {
    version: manifest.version,
    stamp: `${manifest.name}@${manifest.version}`,
    thread,
    sessionId,
    shape: answerShapeOf(manifest),
    sizeBytes: manifest.model.sizeBytes,
    horizonMs: horizonOf(manifest),
    featureCount: manifest.features.length,
    window: manifest.window,
    inFlight: 0,
    isRetired: false,
    answers: 0,
    windowRequests: 0,
    windowErrors: 0,
  };
}

/** The row that a model takes. @throws ModelRuntimeError `ERR_MODEL_FEATURES` when it is of another width */
export function rowOf(model: LoadedModel, features: Float32Array, history: RowHistory | undefined): Float32Array {
  const { window, featureCount, stamp } = model;
  const row = window === undefined || history === undefined ? features : history.windowOf(window);
  if (row.length === featureCount) return row;
  throw rowWidthError(stamp, row.length, featureCount);
}

/** Reads what a model gave. @throws ModelRuntimeError when that is no answer */
export type ReadAnswer<Answer> = (model: LoadedModel, answer: RawAnswer) => Answer;

/**
 * Asks a model for one row; `onIdle` is called when this was its last request in flight.
 * @throws ModelRuntimeError `ERR_MODEL_NAN`, `ERR_MODEL_RUN`, `ERR_MODEL_WORKER_LOST` or `ERR_MODEL_BUSY`
 */
export async function askModel<Answer>(
  model: LoadedModel,
  features: Float32Array,
  read: ReadAnswer<Answer>,
  onIdle: (model: LoadedModel) => void,
): Promise<Answer> {
  model.inFlight++;
  try {
    const answer = await model.thread.run(model.sessionId, features, model.shape.width);
    const prediction = read(model, answer);
    model.answers++;
    countOutcome(model, 0);
    return prediction;
  } finally {
    if (--model.inFlight === 0) onIdle(model);
  }
}

/** Counts a request in the error window: `errors` is 0 or 1. */
export function countOutcome(model: LoadedModel, errors: number): void {
  if (model.windowRequests >= ERROR_WINDOW) {
    model.windowRequests = 0;
    model.windowErrors = 0;
  }
  model.windowRequests++;
  model.windowErrors += errors;
}

/** Spreads k probability columns over the four labels, takes off what float32 overshoots and refuses nonsense. */
export function toPrediction(
  { shape: { classes }, stamp }: Pick<LoadedModel, 'shape' | 'stamp'>,
  answer: RawAnswer,
): Prediction {
  const label = labels[answer.label];
  const probabilities = new Float32Array(labels.length);
  classes.forEach((labelIndex, i) => (probabilities[labelIndex] = answer.values[i]!));
  if (label === undefined || !classes.includes(answer.label) || findProbabilityFlaw(probabilities) !== null) {
    throw badAnswerError(stamp, answer, probabilities.every(Number.isFinite));
  }
  return { label, probabilities: clipProbabilities(probabilities), modelVersion: stamp };
}

/** The answer of a detector or a forecast, refused when it is not finite. */
export function toTaskAnswer(
  { shape, stamp, horizonMs }: Pick<LoadedModel, 'shape' | 'stamp' | 'horizonMs'>,
  answer: RawAnswer,
): TaskAnswer {
  const value = answer.values[0]!;
  if (!Number.isFinite(value)) throw badAnswerError(stamp, answer, false);
  if (shape.task === 'forecast') {
    const availablePercent = Math.min(100, Math.max(0, value));
    return { task: 'forecast', availablePercent, horizonMs, modelVersion: stamp };
  }
  return { task: 'anomaly', isAnomalous: answer.label === 1, score: value, modelVersion: stamp };
}
