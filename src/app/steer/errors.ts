// Errors of the commands that steer. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError, messageOf } from '../../core/index.ts';

/** A database that cannot be reached, code `ERR_STEER_CONNECT`. */
export function steerConnectError(url: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_STEER_CONNECT',
    `Cannot connect to "${url}": ${messageOf(cause)}; see that it runs and that the URL is right`,
    { cause },
  );
}

/** A workload that cannot be used, code `ERR_STEER_WORKLOAD`. */
export function workloadError(path: string, state: string, nextStep: string): RuvectorError {
  return new RuvectorError('ERR_STEER_WORKLOAD', `Cannot run workload "${path}": ${state}; ${nextStep}`, {
    details: { path },
  });
}

/** A template that no state file knows, code `ERR_STEER_TEMPLATE`. */
export function missingTemplateError(template: string): RuvectorError {
  return new RuvectorError(
    'ERR_STEER_TEMPLATE',
    `Cannot explain template "${template}": no state file has one template whose id begins so; see \`dag status\``,
    { details: { template } },
  );
}
