// One model version in one worker: asks it, turns the raw answer into a Prediction and keeps the tally by
// which the host decides about a rollback. Holds no pointer to what is live.
import { clipProbabilities, findProbabilityFlaw, labels } from '../core/index.ts';
import type { Prediction } from '../core/index.ts';
import { answerShapeOf } from './answer-shape.ts';
import type { AnswerShape } from './answer-shape.ts';
import { badAnswerError } from './errors.ts';
import type { InferenceThread } from './inference-thread.ts';
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
    inFlight: 0,
    isRetired: false,
    answers: 0,
    windowRequests: 0,
    windowErrors: 0,
  };
}

/**
 * Asks a model for one row; `onIdle` is called when this was its last request in flight.
 * @throws ModelRuntimeError `ERR_MODEL_NAN`, `ERR_MODEL_RUN`, `ERR_MODEL_WORKER_LOST` or `ERR_MODEL_BUSY`
 */
export async function askModel(
  model: LoadedModel,
  features: Float32Array,
  onIdle: (model: LoadedModel) => void,
): Promise<Prediction> {
  model.inFlight++;
  try {
    const answer = await model.thread.run(model.sessionId, features, model.shape.width);
    const prediction = toPrediction(model, answer);
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
