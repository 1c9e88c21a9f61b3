// Errors of the train room. Every code is listed in docs/errors.md.
import { RuvectorError } from '../core/index.ts';

type Details = Readonly<Record<string, unknown>>;

/** No Python with the packages of the trainer, code `ERR_TRAIN_NO_PYTHON`. */
export function noPythonError(findings: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_TRAIN_NO_PYTHON',
    `Cannot find a Python that can train: ${findings.join('; ')}; run ` +
      '`npx ruvector-memopt setup python`, or set RUVECTOR_PYTHON to a Python that has the packages',
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

/** The trainer ran out of memory, its own or that of the host, code `ERR_TRAIN_MEMORY`. */
export function trainerMemoryError(
  what: string,
  stage: string,
  details: Details,
  said = 'train on fewer rows, or with smaller parameters',
): RuvectorError {
  return new RuvectorError('ERR_TRAIN_MEMORY', `${what}: it ran out of memory in stage "${stage}"; ${said}`, {
    details,
  });
}

/** The model of a training that was cancelled reached the host too late, code `ERR_TRAIN_CANCELLED`. */
export function cancelledDeploymentError(name: string): RuvectorError {
  return new RuvectorError(
    'ERR_TRAIN_CANCELLED',
    `Cannot deploy model "${name}": its training was cancelled; start it again`,
  );
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

/** A table that no model can be trained on, code `ERR_TRAIN_COLUMNS`. */
export function trainingColumnsError(missing: readonly string[]): RuvectorError {
  const names = missing.map((name) => `"${name}"`).join(', ');
  return new RuvectorError(
    'ERR_TRAIN_COLUMNS',
    `Cannot train on the table: ${names} did not reach the trainer; add them before it (in a pipeline file, read \`training-set\`, or let \`label\` and \`features\` run)`,
    { details: { missing } },
  );
}

/** A value that is no label, code `ERR_TRAIN_LABEL`. */
export function trainingLabelError(value: unknown, labels: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_TRAIN_LABEL',
    `Cannot train on label "${String(value)}": labels are ${labels.join(', ')}, or their numbers from 0; leave out the rows without one`,
    { details: { value: String(value), labels } },
  );
}

/** A table without rows, code `ERR_TRAIN_NO_ROWS`. */
export function noTrainingRowsError(): RuvectorError {
  return new RuvectorError(
    'ERR_TRAIN_NO_ROWS',
    'Cannot train on the table: no row reached the trainer; look at the stages before it',
  );
}
