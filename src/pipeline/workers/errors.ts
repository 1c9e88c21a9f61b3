// Errors of src/pipeline/workers. Codes are listed in docs/errors.md and mirrored in Python.
import { messageOf, RuvectorError } from '../../core/index.ts';

/** The name of a transform that runs in workers. */
export interface TransformName {
  readonly module: string;
  readonly exportName: string;
}

/** A module that no thread could find, code `ERR_PIPELINE_MODULE`. */
export function moduleReferenceError(text: string): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_MODULE',
    `Cannot load transform module "${text}": it is neither a URL nor an absolute path; give what import.meta.resolve() says of it`,
    { details: { module: text } },
  );
}

/** A module that does not make the transform, code `ERR_PIPELINE_MODULE`. */
export function transformLoadError(name: TransformName, state: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_MODULE',
    `Cannot load ${describeTransform(name)}: ${state}; name a function that makes a transform`,
    { cause, details: { ...name } },
  );
}

/** What user code in a worker threw, as the thread describes it. */
export interface ThrownInWorker {
  readonly stage: 'load' | 'schema' | 'transform';
  readonly message: string;
  readonly stack: string | null;
  readonly code: string | null;
}

/** User code threw: while it was loaded, code `ERR_PIPELINE_MODULE`, or at work, code `ERR_PIPELINE_TRANSFORM`. */
export function transformFailedError(name: TransformName, thrown: ThrownInWorker): RuvectorError {
  const cause = Object.assign(new Error(thrown.message), {
    ...(thrown.stack !== null && { stack: thrown.stack }),
    ...(thrown.code !== null && { code: thrown.code }),
  });
  if (thrown.stage === 'load') return transformLoadError(name, thrown.message, cause);
  const what = thrown.stage === 'schema' ? 'columns' : 'a batch';
  return new RuvectorError(
    'ERR_PIPELINE_TRANSFORM',
    `Cannot run ${describeTransform(name)}: it refused ${what}: ${thrown.message}; correct the transform or what it is given`,
    { cause, details: { ...name, stage: thrown.stage, thrownCode: thrown.code } },
  );
}

/** Batches of other columns than a transform was asked about, code `ERR_PIPELINE_TRANSFORM`. */
export function otherColumnsError(name: TransformName, columns: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_TRANSFORM',
    `Cannot run ${describeTransform(name)}: it was created for other columns (${columns.join(', ')}); create one for these`,
    { details: { ...name, columns } },
  );
}

/** How a worker was lost. */
export type LostWorker =
  | { readonly kind: 'crash'; readonly cause: unknown }
  | { readonly kind: 'timeout'; readonly afterMs: number };

/** A thread died with a batch, code `ERR_PIPELINE_WORKER`, or was ended because it took too long, `ERR_PIPELINE_TIMEOUT`. */
export function transformWorkerLostError(name: TransformName, lost: LostWorker): RuvectorError {
  const what = describeTransform(name);
  if (lost.kind === 'timeout') {
    return new RuvectorError(
      'ERR_PIPELINE_TIMEOUT',
      `Cannot run ${what}: it did not return within ${lost.afterMs} ms and its worker was ended; give it more time or smaller batches`,
      { details: { ...name, afterMs: lost.afterMs } },
    );
  }
  return new RuvectorError(
    'ERR_PIPELINE_WORKER',
    `Cannot run ${what}: its worker died: ${messageOf(lost.cause)}; look for an exit, an uncaught error or a memory limit in it`,
    { cause: lost.cause, details: { ...name } },
  );
}

/** What a transform remembered died with its worker, code `ERR_PIPELINE_WORKER`. */
export function stateLostError(name: TransformName): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_WORKER',
    `Cannot run ${describeTransform(name)}: what it kept from earlier batches died with its worker; start the run again`,
    { details: { ...name } },
  );
}

/** A batch for workers that are gone, code `ERR_PIPELINE_CLOSED`. */
export function workersClosedError(name: TransformName): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_CLOSED',
    `Cannot run ${describeTransform(name)}: its workers are closed; create it again`,
    { details: { ...name } },
  );
}

const describeTransform = ({ module, exportName }: TransformName): string =>
  `transform "${exportName}" of "${module}"`;
