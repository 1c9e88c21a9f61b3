// Reads DuckDB's EXPLAIN (FORMAT JSON) and the profile that EXPLAIN (ANALYZE, FORMAT JSON) or a profiling output of JSON
// gives, of versions 1 and 2. https://duckdb.org/docs/stable/dev/profiling
import { buildDagOf, detailsOf, PlanChecks } from './draft.ts';
import type { DraftOperator, PlanFields } from './draft.ts';
import { OperatorType } from './operator-type.ts';
import type { QueryDag } from './query-dag.ts';

const checks = new PlanChecks('DuckDB');

const typesByName: Readonly<Record<string, OperatorType>> = {
  SEQ_SCAN: OperatorType.SeqScan,
  TABLE_SCAN: OperatorType.SeqScan,
  COLUMN_DATA_SCAN: OperatorType.SeqScan,
  DELIM_SCAN: OperatorType.SeqScan,
  DUMMY_SCAN: OperatorType.SeqScan,
  INDEX_SCAN: OperatorType.IndexScan,
  HNSW_INDEX_SCAN: OperatorType.HnswScan,
  NESTED_LOOP_JOIN: OperatorType.NestedLoopJoin,
  BLOCKWISE_NL_JOIN: OperatorType.NestedLoopJoin,
  CROSS_PRODUCT: OperatorType.NestedLoopJoin,
  POSITIONAL_JOIN: OperatorType.NestedLoopJoin,
  HASH_JOIN: OperatorType.HashJoin,
  RIGHT_DELIM_JOIN: OperatorType.HashJoin,
  LEFT_DELIM_JOIN: OperatorType.HashJoin,
  IE_JOIN: OperatorType.MergeJoin,
  PIECEWISE_MERGE_JOIN: OperatorType.MergeJoin,
  ASOF_JOIN: OperatorType.MergeJoin,
  UNGROUPED_AGGREGATE: OperatorType.Aggregate,
  SIMPLE_AGGREGATE: OperatorType.Aggregate,
  WINDOW: OperatorType.Aggregate,
  STREAMING_WINDOW: OperatorType.Aggregate,
  HASH_GROUP_BY: OperatorType.GroupBy,
  PERFECT_HASH_GROUP_BY: OperatorType.GroupBy,
  PARTITIONED_AGGREGATE: OperatorType.GroupBy,
  FILTER: OperatorType.Filter,
  PROJECTION: OperatorType.Project,
  UNNEST: OperatorType.Project,
  ORDER_BY: OperatorType.Sort,
  TOP_N: OperatorType.Limit,
  LIMIT: OperatorType.Limit,
  STREAMING_LIMIT: OperatorType.Limit,
  LIMIT_PERCENT: OperatorType.Limit,
  CTE: OperatorType.Materialize,
  CTE_SCAN: OperatorType.Materialize,
  UNION: OperatorType.Append,
  RECURSIVE_CTE: OperatorType.Append,
  INSERT: OperatorType.Write,
  UPDATE: OperatorType.Write,
  DELETE_OPERATOR: OperatorType.Write,
  COPY_TO_FILE: OperatorType.Write,
  BATCH_INSERT: OperatorType.Write,
  CREATE_TABLE_AS: OperatorType.Write,
  RESULT_COLLECTOR: OperatorType.Result,
};

/** Stand around a plan only because it is explained. */
const wrappers = /^(?:EXPLAIN_ANALYZE|RESULT_COLLECTOR|EXPLAIN)$/;

/**
 * A plan of DuckDB as a graph. A time is that of the operator alone, summed over threads: CPU time, not what a clock
 * showed. Ids count from the scans up.
 * @param explain text, or its JSON
 * @throws RuvectorError `ERR_DAG_PLAN` with the path of the operator
 */
export function parseDuckDbExplain(explain: unknown): QueryDag {
  const ctes = new Map<string, DraftOperator>();
  const roots = takeRoots(checks.fromText(explain)).flatMap(({ path, value }) =>
    parseNode(path, value, ctes, 1),
  );
  if (roots.length === 0) throw checks.error('document', 'it has no operator');
  return buildDagOf(roots);
}

interface Root {
  readonly path: string;
  readonly value: unknown;
}

/** A list of operators, or a profile: its operators stand below `operator`, before version 2 below `children`. */
function takeRoots(document: unknown): Root[] {
  if (Array.isArray(document))
    return document.map((value, at) => ({ path: `[${at}]`, value: value as unknown }));
  const fields = checks.object('document', document);
  if (nameOf(fields) !== undefined) return [{ path: 'document', value: document }];
  const list = 'operator' in fields ? 'operator' : 'children';
  return checks.list(list, fields[list]).map((value, at) => ({ path: `${list}[${at}]`, value }));
}

function nameOf(fields: PlanFields): string | undefined {
  const name = fields['name'] ?? fields['operator_name'] ?? fields['operator_type'];
  return typeof name === 'string' ? name.trim() : undefined;
}

function parseNode(
  path: string,
  value: unknown,
  ctes: Map<string, DraftOperator>,
  depth: number,
): DraftOperator[] {
  checks.level(path, depth);
  const fields = checks.object(path, value);
  const name = nameOf(fields);
  if (name === undefined) throw checks.error(path, 'it has no name');
  const place = `${path} (${name})`;
  const below = checks.list(`${place}.children`, fields['children']);
  const inner = (at: number): DraftOperator[] =>
    parseNode(`${path}.children[${at}]`, below[at], ctes, depth + 1);
  const extra = checks.object(`${place}.extra_info`, fields['extra_info'] ?? {});
  if (wrappers.test(name)) return below.flatMap((_value, at) => inner(at));
  const inputs: DraftOperator[] = [];
  const draft = { ...readFacts(place, name, fields, extra), inputs };
  if (name === 'CTE' && below.length === 2) {
    const [definition] = inner(0);
    const key = String(extra['Table Index']);
    if (definition) ctes.set(key, definition);
    inputs.push(...inner(1));
    // Nobody scans it: it is still a part of the plan.
    if (definition && !isRead(inputs, definition, new Set())) inputs.push(definition);
  } else if (name === 'CTE_SCAN' && ctes.has(String(extra['CTE Index']))) {
    inputs.push(ctes.get(String(extra['CTE Index']))!);
  } else below.forEach((_value, at) => inputs.push(...inner(at)));
  return [draft];
}

function isRead(drafts: readonly DraftOperator[], wanted: DraftOperator, seen: Set<DraftOperator>): boolean {
  return drafts.some((draft) => {
    if (draft === wanted) return true;
    if (seen.has(draft)) return false;
    seen.add(draft);
    return isRead(draft.inputs, wanted, seen);
  });
}

function readFacts(
  place: string,
  name: string,
  fields: PlanFields,
  extra: PlanFields,
): Omit<DraftOperator, 'inputs'> {
  const number = (...names: string[]): number | undefined => {
    const found = names.find((field) => fields[field] !== undefined);
    return found === undefined ? undefined : checks.number(place, fields, found);
  };
  const seconds = number('timing', 'operator_timing');
  const rows = number('intermediate_rows', 'operator_cardinality');
  const bytes = number('intermediate_size_bytes', 'result_set_size');
  const scanned = number('rows_scanned', 'operator_rows_scanned');
  const isScan = scanned !== undefined && scanned > 0 && rows !== undefined;
  return {
    type: typeOf(name, fields),
    facts: {
      estimatedRows: estimateOf(place, extra),
      actualRows: rows,
      exclusiveMs: seconds === undefined ? undefined : seconds * 1000,
      rowBytes: rows !== undefined && rows > 0 && bytes !== undefined ? bytes / rows : undefined,
    },
    details: { name, ...detailsOf(extra, nameDetail) },
    ...(isScan && { takenRows: scanned }),
  };
}

/** Table functions have names of their own; before version 1.0 an estimate was `~1000 Rows`. */
function typeOf(name: string, fields: PlanFields): OperatorType {
  const kind = String(fields['type'] ?? fields['operator_type']);
  for (const key of [name, kind]) if (Object.hasOwn(typesByName, key)) return typesByName[key]!;
  return /_SCAN$/.test(name) ? OperatorType.SeqScan : OperatorType.Other;
}

function estimateOf(place: string, extra: PlanFields): number | undefined {
  const told = extra['Estimated Cardinality'];
  if (typeof told !== 'string') return checks.number(place, extra, 'Estimated Cardinality');
  const digits = /^~?([\d,]+)(?: Rows)?$/.exec(told.trim())?.[1];
  if (digits === undefined) throw checks.error(place, `its estimate is "${told}"`);
  return Number(digits.replaceAll(',', ''));
}

const detailNames: Readonly<Record<string, string>> = {
  Table: 'table',
  Filters: 'predicate',
  Expression: 'predicate',
  Conditions: 'key',
  Groups: 'groupKeys',
  'Order By': 'keys',
  Aggregates: 'functions',
  Projections: 'columns',
};

function nameDetail(field: string): string | null {
  if (field === 'Estimated Cardinality') return null;
  return Object.hasOwn(detailNames, field) ? detailNames[field]! : field;
}
