// Names of EXPLAIN and ours. https://www.postgresql.org/docs/current/using-explain.html
import { OperatorType } from './operator-type.ts';
import type { PlanFields } from './draft.ts';

/** Types of operators by PostgreSQL's "Node Type"; some depend on other fields. */
const typesByName: Readonly<Record<string, OperatorType>> = {
  'Seq Scan': OperatorType.SeqScan,
  'Sample Scan': OperatorType.SeqScan,
  'Foreign Scan': OperatorType.SeqScan,
  'Function Scan': OperatorType.SeqScan,
  'Table Function Scan': OperatorType.SeqScan,
  'Values Scan': OperatorType.SeqScan,
  'WorkTable Scan': OperatorType.SeqScan,
  'Named Tuplestore Scan': OperatorType.SeqScan,
  'Index Scan': OperatorType.IndexScan,
  'Index Only Scan': OperatorType.IndexScan,
  'Bitmap Index Scan': OperatorType.IndexScan,
  'Bitmap Heap Scan': OperatorType.IndexScan,
  'Tid Scan': OperatorType.IndexScan,
  'Tid Range Scan': OperatorType.IndexScan,
  'Nested Loop': OperatorType.NestedLoopJoin,
  'Hash Join': OperatorType.HashJoin,
  'Merge Join': OperatorType.MergeJoin,
  Aggregate: OperatorType.Aggregate,
  WindowAgg: OperatorType.Aggregate,
  Group: OperatorType.GroupBy,
  Unique: OperatorType.GroupBy,
  SetOp: OperatorType.GroupBy,
  ProjectSet: OperatorType.Project,
  'Subquery Scan': OperatorType.Project,
  Sort: OperatorType.Sort,
  'Incremental Sort': OperatorType.Sort,
  Limit: OperatorType.Limit,
  Hash: OperatorType.Materialize,
  Materialize: OperatorType.Materialize,
  Memoize: OperatorType.Materialize,
  'CTE Scan': OperatorType.Materialize,
  Append: OperatorType.Append,
  'Merge Append': OperatorType.Append,
  'Recursive Union': OperatorType.Append,
  BitmapAnd: OperatorType.Append,
  BitmapOr: OperatorType.Append,
  Gather: OperatorType.Append,
  'Gather Merge': OperatorType.Append,
  ModifyTable: OperatorType.Write,
  Result: OperatorType.Result,
};

/** What an operator that PostgreSQL has no name for is called in a plan of its form. */
const namesByType: Readonly<Record<OperatorType, string>> = {
  seq_scan: 'Seq Scan',
  index_scan: 'Index Scan',
  hnsw_scan: 'HNSW Scan',
  ivf_flat_scan: 'IVFFlat Scan',
  nested_loop_join: 'Nested Loop',
  hash_join: 'Hash Join',
  merge_join: 'Merge Join',
  aggregate: 'Aggregate',
  group_by: 'Group',
  filter: 'Filter',
  project: 'Project',
  sort: 'Sort',
  limit: 'Limit',
  vector_distance: 'Vector Distance',
  rerank: 'Rerank',
  materialize: 'Materialize',
  append: 'Append',
  write: 'ModifyTable',
  transform: 'Transform',
  result: 'Result',
  other: 'Other',
};

const ownTypes = new Map(Object.entries(namesByType).map(([type, name]) => [name, type as OperatorType]));

/** pgvector orders by a distance: https://github.com/pgvector/pgvector#querying */
const distance = /<(?:->|=>|#>|\+>|~>|%>)/;

/** The type of an operator by its fields; a name that is not known gives `Other`. */
export function typeOfPostgresNode(name: string, fields: PlanFields): OperatorType {
  if (name === 'Aggregate' && fields['Strategy'] !== undefined && fields['Strategy'] !== 'Plain') {
    return OperatorType.GroupBy;
  }
  if (name === 'Index Scan' && distance.test(String(fields['Order By']))) {
    const index = String(fields['Index Name']);
    if (/hnsw/i.test(index)) return OperatorType.HnswScan;
    if (/ivf/i.test(index)) return OperatorType.IvfFlatScan;
  }
  const known = Object.hasOwn(typesByName, name) ? typesByName[name] : undefined;
  return known ?? ownTypes.get(name) ?? OperatorType.Other;
}

/** @returns "Node Type" of an operator that no plan named */
export const postgresNameOf = (type: OperatorType): string => namesByType[type];

/** Names of details, by fields of EXPLAIN; others keep theirs. */
export const postgresDetailNames: Readonly<Record<string, string>> = {
  'Node Type': 'name',
  'Relation Name': 'table',
  'Index Name': 'index',
  Filter: 'predicate',
  'Sort Key': 'keys',
  'Group Key': 'groupKeys',
  'Actual Loops': 'loops',
};
