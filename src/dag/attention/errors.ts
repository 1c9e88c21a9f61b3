// Errors of src/dag/attention. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError } from '../../core/portable/index.ts';

/** An option that cannot be, code `ERR_DAG_ATTENTION_OPTION`. */
export function attentionOptionError(option: string, value: unknown, nextStep: string): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_ATTENTION_OPTION',
    `Cannot take option "${option}": it is ${String(value)}; ${nextStep}`,
    { details: { option, value } },
  );
}

/** A run that says nothing of an operator's time, code `ERR_DAG_ATTENTION_RUN`. */
export function unmeasuredOperatorError(id: number): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_ATTENTION_RUN',
    `Cannot learn from the run of operator "${id}": it has no exclusiveMs; take the plan from EXPLAIN ANALYZE`,
    { details: { node: id } },
  );
}

/** A run of a plan that nothing was foretold of, code `ERR_DAG_ATTENTION_RUN`. @param id an operator of it that is new, or null */
export function unforetoldRunError(id: number | null): RuvectorError {
  const [what, state] =
    id === null
      ? ['plan ""', 'no mechanism was selected for it']
      : [`operator "${id}"`, 'it is not in the plan that a mechanism was selected for'];
  return new RuvectorError(
    'ERR_DAG_ATTENTION_RUN',
    `Cannot learn from the run of ${what}: ${state}; call selectAndApply first, and observe what ran then`,
    { details: id === null ? {} : { node: id } },
  );
}

/** A run whose time is none, code `ERR_DAG_ATTENTION_RUN`. */
export function timelessRunError(): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_ATTENTION_RUN',
    'Cannot learn from the run of plan "": its operators took 0 ms in all; measure with a finer clock',
  );
}
