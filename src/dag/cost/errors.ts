// Errors of src/dag/cost. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError } from '../../core/portable/index.ts';

/** An option of a cost model that cannot be, code `ERR_DAG_COST_OPTIONS`. */
export function costOptionError(
  model: string,
  option: string,
  value: unknown,
  wanted: string,
): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_COST_OPTIONS',
    `Cannot use ${option} "${String(value)}" of ${model}: it is not ${wanted}; give ${wanted}`,
    { details: { option, value } },
  );
}

/** A row of pg_class, pg_stats or pg_settings that cannot be, code `ERR_DAG_STATISTICS`. */
export function statisticsError(row: string, field: string, value: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_STATISTICS',
    `Cannot use statistics of "${row}": its ${field} is ${String(value)}; select it as PostgreSQL gives it`,
    { details: { row, field, value } },
  );
}

/** Numbers that least squares cannot take, code `ERR_DAG_FIT`. */
export function fitInputError(state: string): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_FIT',
    `Cannot fit a cost model: ${state}; give plans that EXPLAIN (ANALYZE) measured`,
  );
}

/** Least squares that do not settle, code `ERR_DAG_FIT`. */
export function notSettledError(rounds: number): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_FIT',
    `Cannot fit a cost model: it has not settled after ${rounds} rounds; leave out plans that repeat each other`,
  );
}

/** Plans that a report cannot be made of, code `ERR_DAG_REPORT`. */
export function reportError(query: number, plan: number, state: string): RuvectorError {
  return new RuvectorError(
    'ERR_DAG_REPORT',
    `Cannot report on plan "${plan}" of query "${query}": ${state}; give plans that EXPLAIN (ANALYZE) measured`,
    { details: { query, plan } },
  );
}
