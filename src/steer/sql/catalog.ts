// What PostgreSQL's catalog says of a statement: functions that may do more than compute, columns of floats, unique keys,
// what a table was when its plans were made.
import { judgeOrder } from './result-order.ts';
import type { TableState } from './table-state.ts';
import type { PlanInspector, SteeredDatabase } from './database.ts';
import { readPlanFacts } from './plan-facts.ts';
import type { PlanFacts } from './plan-facts.ts';
import type { PassReason } from './statement-class.ts';
import { findCalledNames } from './statement-class.ts';
import { tokenizeSql } from './sql-tokens.ts';
import type { SqlToken } from './sql-tokens.ts';

/** The catalog could not be asked: a transaction was open. */
export class CatalogBusy extends Error {}

/** Reads plans and catalog of PostgreSQL. */
export const postgresInspector: PlanInspector = {
  readPlan: readPlanFacts,
  findObjection,
  readTableStates,
  findVectorIndex,
};

type Row = Readonly<Record<string, unknown>>;

async function ask(
  database: SteeredDatabase,
  sql: string,
  values: readonly unknown[],
): Promise<readonly Row[]> {
  const rows = await database.ask(sql, values);
  if (rows === null) throw new CatalogBusy();
  return rows;
}

const functionFacts = `
  SELECT p.proname AS name, bool_or(p.provolatile = 'v') AS is_volatile,
    bool_or(l.lanname NOT IN ('internal', 'c') AND p.pronamespace <> 'pg_catalog'::regnamespace) AS has_body, bool_or(p.prokind = 'a') AS is_aggregate,
    bool_or(p.prorettype IN ('float4'::regtype, 'float8'::regtype)) AS gives_floats
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  WHERE p.proname = ANY($1::text[]) GROUP BY 1`;

const viewTexts = `
  SELECT c.relname AS name, pg_catalog.pg_get_viewdef(c.oid) AS text FROM pg_catalog.pg_class c
  WHERE c.relkind = 'v' AND c.relname = ANY($1::text[])`;

const floatColumns = `
  SELECT 1 AS found FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = ANY($1::regclass[]) AND a.attname = ANY($2::text[]) AND NOT a.attisdropped
    AND a.atttypid IN ('float4'::regtype, 'float8'::regtype) LIMIT 1`;

const uniqueKeys = `
  SELECT ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)) AS columns
  FROM pg_catalog.pg_index i
  WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
    AND i.indimmediate AND i.indnkeyatts = i.indnatts AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) AND NOT a.attnotnull)`;

const tableStates = `
  SELECT t.name AS table, pg_catalog.pg_relation_size(c.oid)::float8 AS bytes,
    concat_ws(' ', c.oid, c.xmin, c.relfilenode, (SELECT string_agg(concat(i.indexrelid, i.indisvalid), ',' ORDER BY i.indexrelid)
      FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid)) AS schema,
    concat_ws(' ', pg_catalog.pg_stat_get_last_analyze_time(c.oid), pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid)) AS statistics
  FROM unnest($1::text[]) t(name) JOIN pg_catalog.pg_class c ON c.oid = to_regclass(t.name)`;

/** Functions that may be asked for a whole number, and then give a whole float. */
const roundings = new Set('abs round ceil ceiling floor trunc sign'.split(' '));
/** Results of these depend on settings. */
const tellsSettings = new Set(['current_setting', 'pg_show_all_settings']);
const floatTypes = new Set(['float', 'float4', 'float8', 'real', 'double']);
/** Operators that give whole and decimal numbers for such numbers. */
const exactOperator = /^(?:[-+*/%<>=]|<=|>=|<>|!=|\|\||::|->|->>|~|!~|~\*|&|\||<<|>>|@>|<@|\?)$/;

/** @returns why a statement is not to be steered, null when nothing is against it */
async function findObjection(
  database: SteeredDatabase,
  tokens: readonly SqlToken[],
  { tables, calledNames }: PlanFacts,
  mayDecideOrder: boolean,
): Promise<PassReason | null> {
  const views = await collectViews(database, tokens);
  if (views === null) return 'unreadable';
  const texts = [tokens, ...views];
  const names = [...new Set([...texts.flatMap(findCalledNames), ...calledNames])];
  if (names.some((name) => tellsSettings.has(name))) return 'catalog';
  const functions = await ask(database, functionFacts, [names]);
  if (functions.some((row) => row['is_volatile'] === true || row['has_body'] === true)) return 'volatile';
  if (mayDecideOrder) return null;
  const aggregates = new Set(
    functions.flatMap((row) => (row['is_aggregate'] === true ? [String(row['name'])] : [])),
  );
  for (const text of texts) {
    const isSettled = await isOrderSettled(database, text, aggregates, functions, tables);
    if (!isSettled) return 'order';
  }
  return null;
}

async function isOrderSettled(
  database: SteeredDatabase,
  tokens: readonly SqlToken[],
  aggregates: ReadonlySet<string>,
  functions: readonly Row[],
  tables: readonly string[],
): Promise<boolean> {
  const needs = judgeOrder(tokens, (name) => aggregates.has(name));
  if (!needs) return false;
  if (needs.exactColumns.length > 0) {
    const givesFloats = functions.some(
      (row) =>
        row['gives_floats'] === true &&
        !aggregates.has(String(row['name'])) &&
        !roundings.has(String(row['name'])),
    );
    if (givesFloats || tokens.some(isFloatToken)) return false;
    const found = await ask(database, floatColumns, [tables, wordsOf(tokens)]);
    if (found.length > 0) return false;
  }
  for (const { table, columns } of needs.uniqueKeys) {
    const keys = await ask(database, uniqueKeys, [table]);
    if (!keys.some((row) => (row['columns'] as string[]).every((column) => columns.includes(column))))
      return false;
  }
  return true;
}

const isFloatToken = ({ kind, text }: SqlToken): boolean =>
  (kind === 'word' && floatTypes.has(text)) || (kind === 'operator' && !exactOperator.test(text));

const wordsOf = (tokens: readonly SqlToken[]): string[] => [
  ...new Set(
    tokens.flatMap(({ kind, text }) =>
      kind === 'word' ? [text] : kind === 'name' ? [text.replace(/^.*?"|"$/g, '')] : [],
    ),
  ),
];

const DEEPEST_VIEW = 8;

/** The texts of all views that the words may name, and of those below; null when one cannot be read. */
async function collectViews(
  database: SteeredDatabase,
  tokens: readonly SqlToken[],
): Promise<SqlToken[][] | null> {
  const seen = new Map<string, SqlToken[]>();
  let words = wordsOf(tokens);
  for (let depth = 0; words.length > 0; depth++) {
    if (depth > DEEPEST_VIEW) return null;
    const rows = await ask(database, viewTexts, [words]);
    const fresh = rows.filter((row) => !seen.has(String(row['text'])));
    words = [];
    for (const row of fresh) {
      const parts = tokenizeSql(String(row['text']).replace(/;\s*$/, ''));
      if (!parts) return null;
      seen.set(String(row['text']), parts);
      words.push(...wordsOf(parts));
    }
  }
  return [...seen.values()];
}

const hnswIndexes = `
  SELECT greatest(t.reltuples, 1)::float8 AS rows FROM pg_catalog.pg_class i JOIN pg_catalog.pg_am a ON a.oid = i.relam
  JOIN pg_catalog.pg_index x ON x.indexrelid = i.oid JOIN pg_catalog.pg_class t ON t.oid = x.indrelid
  WHERE a.amname = 'hnsw' AND i.relname = $1`;

/** @returns the rows of the table that an HNSW index is of; null when the index is another one */
async function findVectorIndex(database: SteeredDatabase, name: string): Promise<number | null> {
  const [row] = await ask(database, hnswIndexes, [name]);
  return row ? Number(row['rows']) : null;
}

/** What tables are like now; those that are gone are left out. */
async function readTableStates(database: SteeredDatabase, tables: readonly string[]): Promise<TableState[]> {
  const rows = tables.length === 0 ? [] : await ask(database, tableStates, [tables]);
  return rows.map((row) => ({
    table: String(row['table']),
    schema: String(row['schema']),
    statistics: String(row['statistics']),
    sizeBytes: Number(row['bytes']),
  }));
}
