// Rows that an operator gives: what a planner said of it, else what follows from its inputs and from statistics.
import type { CostContext, OperatorNode } from '../graph/index.ts';
import { selectivityOf } from './selectivity.ts';
import type { Statistics } from './statistics.ts';

/** PostgreSQL's guess where nothing is known of a column (DEFAULT_NUM_DISTINCT). */
const unknownDistinct = 200;
/** What a table is taken to hold that nothing is known of. */
const unknownRows = 1000;

type Estimator = (op: OperatorNode, context: CostContext, statistics: Statistics) => number;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const inputOf = ({ inputRows }: CostContext): number => sum(inputRows);
/** Details that may be a list or one text. */
export const listOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? (value as string[]) : typeof value === 'string' ? [value] : [];
/** A detail that is a number. */
export const numberOf = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && value >= 0 ? value : otherwise;

/** Rows of what a scan reads. */
export function rowsOfTable({ details }: OperatorNode, statistics: Statistics): number {
  return statistics.table(details['table'] ?? details['index'])?.rows ?? unknownRows;
}

const filtered: Estimator = (op, context, statistics) => {
  const { predicate, table } = op.details;
  const rows = context.inputs.length > 0 ? inputOf(context) : rowsOfTable(op, statistics);
  return typeof predicate === 'string' ? rows * selectivityOf(predicate, statistics, table) : rows;
};

const scanned: Estimator = (op, context, statistics) => {
  const condition = op.details['Index Cond'];
  const rows = rowsOfTable(op, statistics);
  if (typeof condition !== 'string') return filtered(op, { ...context, inputs: [] }, statistics);
  return rows * selectivityOf(condition, statistics, op.details['table']);
};

const joined: Estimator = ({ details }, { inputRows }, statistics) => {
  const all = inputRows.reduce((product, rows) => product * rows, 1);
  const key = details['key'] ?? details['Hash Cond'] ?? details['Merge Cond'] ?? details['Join Filter'];
  if (typeof key !== 'string') return all;
  const columns = key.replaceAll(/[()]/g, '').split(/\s*=\s*/);
  const distinct = columns.map((column) => statistics.column(column)?.distinct ?? unknownDistinct);
  return all / Math.max(1, ...distinct);
};

const grouped: Estimator = ({ details }, context, statistics) => {
  const keys = listOf(details['keys'] ?? details['groupKeys']);
  const groups = keys.reduce(
    (product, key) => product * (statistics.column(key)?.distinct ?? unknownDistinct),
    1,
  );
  return Math.min(inputOf(context), Math.max(1, groups));
};

/** Types that are not here give what they take. */
const estimators: Partial<Record<OperatorNode['type'], Estimator>> = {
  seq_scan: scanned,
  index_scan: scanned,
  hnsw_scan: (op, _context, statistics) =>
    Math.min(rowsOfTable(op, statistics), numberOf(op.details['efSearch'], 40)),
  ivf_flat_scan: (op, _context, statistics) => rowsOfTable(op, statistics) * probedShare(op, statistics),
  nested_loop_join: joined,
  hash_join: joined,
  merge_join: joined,
  aggregate: () => 1,
  group_by: grouped,
  filter: filtered,
  limit: ({ details }, context) => Math.min(inputOf(context), numberOf(details['count'], Infinity)),
};

/** Lists that are searched of all; pgvector advises a list for 1,000 rows. */
export function probedShare(op: OperatorNode, statistics: Statistics): number {
  const lists = numberOf(op.details['lists'], Math.max(1, rowsOfTable(op, statistics) / 1000));
  return Math.min(1, numberOf(op.details['probes'], 1) / lists);
}

/** Rows that an operator gives in all: `estimatedRows` where a planner said it, for it knows more. */
export function estimateRows(op: OperatorNode, context: CostContext, statistics: Statistics): number {
  if (op.facts.estimatedRows !== undefined) return op.facts.estimatedRows;
  const estimator = estimators[op.type];
  return estimator ? estimator(op, context, statistics) : inputOf(context);
}

/** Rows of the inner side that a nested loop looks at. */
export function countPairs({ inputs: [, side], inputRows: [outer = 0, inner = 0] }: CostContext): number {
  // Of a plan that was read, they are those of all loops.
  if (side?.details['name'] !== undefined) return Math.max(outer, inner);
  return side?.type === 'index_scan' ? outer * Math.log2(Math.max(2, inner)) : outer * inner;
}
