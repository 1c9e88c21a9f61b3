// What DuckDB says of a statement: the shape of its plan, functions that are not the same twice, what tables are like.
import { createHash } from 'node:crypto';
import { parseDuckDbExplain } from '../../dag/index.ts';
import type { TableState } from './table-state.ts';
import type { PlanInspector, SteeredDatabase } from './database.ts';
import type { PlanFacts } from './plan-facts.ts';
import { judgeOrder } from './result-order.ts';
import type { SqlToken } from './sql-tokens.ts';
import { findCalledNames } from './statement-class.ts';
import type { PassReason } from './statement-class.ts';

interface DuckDbNode {
  readonly name: string;
  readonly children: readonly DuckDbNode[];
  readonly extra_info: Readonly<Record<string, unknown>>;
}

/** Reads plans and catalog of DuckDB. */
export const duckdbInspector: PlanInspector = {
  readPlan: readDuckDbPlan,
  findObjection: findDuckDbObjection,
  readTableStates: readDuckDbTables,
  findVectorIndex: () => Promise.resolve(null),
};

function readDuckDbPlan(explained: unknown): PlanFacts {
  const dag = parseDuckDbExplain(explained);
  const parsed: unknown = typeof explained === 'string' ? JSON.parse(explained) : explained;
  const top = (Array.isArray(parsed) ? parsed[0] : parsed) as DuckDbNode;
  const nodes = all(top);
  const rows = nodes.map((node) => Number(node.extra_info['Estimated Cardinality'] ?? 0));
  const tables = nodes.map((node) => node.extra_info['Table']).filter((table) => typeof table === 'string');
  return {
    dag,
    // DuckDB says no costs: the rows that all its operators give.
    cost: rows.reduce((sum, each) => sum + each, 0),
    rows: rows[0]!,
    signature: createHash('sha1')
      .update(JSON.stringify(shapeOf(top)))
      .digest('base64url'),
    tables: [...new Set(tables)],
    schemas: [],
    nodeTypes: [...new Set(nodes.map(({ name }) => name))],
    calledNames: [],
    orderedIndex: null,
    orderedRows: 0,
    isFiltered: false,
  };
}

const all = (node: DuckDbNode): DuckDbNode[] => [node, ...node.children.flatMap(all)];

function shapeOf({ name, extra_info, children }: DuckDbNode): object {
  const facts = Object.entries(extra_info).filter(([fact]) => fact !== 'Estimated Cardinality');
  return [
    name,
    JSON.stringify(facts).replace(/'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b/g, '?'),
    children.map(shapeOf),
  ];
}

const functionFacts = `
  SELECT function_name AS name, bool_or(stability = 'VOLATILE') AS is_volatile, bool_or(function_type = 'aggregate') AS is_aggregate,
    bool_or(function_type LIKE '%macro%' AND NOT internal) AS has_body
  FROM duckdb_functions() WHERE list_contains($1::VARCHAR[], function_name) GROUP BY 1`;

const doubtful = `
  SELECT view_name AS name FROM duckdb_views() WHERE NOT internal AND list_contains($1::VARCHAR[], view_name)
  UNION ALL SELECT column_name FROM duckdb_columns() WHERE NOT internal AND data_type IN ('FLOAT', 'DOUBLE')
    AND list_contains($1::VARCHAR[], column_name)`;

async function findDuckDbObjection(
  database: SteeredDatabase,
  tokens: readonly SqlToken[],
  _plan: PlanFacts,
  mayDecideOrder: boolean,
): Promise<PassReason | null> {
  const functions = (await database.ask(functionFacts, [toList(findCalledNames(tokens))])) ?? [];
  if (functions.some((row) => row['is_volatile'] === true || row['has_body'] === true)) return 'volatile';
  if (mayDecideOrder) return null;
  const aggregates = new Set(
    functions.flatMap((row) => (row['is_aggregate'] === true ? [String(row['name'])] : [])),
  );
  const needs = judgeOrder(tokens, (name) => aggregates.has(name));
  // Without a look at unique keys, which DuckDB does not enforce by default.
  if (!needs || needs.uniqueKeys.length > 0) return 'order';
  const words = tokens.flatMap(({ kind, text }) =>
    kind === 'word' ? [text] : kind === 'name' ? [text.slice(1, -1)] : [],
  );
  const found = (await database.ask(doubtful, [toList(words)])) ?? [];
  const isView = found.length > 0;
  return isView || (needs.exactColumns.length > 0 && words.some((word) => floatWords.has(word)))
    ? 'order'
    : null;
}

const floatWords = new Set(['float', 'float4', 'float8', 'real', 'double', 'avg', 'stddev', 'variance']);

/** Values of lists are given as text: the driver takes no arrays without their type. */
const toList = (names: readonly string[]): string =>
  `[${[...new Set(names)].map((name) => `'${name.replaceAll("'", "''")}'`).join(', ')}]`;

const tableStates = `
  SELECT concat_ws('.', database_name, schema_name, table_name) AS table, estimated_size AS rows,
    concat_ws(' ', table_oid, column_count, index_count) AS schema
  FROM duckdb_tables() WHERE list_contains($1::VARCHAR[], concat_ws('.', database_name, schema_name, table_name))`;

async function readDuckDbTables(database: SteeredDatabase, tables: readonly string[]): Promise<TableState[]> {
  const rows = (await database.ask(tableStates, [toList(tables)])) ?? [];
  return rows.map((row) => ({
    table: String(row['table']),
    schema: String(row['schema']),
    statistics: '',
    // Of eight bytes a row, as a measure of growth.
    sizeBytes: Number(row['rows']) * 8,
  }));
}
