// What is read off a plan of PostgreSQL beside its graph: its shape without numbers, the tables, what it calls.
import { createHash } from 'node:crypto';
import { parsePostgresExplain } from '../../dag/index.ts';
import type { QueryDag } from '../../dag/index.ts';

/** A plan of a query. */
export interface PlanFacts {
  readonly dag: QueryDag;
  /** The planner's cost of the whole. */
  readonly cost: number;
  readonly rows: number;
  /** The same for plans that do the same. */
  readonly signature: string;
  /** `schema.table`, quoted where needed. */
  readonly tables: readonly string[];
  readonly schemas: readonly string[];
  readonly nodeTypes: readonly string[];
  readonly calledNames: readonly string[];
  /** The vector index that gives rows by distance, null without one. */
  readonly orderedIndex: string | null;
  /** Rows that come out of it, by the planner. */
  readonly orderedRows: number;
  readonly isFiltered: boolean;
}

type PlanNode = Readonly<Record<string, unknown>>;

const childrenOf = (node: PlanNode): readonly PlanNode[] => (node['Plans'] as PlanNode[] | undefined) ?? [];
const all = (node: PlanNode): readonly PlanNode[] => [node, ...childrenOf(node).flatMap(all)];

/** @param explain what EXPLAIN (FORMAT JSON, VERBOSE) gave */
export function readPlanFacts(explain: unknown): PlanFacts {
  const dag = parsePostgresExplain(explain);
  const top = findPlan(explain);
  const nodes = all(top);
  const ordered = nodes.find((node) => node['Order By'] !== undefined && node['Index Name'] !== undefined);
  const relations = nodes.filter((node) => typeof node['Relation Name'] === 'string');
  return {
    dag,
    cost: Number(top['Total Cost']),
    rows: Number(top['Plan Rows']),
    signature: createHash('sha1')
      .update(JSON.stringify(shapeOf(top)))
      .digest('base64url'),
    tables: unique(
      relations.map(
        (node) => `${quoteName(node['Schema'] as string)}.${quoteName(node['Relation Name'] as string)}`,
      ),
    ),
    schemas: unique(relations.map((node) => String(node['Schema']))),
    nodeTypes: unique(nodes.map((node) => String(node['Node Type']))),
    calledNames: unique(nodes.flatMap(findCalls)),
    orderedIndex: ordered ? String(ordered['Index Name']) : null,
    orderedRows: ordered ? Number(ordered['Plan Rows']) : 0,
    isFiltered: ordered?.['Filter'] !== undefined,
  };
}

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];
const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function findPlan(explain: unknown): PlanNode {
  let value: unknown = typeof explain === 'string' ? JSON.parse(explain) : explain;
  // parsePostgresExplain() has found it already; it stands in a list, in a row, or both.
  for (;;) {
    if (Array.isArray(value)) value = value[0];
    const fields = value as PlanNode;
    if ('Plan' in fields) return fields['Plan'] as PlanNode;
    const inner = fields['QUERY PLAN'];
    value = typeof inner === 'string' ? JSON.parse(inner) : inner;
  }
}

const numbers = /(?:Cost|Rows|Width)$|^(?:Disabled|Alias|Schema|Output|Workers Planned)$/;

/** The plan without what the planner estimates, and without constants. */
function shapeOf(node: PlanNode): object {
  const fields = Object.entries(node).filter(([name]) => name !== 'Plans' && !numbers.test(name));
  return [fields.map(([name, value]) => [name, withoutConstants(value)]), childrenOf(node).map(shapeOf)];
}

/** An expression with `?` for its constants; other values are as they are. */
export const withoutConstants = (value: unknown): unknown =>
  typeof value === 'string' ? value.replace(/'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b/g, '?') : value;

/** Names before a parenthesis in the expressions of an operator. */
function findCalls(node: PlanNode): string[] {
  const texts = Object.entries(node).flatMap(([name, value]) => {
    if (name === 'Plans') return [];
    return Array.isArray(value)
      ? value.filter((each) => typeof each === 'string')
      : typeof value === 'string'
        ? [value]
        : [];
  });
  return texts.flatMap((text) =>
    [...text.replace(/'(?:[^']|'')*'/g, "''").matchAll(/([\p{L}_][\p{L}\p{N}_$]*|"(?:[^"]|"")+")\(/gu)].map(
      ([, name]) => (name!.startsWith('"') ? name!.slice(1, -1) : name!),
    ),
  );
}
