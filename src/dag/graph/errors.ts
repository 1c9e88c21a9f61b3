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

/** A detail of an operator that no document could hold, code `ERR_DAG_OPERATOR`. */
export function operatorDetailError({ id, type, fact, value }: OperatorFactFlaw): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_OPERATOR',
    `Cannot take operator "${id}" (${type}): its detail "${fact}" is ${describe(value)}; ` +
      'give it a text, a finite number, a boolean or a list of texts',
    { details: { node: id, fact, value } },
  );
}

function describe(value: unknown): string {
  if (value === null || ['number', 'undefined', 'bigint'].includes(typeof value)) return String(value);
  return typeof value === 'string' ? 'no valid Unicode' : `a ${Array.isArray(value) ? 'list' : typeof value}`;
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

/** Costs are asked of a graph that has no cost model, code `ERR_DAG_COST_MODEL`. */
export function noCostModelError(): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_COST_MODEL',
    'Cannot estimate a DAG: it has no cost model; build it with QueryDag.withCostModel()',
  );
}

/** A cost model that answered with no number from 0 on, code `ERR_DAG_COST_MODEL`. */
export function estimateError(id: number, type: string, what: string, value: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_COST_MODEL',
    `Cannot estimate operator "${id}" (${type}): ${what} of the cost model is ${String(value)}; ` +
      'let the model give a finite number from 0 on',
    { details: { node: id, value } },
  );
}

/** A document that is no DAG, code `ERR_DAG_DOCUMENT`. @param place e.g. `nodes[3].type` */
export function documentError(place: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_DOCUMENT',
    `Cannot read DAG at "${place}": ${state}; give what JSON.stringify(dag) gave`,
    { cause, details: { place } },
  );
}

/** Bytes that are no DAG, code `ERR_DAG_BYTES`. @param offset where it stands */
export function bytesError(offset: number, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_BYTES',
    `Cannot decode DAG at byte "${offset}": ${state}; give all the bytes that encodeDag() gave`,
    { cause, details: { offset } },
  );
}

/** A plan that is not what its format says, code `ERR_DAG_PLAN`. @param place a path to the node, or a line */
export function planError(format: string, place: string, state: string): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_PLAN',
    `Cannot read ${format} plan at "${place}": ${state}; give the whole output of one statement`,
    { details: { node: place } },
  );
}

/** A DAG that has no form as a plan, code `ERR_DAG_PLAN`. */
export function noPlanError(state: string): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_PLAN',
    `Cannot build plan of a DAG: ${state}; take a part of it with subgraph(), or add an operator`,
  );
}
