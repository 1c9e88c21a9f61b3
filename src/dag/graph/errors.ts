// Errors of src/dag/graph. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError } from '../../core/portable/index.ts';

/** A fact of an operator. */
export interface OperatorFactFlaw {
  readonly id: number;
  readonly type: string;
  readonly fact: string;
  readonly value: unknown;
}

/** A fact of an operator that cannot be, code `ERR_DAG_OPERATOR`. */
export function operatorFactError({ id, type, fact, value }: OperatorFactFlaw): RuvectorError {
  const nextStep =
    fact === 'id'
      ? 'give it a whole number from 0 on'
      : fact === 'type'
        ? 'take one of OperatorType'
        : 'give it a finite number from 0 on, or leave it out';
  return new RuvectorError(
    'ERR_DAG_OPERATOR',
    `Cannot take operator "${id}" (${type}): ${fact} is ${String(value)}; ${nextStep}`,
    { details: { node: id, fact, value } },
  );
}

/** Two operators with one id, code `ERR_DAG_OPERATOR`. */
export function repeatedOperatorError(id: number): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_OPERATOR',
    `Cannot add operator "${id}": the DAG has an operator of that id; give it another one`,
    { details: { node: id, fact: 'id', value: id } },
  );
}

/** An id that no operator has, code `ERR_DAG_UNKNOWN`. */
export function unknownOperatorError(id: number): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_UNKNOWN',
    `Cannot find operator "${id}": the DAG has none of that id; add it first`,
    { details: { node: id } },
  );
}

/** An edge that closes a cycle, code `ERR_DAG_CYCLE`. @param cycle its operators, the first one again at the end */
export function cycleError(from: number, to: number, cycle: readonly number[]): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_CYCLE',
    `Cannot add edge "${from} → ${to}": it closes the cycle ${cycle.join(' → ')}; leave out one of its edges`,
    { details: { from, to, cycle } },
  );
}

/** An edge that cannot be, code `ERR_DAG_EDGE`. */
export function edgeError(from: number, to: number, state: string, nextStep: string): RuvectorError {
  return new RuvectorError('ERR_DAG_EDGE', `Cannot take edge "${from} → ${to}": ${state}; ${nextStep}`, {
    details: { from, to },
  });
}
