// Errors of the models room: a package that is refused, a registry that cannot serve, a run that fails.
import { RuvectorError, adviseOn } from '../core/plain/index.ts';

/** Why a model package is refused; each is a row of docs/errors.md. */
export type ModelRejectedCode =
  | 'ERR_MODEL_TOO_LARGE'
  | 'ERR_MODEL_NOT_ONNX'
  | 'ERR_MODEL_EXTERNAL_DATA'
  | 'ERR_MODEL_UNKNOWN_DOMAIN'
  | 'ERR_MODEL_OPSET'
  | 'ERR_MODEL_LIMIT'
  | 'ERR_MODEL_TREE'
  | 'ERR_MODEL_SHAPE'
  | 'ERR_MODEL_SHA256'
  | 'ERR_MODEL_MANIFEST'
  | 'ERR_MODEL_FORMAT'
  | 'ERR_MODEL_FEATURES'
  | 'ERR_MODEL_GOLDEN'
  | 'ERR_MODEL_HELD_OUT'
  | 'ERR_MODEL_PROBABILITIES'
  | 'ERR_MODEL_NAN'
  | 'ERR_MODEL_LOAD'
  | 'ERR_MODEL_CRASHED'
  | 'ERR_MODEL_TIMEOUT';

/** A model that must not be used. The live model is untouched when this is thrown. */
export class ModelRejectedError extends RuvectorError {}

/** The registry's files or the request on them are not in order. */
export class ModelRegistryError extends RuvectorError {}

/** A model was accepted but an answer could not be given. */
export class ModelRuntimeError extends RuvectorError {}

/** Builds a {@link ModelRejectedError}: `Cannot accept model: <reason>; <next step>`. */
export function rejected(
  code: ModelRejectedCode,
  reason: string,
  details: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): ModelRejectedError {
  return new ModelRejectedError(code, `Cannot accept model: ${reason}`, { details, cause });
}

/** The fields of an error that cross a thread or process boundary. */
export interface ErrorMessage {
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Turns any error into plain fields; one without a code of ours gets `fallbackCode`. */
export function toErrorMessage(error: unknown, fallbackCode: string): ErrorMessage {
  if (error instanceof RuvectorError) {
    return { code: error.code, message: error.message, details: error.details };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: fallbackCode, message, details: {} };
}

/** Rebuilds a rejection that was thrown in a worker or in the probe process. */
export function toRejectedError(error: ErrorMessage): ModelRejectedError {
  return new ModelRejectedError(error.code, error.message, { details: error.details });
}

/** Wraps a system error on the registry's files. */
export function storeError(verb: string, what: string, cause: unknown): ModelRegistryError {
  const { state, nextStep } = adviseOn(cause);
  return new ModelRegistryError(
    'ERR_MODEL_STORE',
    `Cannot ${verb} "${what}": ${state}; nothing was changed: ${nextStep}`,
    { cause },
  );
}

/** A rollback without an earlier version. */
export function noPrevious(name: string): ModelRegistryError {
  return new ModelRegistryError(
    'ERR_MODEL_NO_PREVIOUS',
    `Cannot roll back model "${name}": no earlier version is known; activate a version by name`,
  );
}

/** A prediction while no version is live. */
export function noModel(name: string): ModelRuntimeError {
  return new ModelRuntimeError(
    'ERR_MODEL_NONE',
    `Cannot predict with model "${name}": no version is live; train one or activate a version`,
  );
}

/** A call after close. */
export function closed(name: string): ModelRuntimeError {
  return new ModelRuntimeError(
    'ERR_MODEL_CLOSED',
    `Cannot use model "${name}": its host is closed; create another host`,
  );
}

/** A change that was to hold only while something was live that no longer is. */
export function liveChanged(name: string, version: string, live: string | null): ModelRegistryError {
  return new ModelRegistryError(
    'ERR_MODEL_CHANGED',
    `Cannot activate model "${name}@${version}": ${live ?? 'none'} is live now, which it was not judged against; deploy it again`,
    { details: { live } },
  );
}
