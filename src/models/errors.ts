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
  | 'ERR_MODEL_TASK'
  | 'ERR_MODEL_TIMEOUT';

/** A model that must not be used. The live model is untouched when this is thrown. */
export class ModelRejectedError extends RuvectorError {}

/** The registry's files or the request on them are not in order. */
export class ModelRegistryError extends RuvectorError {}

/** A model was accepted but an answer could not be given. */
export class ModelRuntimeError extends RuvectorError {}

/** A refusal: `Cannot accept model: <reason>`, the reason ending with the next step. */
type Refusal = (reason: string, details?: Readonly<Record<string, unknown>>, cause?: unknown) => ModelRejectedError;

const refusalWith =
  (code: ModelRejectedCode): Refusal =>
  (reason, details = {}, cause) =>
    new ModelRejectedError(code, `Cannot accept model: ${reason}`, { details, cause });

/** A file over its limit. */
export const modelTooLargeError = refusalWith('ERR_MODEL_TOO_LARGE');
/** Bytes that are no ONNX model. */
export const notOnnxError = refusalWith('ERR_MODEL_NOT_ONNX');
/** A tensor whose values are elsewhere. */
export const externalDataError = refusalWith('ERR_MODEL_EXTERNAL_DATA');
/** Operators of a domain that the runtime does not bring. */
export const unknownDomainError = refusalWith('ERR_MODEL_UNKNOWN_DOMAIN');
/** A version of the format or of its operators outside what is served. */
export const opsetError = refusalWith('ERR_MODEL_OPSET');
/** A graph that is too large, too deep or may never end. */
export const graphLimitError = refusalWith('ERR_MODEL_LIMIT');
/** A decision tree that the runtime would walk for ever. */
export const treeError = refusalWith('ERR_MODEL_TREE');
/** Inputs or outputs, or an answer, of another shape. */
export const modelShapeError = refusalWith('ERR_MODEL_SHAPE');
/** A file that is not the one its manifest describes. */
export const modelBytesError = refusalWith('ERR_MODEL_SHA256');
/** A manifest that is damaged or says something impossible. */
export const manifestError = refusalWith('ERR_MODEL_MANIFEST');
/** A manifest of another release. */
export const manifestFormatError = refusalWith('ERR_MODEL_FORMAT');
/** Trained on other features than this host computes. */
export const modelFeaturesError = refusalWith('ERR_MODEL_FEATURES');
/** Golden rows that are unusable or answered otherwise. */
export const goldenRowsError = refusalWith('ERR_MODEL_GOLDEN');
/** Held-out rows that are unusable. */
export const heldOutRowsError = refusalWith('ERR_MODEL_HELD_OUT');
/** An answer that is no distribution over the classes. */
export const probabilitiesError = refusalWith('ERR_MODEL_PROBABILITIES');
/** An answer that is not finite. */
export const notFiniteError = refusalWith('ERR_MODEL_NAN');
/** The runtime refuses it. */
export const modelLoadError = refusalWith('ERR_MODEL_LOAD');
/** A model of another task than the others of its name, or than what answers under it. */
export const modelTaskError = refusalWith('ERR_MODEL_TASK');
/** Loading it ended the process or the thread that did. */
export const modelCrashedError = refusalWith('ERR_MODEL_CRASHED');
/** Loading it took too long. */
export const loadTimeoutError = refusalWith('ERR_MODEL_TIMEOUT');

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
export function rebuiltRejectionError(error: ErrorMessage): ModelRejectedError {
  return new ModelRejectedError(error.code, error.message, { details: error.details });
}

/** Wraps a system error on the registry's files. */
export function modelStoreError(verb: string, what: string, cause: unknown): ModelRegistryError {
  const { state, nextStep } = adviseOn(cause);
  return new ModelRegistryError(
    'ERR_MODEL_STORE',
    `Cannot ${verb} "${what}": ${state}; nothing was changed: ${nextStep}`,
    { cause },
  );
}

/** A rollback without an earlier version. */
export function noPreviousError(name: string): ModelRegistryError {
  return new ModelRegistryError(
    'ERR_MODEL_NO_PREVIOUS',
    `Cannot roll back model "${name}": no earlier version is known; activate a version by name`,
  );
}

/** A prediction while no version is live. */
export function noModelError(name: string): ModelRuntimeError {
  return new ModelRuntimeError(
    'ERR_MODEL_NONE',
    `Cannot predict with model "${name}": no version is live; train one or activate a version`,
  );
}

/** ONNX Runtime is not there for this system, or does not load. */
export function noRuntimeError(system: string, cause: unknown): ModelRuntimeError {
  return new ModelRuntimeError(
    'ERR_MODEL_NO_RUNTIME',
    `Cannot load ONNX Runtime for "${system}": ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}; ` +
      'the package brings it for linux-x64 and linux-arm64 with glibc, elsewhere run `npm install onnxruntime-node@1.30.0` beside it',
    { cause },
  );
}

/** A call after close. */
export function hostClosedError(name: string): ModelRuntimeError {
  return new ModelRuntimeError(
    'ERR_MODEL_CLOSED',
    `Cannot use model "${name}": its host is closed; create another host`,
  );
}

/** A change that was to hold only while something was live that no longer is. */
export function liveChangedError(name: string, version: string, live: string | null): ModelRegistryError {
  return new ModelRegistryError(
    'ERR_MODEL_CHANGED',
    `Cannot activate model "${name}@${version}": ${live ?? 'none'} is live now, which it was not judged against; deploy it again`,
    { details: { live } },
  );
}

/** A name that no folder may have. */
export function modelNameError(name: string): ModelRegistryError {
  return new ModelRegistryError(
    'ERR_MODEL_NAME',
    `Cannot use model name ${JSON.stringify(name).slice(0, 100)}: it is not 1 to 64 letters, digits, ".", "_" or "-"; choose another name`
  );
}

/** A reference whose part behind "@" is none. */
export function referenceError(reference: string): ModelRegistryError {
  return new ModelRegistryError(
    'ERR_MODEL_NAME',
    `Cannot use model reference ${JSON.stringify(reference).slice(0, 200)}: after "@" stands neither a version nor live, previous or candidate; \`ruvector-memopt models list\` says what there is`
  );
}

/** The pointers of a name are damaged or gone. */
export function aliasesError(name: string, path: string, problem: string): ModelRegistryError {
  return new ModelRegistryError(
    'ERR_MODEL_ALIASES',
    `Cannot read the aliases of model "${name}": aliases.json ${problem}; run \`ruvector-memopt models repair\``,
    { details: { path } }
  );
}

/** Another process has been changing the models folder for too long. */
export function modelsLockedError(directory: string, waitMs: number): ModelRegistryError {
  return new ModelRegistryError(
    'ERR_MODEL_LOCKED',
    `Cannot change models in "${directory}": another process has been changing them for ${waitMs / 1000} s; wait for it, or end it`,
    { details: { path: directory } }
  );
}

/** A reference that leads nowhere. */
export function modelNotFoundError(
  reference: string,
  version: string | null,
  isKnown: boolean,
): ModelRegistryError {
  const missing = version === null ? 'the alias points nowhere' : `there is no version "${version}"`;
  const state = isKnown ? missing : 'there is no model of that name';
  return new ModelRegistryError(
    'ERR_MODEL_NOT_FOUND',
    `Cannot find model "${reference}": ${state}; \`ruvector-memopt models list\` says what there is`
  );
}

/** A version that something still needs. */
export function modelInUseError(name: string, version: string, reason: string): ModelRegistryError {
  return new ModelRegistryError(
    'ERR_MODEL_IN_USE',
    `Cannot remove model "${name}@${version}": ${reason}`
  );
}

/** Two models that answer different things. */
export function otherTasksError(
  a: { readonly name: string; readonly task?: string },
  b: { readonly name: string; readonly task?: string },
): ModelRejectedError {
  const task = ({ task: named = 'classification' }: typeof a): string => named;
  return new ModelRejectedError(
    'ERR_MODEL_TASK',
    `Cannot compare model "${a.name}" with "${b.name}": one is for ${task(a)}, the other for ${task(b)}; compare two of one task`,
  );
}

/** A row of another width than the model takes. */
export function rowWidthError(name: string, given: number, wanted: number): ModelRuntimeError {
  return new ModelRuntimeError(
    'ERR_MODEL_FEATURES',
    `Cannot predict with model "${name}": ${given} features were given, it takes ${wanted}; compute them by the feature specification`
  );
}

/** A live answer that is no distribution, or not finite. */
export function badAnswerError(stamp: string, answer: { readonly label: number; readonly values: ArrayLike<number> }, isFinite: boolean): ModelRuntimeError {
  return new ModelRuntimeError(
    isFinite ? 'ERR_MODEL_PROBABILITIES' : 'ERR_MODEL_NAN',
    `Cannot predict with model "${stamp}": it answered label ${answer.label} with [${Array.from(answer.values).join(', ')}]; roll back or train again`,
    { details: { label: answer.label } }
  );
}

/** The inference worker ended. */
export function workerLostError(state: string, cause: unknown): ModelRuntimeError {
  const message = `Cannot get an answer from the inference worker: ${state}; ask again, it is being replaced`;
  return new ModelRuntimeError('ERR_MODEL_WORKER_LOST', message, { cause });
}

/** The thread of a model that answers batches is gone. */
export function batchModelLostError(state: string, cause?: unknown): ModelRuntimeError {
  const message = `Cannot get answers for a batch: ${state}; run it again, and verify the model if that happens twice`;
  return new ModelRuntimeError('ERR_MODEL_WORKER_LOST', message, { cause });
}

/** One row hung. */
export function runTimeoutError(ageMs: number): ModelRuntimeError {
  return new ModelRuntimeError(
    'ERR_MODEL_TIMEOUT',
    `Cannot predict: the model did not answer within ${Math.round(ageMs)} ms; roll back or train a smaller one`
  );
}

/** As many requests wait as may. */
export function queueFullError(capacity: number): ModelRuntimeError {
  return new ModelRuntimeError(
    'ERR_MODEL_BUSY',
    `Cannot predict: ${capacity} requests are already waiting; ask less often or in fewer parallel calls`
  );
}

/** The live model failed on a row. */
export function runFailedError({ message, details }: ErrorMessage): ModelRuntimeError {
  return new ModelRuntimeError(
    'ERR_MODEL_RUN',
    `Cannot predict: the model failed (${message}); roll back or train again`,
    { details }
  );
}

/** A damaged package, under its own code, and where it is kept. */
export function setAsideError(error: RuvectorError, path: string | null): ModelRejectedError {
  const message = path === null ? error.message : `${error.message}; the package is kept in "${path}"`;
  return new ModelRejectedError(error.code, message, {
    cause: error,
    details: { ...error.details, setAside: path },
  });
}

/** Columns that a model reads and that reach it neither as numbers nor at all, code `ERR_MODEL_FEATURES`. */
export function modelColumnsError(model: string, columns: readonly string[]): ModelRejectedError {
  const list = columns.map((name) => `"${name}"`).join(', ');
  return new ModelRejectedError(
    'ERR_MODEL_FEATURES',
    `Cannot run model "${model}": it reads ${list}, which ${columns.length > 1 ? 'are' : 'is'} no number here, or not there; compute the model's features before it, or take another model`,
    { details: { columns } },
  );
}
