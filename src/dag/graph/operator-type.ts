// What an operator of a query plan or a pipeline does.

/** Operators, by the names of query plans. The values stand in JSON and in the binary form. */
export const OperatorType = {
  SeqScan: 'seq_scan',
  IndexScan: 'index_scan',
  HnswScan: 'hnsw_scan',
  IvfFlatScan: 'ivf_flat_scan',
  NestedLoopJoin: 'nested_loop_join',
  HashJoin: 'hash_join',
  MergeJoin: 'merge_join',
  Aggregate: 'aggregate',
  GroupBy: 'group_by',
  Filter: 'filter',
  Project: 'project',
  Sort: 'sort',
  Limit: 'limit',
  VectorDistance: 'vector_distance',
  Rerank: 'rerank',
  Materialize: 'materialize',
  /** Rows of several inputs one after another or merged: append, gather, union. */
  Append: 'append',
  /** Writes rows: insert, update, delete, a sink of a pipeline. */
  Write: 'write',
  /** A stage of a pipeline that is none of the others. */
  Transform: 'transform',
  Result: 'result',
  /** What a plan calls by a name that is not known here; `details.name` has it. */
  Other: 'other',
} as const;

/** One of {@link OperatorType}. */
export type OperatorType = (typeof OperatorType)[keyof typeof OperatorType];

/** All of them, in the order of their numbers in the binary form: only ever append. */
export const operatorTypes: readonly OperatorType[] = Object.values(OperatorType);

/** True for the name of an operator. */
export function isOperatorType(value: unknown): value is OperatorType {
  return operatorTypes.includes(value as OperatorType);
}
