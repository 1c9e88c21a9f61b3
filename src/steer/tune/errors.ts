// Errors of src/steer/tune. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError } from '../../core/index.ts';

/** Knobs, or an objective, that cannot be, code `ERR_STEER_TUNE`. */
export function tuneOptionError(option: string, value: unknown, wanted: string): RuvectorError {
  return new RuvectorError(
    'ERR_STEER_TUNE',
    `Cannot tune with option "${option}": it is ${String(value)}; give it ${wanted}`,
    { details: { option, value } },
  );
}

/** A job that cannot be run more than once, code `ERR_STEER_TUNE`. */
export function untunableJobError(job: string, state: string): RuvectorError {
  return new RuvectorError('ERR_STEER_TUNE', `Cannot tune job "${job}": ${state}; run it without tuning`, {
    details: { job },
  });
}

/** What was kept of earlier tuning cannot be read, code `ERR_STEER_STATE`. */
export function tuneMemoryError(state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_STEER_STATE',
    `Cannot restore state "tuning": ${state}; remove it, and jobs are tuned anew`,
    { cause },
  );
}
