// What an operator does, counted in the five units of PostgreSQL's planner: its cost is their sum, each times a constant
// (src/backend/optimizer/path/costsize.c). Simplified: no rescans, no spill to disk, an index is read as far as it matches.
import type { CostContext, OperatorNode } from '../graph/index.ts';
import { countPairs, listOf, numberOf, probedShare, rowsOfTable } from './cardinality.ts';
import type { Statistics } from './statistics.ts';

/** The constants of the planner, by the names of the settings. */
export const postgresUnits = [
  'seq_page_cost',
  'random_page_cost',
  'cpu_tuple_cost',
  'cpu_index_tuple_cost',
  'cpu_operator_cost',
] as const;

/** One of {@link postgresUnits}. */
export type PostgresUnit = (typeof postgresUnits)[number];

/** How often an operator does what each unit stands for. */
export type PostgresWork = Partial<Readonly<Record<PostgresUnit, number>>>;

const pageBytes = 8192;
/** Neighbours that pgvector keeps of a vector on the lowest layer: 2 m, with its default m of 16. */
const hnswNeighbours = 32;

type Count = (op: OperatorNode, context: CostContext, rows: number, statistics: Statistics) => PostgresWork;

const inputOf = ({ inputRows }: CostContext): number => inputRows.reduce((sum, rows) => sum + rows, 0);
const conditions = (text: unknown): number =>
  typeof text === 'string' ? 1 + [...text.matchAll(/ (?:AND|OR) /g)].length : 0;

const scanTable: Count = (op, _context, _rows, statistics) => {
  const all = rowsOfTable(op, statistics);
  return {
    seq_page_cost:
      statistics.table(op.details['table'])?.pages ?? (all * numberOf(op.facts.rowBytes, 100)) / pageBytes,
    cpu_tuple_cost: all,
    cpu_operator_cost: all * conditions(op.details['predicate']),
  };
};

/** Pages are visited in a row as far as the order of the index is that of the table: Mackert and Lohman, simplified. */
const scanIndex: Count = (op, _context, rows, statistics) => {
  const { table, predicate } = op.details;
  const condition = String(op.details['Index Cond'] ?? '');
  const held = statistics.table(table);
  const all = held?.rows ?? rowsOfTable(op, statistics);
  const pages = held?.pages ?? (all * 100) / pageBytes;
  const column = /^\(*([\w."]+)/.exec(condition)?.[1];
  const order = ((column && statistics.column(column, table)?.correlation) || 0) ** 2;
  return {
    seq_page_cost: order * pages * Math.min(1, rows / Math.max(1, all)),
    random_page_cost: (1 - order) * Math.min(rows, pages),
    cpu_tuple_cost: rows,
    cpu_index_tuple_cost: rows,
    cpu_operator_cost: rows * (conditions(predicate) + conditions(condition)) + Math.log2(Math.max(2, all)),
  };
};

const searchGraph: Count = (op, _context, rows, statistics) => {
  const visited = numberOf(op.details['efSearch'], rows) * hnswNeighbours;
  const seen = Math.min(rowsOfTable(op, statistics), visited);
  return {
    random_page_cost: seen,
    cpu_tuple_cost: rows,
    cpu_index_tuple_cost: seen,
    cpu_operator_cost: seen,
  };
};

const searchLists: Count = (op, _context, rows, statistics) => {
  const seen = rowsOfTable(op, statistics) * probedShare(op, statistics);
  return {
    seq_page_cost: seen / 10,
    cpu_tuple_cost: rows,
    cpu_index_tuple_cost: seen,
    cpu_operator_cost: seen,
  };
};

const hash: Count = (_op, { inputRows: [outer = 0, inner = 0] }, rows) => ({
  cpu_operator_cost: outer + inner,
  cpu_tuple_cost: inner + rows,
});

const pairs: Count = (_op, context, rows) => ({
  cpu_operator_cost: countPairs(context),
  cpu_tuple_cost: Math.max(countPairs(context) / 4, rows),
});

const each =
  (share: (op: OperatorNode) => number): Count =>
  (op, context) => ({ cpu_operator_cost: inputOf(context) * share(op) });

const counts: Readonly<Record<OperatorNode['type'], Count>> = {
  seq_scan: scanTable,
  index_scan: scanIndex,
  hnsw_scan: searchGraph,
  ivf_flat_scan: searchLists,
  nested_loop_join: pairs,
  hash_join: hash,
  merge_join: (_op, context, rows) => ({ cpu_operator_cost: inputOf(context), cpu_tuple_cost: rows }),
  aggregate: each(({ details }) => Math.max(1, listOf(details['functions'] ?? details['Output']).length)),
  group_by: (op, context, rows) => ({
    cpu_operator_cost:
      inputOf(context) *
      (listOf(op.details['keys'] ?? op.details['groupKeys']).length +
        listOf(op.details['functions']).length || 1),
    cpu_tuple_cost: rows,
  }),
  filter: each(({ details }) => Math.max(1, conditions(details['predicate']))),
  project: each(({ details }) => Math.max(1, listOf(details['columns']).length)),
  // Two operators a comparison.
  sort: (_op, context) => ({
    cpu_operator_cost: 2 * inputOf(context) * Math.log2(Math.max(2, inputOf(context))),
  }),
  limit: () => ({}),
  vector_distance: each(() => 1),
  rerank: each(() => 1),
  materialize: each(() => 2),
  append: (_op, context) => ({ cpu_tuple_cost: inputOf(context) / 2 }),
  write: (op, context) => ({
    cpu_tuple_cost: inputOf(context),
    seq_page_cost: (inputOf(context) * numberOf(op.facts.rowBytes, 100)) / pageBytes,
  }),
  transform: each(() => 1),
  result: (_op, context) => ({ cpu_tuple_cost: inputOf(context) }),
  other: (_op, context, rows) => ({ cpu_tuple_cost: Math.max(inputOf(context), rows) }),
};

/** What an operator does to give its rows. */
export function countWork(
  op: OperatorNode,
  context: CostContext,
  rows: number,
  statistics: Statistics,
): PostgresWork {
  return counts[op.type](op, context, rows, statistics);
}
