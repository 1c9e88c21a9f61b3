// Reads EXPLAIN (FORMAT JSON[, ANALYZE]) of PostgreSQL and PGlite, of any version: fields and operators that are not
// known are kept by their names. https://www.postgresql.org/docs/current/sql-explain.html
import { buildDagOf, detailsOf, PlanChecks } from './draft.ts';
import type { DraftOperator, PlanFields } from './draft.ts';
import { postgresDetailNames, typeOfPostgresNode } from './postgres-names.ts';
import type { PostgresNode } from './postgres-node.ts';
import { sharePlan } from './postgres-shares.ts';
import type { PostgresShares } from './postgres-shares.ts';
import type { QueryDag } from './query-dag.ts';

const checks = new PlanChecks('PostgreSQL');

/**
 * A plan of PostgreSQL as a graph. Rows are those of all loops and processes, times and costs those of the operator
 * alone: an operator that never ran has 0 of them. Ids count from the scans up.
 * @param explain text, or what the driver made of it: the list, its one entry, or the row with `QUERY PLAN`
 * @throws RuvectorError `ERR_DAG_PLAN` with the path of the operator
 */
export function parsePostgresExplain(explain: unknown): QueryDag {
  const nodes: PostgresNode[] = [];
  parseNode(nodes, 'Plan', takePlan(explain), null, 1);
  const shares = sharePlan(nodes);
  const drafts = new Map<PostgresNode, DraftOperator>();
  return buildDagOf(nodes.map((node) => draftOf(node, shares, drafts)));
}

function takePlan(explain: unknown): unknown {
  let value = checks.fromText(explain);
  for (let depth = 0; depth < 4; depth++) {
    if (Array.isArray(value)) {
      if (value.length !== 1) throw checks.error('document', `it holds ${value.length} plans, not one`);
      value = value[0];
    }
    const fields = checks.object('document', value);
    if ('Plan' in fields) return fields['Plan'];
    if (!('QUERY PLAN' in fields)) break;
    value = checks.fromText(fields['QUERY PLAN']);
  }
  throw checks.error('document', 'it has no "Plan"');
}

function parseNode(
  nodes: PostgresNode[],
  path: string,
  value: unknown,
  above: PostgresNode | null,
  depth: number,
): PostgresNode {
  checks.level(path, depth);
  const fields = checks.object(path, value);
  const name = fields['Node Type'];
  if (typeof name !== 'string') throw checks.error(path, 'it has no "Node Type"');
  const place = `${path} (${name})`;
  const number = (field: string): number | undefined => checks.number(place, fields, field);
  checks.number(place, fields, 'Plan Width');
  const relationship = fields['Parent Relationship'];
  const node: PostgresNode = {
    ...{ place, name, fields, above, below: [] },
    relationship: typeof relationship === 'string' ? relationship : '',
    totalCost: number('Total Cost'),
    planRows: number('Plan Rows'),
    totalMs: number('Actual Total Time'),
    actualRows: number('Actual Rows'),
    loops: number('Actual Loops'),
  };
  nodes.push(node);
  const below = checks.list(`${place}.Plans`, fields['Plans']);
  for (const [at, next] of below.entries()) {
    node.below.push(parseNode(nodes, `${path}.Plans[${at}]`, next, node, depth + 1));
  }
  return node;
}

function draftOf(
  node: PostgresNode,
  plan: PostgresShares,
  drafts: Map<PostgresNode, DraftOperator>,
): DraftOperator {
  const held = drafts.get(node);
  if (held) return held;
  const { fields, name } = node;
  const { rows, cost, actualRows, ms } = plan.shares.get(node)!;
  const rowBytes = checks.number(node.place, fields, 'Plan Width');
  const inputs: DraftOperator[] = [];
  const draft: DraftOperator = {
    type: typeOfPostgresNode(name, fields),
    facts: { estimatedRows: rows, estimatedCost: cost, rowBytes, actualRows, exclusiveMs: ms },
    details: detailsOf(inAll(fields, node.loops ?? 1), nameDetail),
    inputs,
    takenRows: actualRows === undefined ? undefined : takenRows(node, plan),
  };
  drafts.set(node, draft);
  inputs.push(...plan.inputs.get(node)!.map((input) => draftOf(input, plan, drafts)));
  return draft;
}

/** EXPLAIN counts rows that an operator removed by loop too. */
function inAll(fields: PlanFields, loops: number): PlanFields {
  const counted = Object.entries(fields).map(([field, value]) =>
    field.startsWith('Rows Removed by ') && typeof value === 'number'
      ? [field, value * loops]
      : [field, value],
  );
  return Object.fromEntries(counted) as PlanFields;
}

/** Values of subplans are no rows that it works off. */
function takenRows({ below, fields, loops, actualRows }: PostgresNode, { shares }: PostgresShares): number {
  const feeding = below.filter(({ relationship }) => !/^(?:InitPlan|SubPlan)$/.test(relationship));
  if (feeding.length === 0) return ((actualRows ?? 0) + removedRows(fields)) * (loops ?? 0);
  return feeding.reduce((sum, node) => sum + (shares.get(node)!.actualRows ?? 0), 0);
}

function removedRows(fields: PlanFields): number {
  const names = ['Rows Removed by Filter', 'Rows Removed by Index Recheck'];
  return names.reduce((sum, name) => {
    const rows = fields[name];
    return sum + (typeof rows === 'number' && rows > 0 ? rows : 0);
  }, 0);
}

/** Numbers that are facts of an operator by then, in other units. */
const turnedIntoFacts =
  /^(?:Startup Cost|Total Cost|Plan Rows|Plan Width|Actual (?:Startup Time|Total Time|Rows)|Plans|Workers)$/;

function nameDetail(field: string, value: unknown): string | null {
  if (turnedIntoFacts.test(field) || (field.endsWith(' Blocks') && value === 0)) return null;
  return Object.hasOwn(postgresDetailNames, field) ? postgresDetailNames[field]! : field;
}
