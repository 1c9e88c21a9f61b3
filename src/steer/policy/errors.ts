// Errors of src/steer/policy. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError } from '../../core/portable/index.ts';

/** An option that cannot be, code `ERR_STEER_OPTION`. */
export function policyOptionError(option: string, value: unknown, wanted: string): RuvectorError {
  return new RuvectorError(
    'ERR_STEER_OPTION',
    `Cannot use option "${option}": it is ${String(value)}; give it ${wanted}`,
    { details: { option, value } },
  );
}

/** A choice that is told of twice, or that another policy made, code `ERR_STEER_CHOICE`. */
export function closedChoiceError(id: number): RuvectorError {
  return new RuvectorError(
    'ERR_STEER_CHOICE',
    `Cannot learn from choice "${id}": it is not open (told of already, or made before a restart); tell of each choice once`,
    { details: { id } },
  );
}

/** A time that no run can take, code `ERR_STEER_CHOICE`. */
export function outcomeError(ms: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_STEER_CHOICE',
    `Cannot learn from a run of "${String(ms)}" ms: that is no time; give a number from 0 on`,
    { details: { ms } },
  );
}

/** A state that is damaged, or of other arms, code `ERR_STEER_STATE`. */
export function policyStateError(state: string): RuvectorError {
  return new RuvectorError(
    'ERR_STEER_STATE',
    `Cannot restore state "policy": ${state}; restore another one, or start without`,
  );
}

/** A table of latencies that cannot be read, code `ERR_STEER_MATRIX`. */
export function latencyMatrixError(name: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_STEER_MATRIX',
    `Cannot replay matrix "${name}": ${state}; give a CSV file of a header, and a row a query: its name and a latency a column`,
    { cause, details: { name } },
  );
}
