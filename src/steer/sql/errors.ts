// Errors of src/steer/sql. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError, messageOf } from '../../core/index.ts';

/** Something that is no connection which can be steered, code `ERR_STEER_CLIENT`. */
export function steerClientError(state: string, nextStep: string): RuvectorError {
  return new RuvectorError('ERR_STEER_CLIENT', `Cannot steer client "${state}": ${nextStep}`);
}

/** An option that cannot be, code `ERR_STEER_OPTION`. */
export function steerOptionError(option: string, value: unknown, nextStep: string): RuvectorError {
  return new RuvectorError(
    'ERR_STEER_OPTION',
    `Cannot take option "${option}": it is ${String(value)}; ${nextStep}`,
    { details: { option, value } },
  );
}

/** A template that nothing is known of, code `ERR_STEER_TEMPLATE`. */
export function unknownTemplateError(template: string, known: number): RuvectorError {
  return new RuvectorError(
    'ERR_STEER_TEMPLATE',
    `Cannot explain template "${template}": none of the ${known} known ones begins or is named so; see \`dag status\``,
    { details: { template } },
  );
}

/** A state file that is no state, code `ERR_STEER_STATE`. */
export function stateFileError(path: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_STEER_STATE',
    `Cannot read steering state "${path}": ${messageOf(cause)}; move it away, or run \`dag reset\``,
    { cause, details: { path } },
  );
}

/** A state file that another process writes, code `ERR_STEER_LOCKED`. */
export function stateLockedError(path: string): RuvectorError {
  return new RuvectorError(
    'ERR_STEER_LOCKED',
    `Cannot change steering state "${path}": another process steers with it; end that one first`,
    { details: { path } },
  );
}

/** Settings of a connection that could not be put back, code `ERR_STEER_RESTORE`. */
export function restoreError(setting: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_STEER_RESTORE',
    `Cannot put back setting "${setting}": ${messageOf(cause)}; close this connection and open another one`,
    { cause, details: { setting } },
  );
}
