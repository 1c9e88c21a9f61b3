// Errors of src/dag/sona. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError } from '../../core/portable/index.ts';

/** An option that cannot be, code `ERR_DAG_SONA_OPTION`. */
export function sonaOptionError(option: string, value: unknown, wanted: string): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_SONA_OPTION',
    `Cannot use option "${option}": it is ${String(value)}; give it ${wanted}`,
    { details: { option, value } },
  );
}

/** A DAG without operators, code `ERR_DAG_SONA_PLAN`. */
export function emptyPlanError(): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_SONA_PLAN',
    'Cannot embed plan "": the DAG has no operators; add the operators of the plan first',
  );
}

/** A time that no run can take, code `ERR_DAG_SONA_RUN`. */
export function runTimeError(name: string, value: unknown, wanted: string): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_SONA_RUN',
    `Cannot learn from a run of "${String(value)}" ms: ${name} is ${String(value)}; give it ${wanted}`,
    { details: { [name]: value } },
  );
}

/** A mechanism that the engine was not told of, code `ERR_DAG_SONA_RUN`. */
export function unknownMechanismError(mechanism: unknown, known: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_SONA_RUN',
    `Cannot learn from a run with mechanism "${String(mechanism)}": the engine knows ${known.join(', ')}; ` +
      'name one of them, or list it in the option mechanisms',
    { details: { mechanism, known } },
  );
}

/** Bytes that are no state of SONA, code `ERR_DAG_SONA_STATE`. */
export function sonaStateError(state: string): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_SONA_STATE',
    `Cannot restore state "SONA": ${state}; restore other bytes, or start a new engine`,
  );
}

/** A pattern of another engine that cannot be, code `ERR_DAG_SONA_PATTERN`. */
export function networkPatternError(signature: unknown, state: string): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_SONA_PATTERN',
    `Cannot merge pattern "${String(signature)}": ${state}; leave it out, nothing was merged`,
    { details: { signature } },
  );
}

/** Learning while the worker learns, code `ERR_DAG_SONA_BUSY`. */
export function learningBusyError(): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_SONA_BUSY',
    'Cannot learn in the foreground "backgroundLearn": a worker learns from this engine; wait for its learn()',
  );
}

/** A worker that is gone, code `ERR_DAG_SONA_WORKER`. */
export function sonaWorkerLostError(state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_SONA_WORKER',
    `Cannot learn in worker "sona": ${state}; what it was to learn from is kept, open another one`,
    { cause },
  );
}
