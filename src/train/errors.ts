// Errors of the train room. Every code is listed in docs/errors.md.
import { RuvectorError } from '../core/index.ts';
import { installCommand } from './python-module.ts';

type Details = Readonly<Record<string, unknown>>;

/** No Python with the packages of the trainer, code `ERR_TRAIN_NO_PYTHON`. */
export function noPythonError(findings: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_TRAIN_NO_PYTHON',
    `Cannot find a Python that can train: ${findings.join('; ')}; run ` +
      `\`python3 -m venv .venv && ${installCommand('.venv/bin/python')}\`, or set RUVECTOR_PYTHON`,
    { details: { tried: findings } },
  );
}

/** The Python that was named does not start, or lacks a package, code `ERR_TRAIN_NO_PYTHON`. */
export function unusablePythonError(
  what: string,
  state: string,
  details: Details,
  cause?: unknown,
): RuvectorError {
  return new RuvectorError('ERR_TRAIN_NO_PYTHON', `${what}: ${state}`, { cause, details });
}

/** The caller's signal aborted, code `ERR_TRAIN_CANCELLED`. */
export function trainingCancelledError(what: string, details: Details, cause: unknown): RuvectorError {
  return new RuvectorError('ERR_TRAIN_CANCELLED', `${what}: it was cancelled; start it again`, {
    cause,
    details,
  });
}

/** Nothing was heard from the trainer for a whole lease, code `ERR_TRAIN_STALLED`. */
export function trainingStalledError(what: string, state: string, details: Details): RuvectorError {
  return new RuvectorError('ERR_TRAIN_STALLED', `${what}: ${state}; look at the log in details`, { details });
}

/** The trainer raised, was killed or ended without a result, code `ERR_TRAINER_FAILED`; `details.traceback` holds Python's own. */
export function trainerFailedError(what: string, state: string, details: Details): RuvectorError {
  return new RuvectorError('ERR_TRAINER_FAILED', `${what}: ${state}`, { details });
}

/** A trainer takes one job, code `ERR_TRAIN_CLOSED`. */
export function trainerUsedError(): RuvectorError {
  return new RuvectorError(
    'ERR_TRAIN_CLOSED',
    'Cannot run job: the trainer has had its job; start another one',
  );
}

/** A job for a pool that is closed, code `ERR_TRAIN_CLOSED`. */
export function poolClosedError(): RuvectorError {
  return new RuvectorError(
    'ERR_TRAIN_CLOSED',
    'Cannot train: the trainer pool is closed; create another one',
  );
}
