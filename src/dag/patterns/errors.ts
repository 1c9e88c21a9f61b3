// Errors of src/dag/patterns. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError } from '../../core/portable/index.ts';

/** An option that cannot be, code `ERR_DAG_PATTERN_OPTION`. */
export function patternOptionError(option: string, value: unknown, wanted: string): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_PATTERN_OPTION',
    `Cannot use option "${option}": it is ${String(value)}; give it ${wanted}`,
    { details: { option, value } },
  );
}

/** A vector that no pattern can have, code `ERR_DAG_PATTERN_VECTOR`. */
export function patternVectorError(key: string, state: string, nextStep: string): RuvectorError {
  return new RuvectorError('ERR_DAG_PATTERN_VECTOR', `Cannot take vector "${key}": ${state}; ${nextStep}`, {
    details: { key },
  });
}

/** Bytes that are no index, code `ERR_DAG_PATTERN_STATE`. */
export function patternStateError(state: string): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_PATTERN_STATE',
    `Cannot restore state "pattern index": ${state}; restore other bytes, or add the patterns again`,
  );
}
