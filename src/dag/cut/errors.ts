// Errors of src/dag/cut. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError } from '../../core/portable/index.ts';

/** A graph that no flow can go through as a whole, code `ERR_DAG_CUT_GRAPH`. */
export function emptyDagError(): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_CUT_GRAPH',
    'Cannot find the bottleneck of DAG "": it has no operators; add them first',
  );
}

/** An operator that the first one has no connection to, code `ERR_DAG_CUT_GRAPH`. */
export function disconnectedOperatorError(id: number, type: string, first: number): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_CUT_GRAPH',
    `Cannot find the bottleneck with operator "${id}" (${type}): no edges join it to operator ${first}; ` +
      'add them, or analyze subgraph() of each part',
    { details: { node: id } },
  );
}

/** An option that cannot be, code `ERR_DAG_CUT_OPTION`. */
export function cutOptionError(option: string, value: unknown, nextStep: string): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_CUT_OPTION',
    `Cannot take option "${option}": it is ${String(value)}; ${nextStep}`,
    { details: { option, value } },
  );
}
