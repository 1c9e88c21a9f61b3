// A graph as EXPLAIN (FORMAT JSON, ANALYZE) of PostgreSQL, for tools that draw such plans. A plan is a tree: an operator
// whose rows go to several others becomes a CTE, which they scan. `parsePostgresExplain` gives the same facts again.
import { mostLevels } from './draft.ts';
import { noPlanError } from './errors.ts';
import type { OperatorNode } from './operator-node.ts';
import { postgresDetailNames, postgresNameOf } from './postgres-names.ts';
import { planRuns } from './postgres-node.ts';
import type { Planned, PlannedRuns } from './postgres-node.ts';
import type { QueryDag } from './query-dag.ts';

type Fields = Record<string, unknown>;

/** An operator at its place in the tree. */
interface Twig extends Planned {
  readonly node: OperatorNode | null;
  planRows: number | undefined;
  readonly below: Twig[];
  /** Its time with everything that runs within it; null where nothing was measured. */
  readonly ms: number | null;
  /** Its cost with everything below it. */
  cost: number;
}

/** What EXPLAIN (FORMAT JSON) gives, as `JSON.parse` makes it. */
export type PostgresExplain = readonly [{ readonly Plan: Readonly<Record<string, unknown>> }];

/**
 * A graph in the form of PostgreSQL's EXPLAIN. Numbers are those of one loop of one process; times and costs include
 * what stands below; a startup is 0, because nobody knows it.
 * @throws RuvectorError `ERR_DAG_PLAN` for a graph without operators, or one that is deeper than any plan
 */
export function buildPostgresExplain(dag: QueryDag): PostgresExplain {
  const sinks = dag.sinks();
  if (sinks.length === 0) throw noPlanError('it has no operator');
  if (dag.layout().depth.some((depth) => depth >= mostLevels)) {
    throw noPlanError(`its operators are more than ${mostLevels} levels deep`);
  }
  const tree = new TreeOfDag(dag);
  const roots = sinks.map((id) => tree.twig(id, ''));
  const root = roots.length === 1 ? roots[0]! : appendOf(roots);
  root.below.push(...tree.shared());
  sumCosts(root);
  return [{ Plan: render(root, 1, 1, 1) }];
}

/** Puts every operator at one place. */
class TreeOfDag {
  readonly #dag: QueryDag;
  readonly #times: Times;
  readonly #shared = new Map<number, { readonly name: string; readonly twig: Twig | null }>();

  constructor(dag: QueryDag) {
    this.#dag = dag;
    this.#times = findTimes(dag);
  }

  /** What several operators read, as CTEs. */
  shared(): Twig[] {
    return [...this.#shared.values()].map(({ twig }) => twig!);
  }

  twig(id: number, relationship: string): Twig {
    const node = this.#dag.node(id);
    const inputs = this.#dag.parents(id);
    const below = inputs.flatMap((input, at) => this.#below(input, node, at));
    const cte =
      nameOf(node) === 'CTE Scan' ? inputs.find((input) => isCte(this.#dag.node(input))) : undefined;
    return {
      node,
      name: nameOf(node),
      relationship,
      below,
      planRows: undefined,
      fields: { ...fieldsOf(node), ...(cte !== undefined && { 'CTE Name': this.#shared.get(cte)!.name }) },
      cost: node.facts.estimatedCost ?? 0,
      ms: this.#times.whole.get(id)!,
    };
  }

  #below(id: number, reader: OperatorNode, at: number): Twig[] {
    const node = this.#dag.node(id);
    const readers = this.#dag.children(id);
    if (isCte(node)) {
      this.#share(id, String(node.details['Subplan Name']).slice('CTE '.length));
      return [];
    }
    if (node.details['Parent Relationship'] === 'InitPlan') {
      return readers[0] === reader.id ? [this.twig(id, 'InitPlan')] : [];
    }
    if (readers.length === 1) return [this.twig(id, relationshipOf(node.details, reader, at))];
    this.#share(id, `operator ${id}`);
    const ms = this.#times.whole.get(id) === null ? null : this.#times.parts.get(reader.id)!.get(id)!;
    return [scanOf(`operator ${id}`, relationshipOf({}, reader, at), ms)];
  }

  /** CTEs stand side by side here: those of one name, which stood within each other, get another one. */
  #share(id: number, wanted: string): void {
    if (this.#shared.has(id)) return;
    const isTaken = this.#shared.values().some(({ name }) => name === wanted);
    const name = isTaken ? `${wanted} ${id}` : wanted;
    const held = { name, twig: null as Twig | null };
    this.#shared.set(id, held);
    const twig = this.twig(id, 'InitPlan');
    held.twig = { ...twig, fields: { ...twig.fields, 'Subplan Name': `CTE ${name}` } };
  }
}

const isCte = ({ details }: OperatorNode): boolean =>
  details['Parent Relationship'] === 'InitPlan' && String(details['Subplan Name']).startsWith('CTE ');

const nameOf = ({ type, details: { name } }: OperatorNode): string =>
  typeof name === 'string' ? name : postgresNameOf(type);

function relationshipOf(details: OperatorNode['details'], { type }: OperatorNode, at: number): string {
  const told = details['Parent Relationship'];
  if (typeof told === 'string') return told;
  if (type === 'append') return 'Member';
  return at === 0 ? 'Outer' : 'Inner';
}

const fieldNames = new Map(Object.entries(postgresDetailNames).map(([field, name]) => [name, field]));

function fieldsOf({ details }: OperatorNode): Fields {
  const kept = Object.entries(details).filter(
    ([name]) => !['loops', 'name', 'Parent Relationship'].includes(name),
  );
  return Object.fromEntries(kept.map(([name, value]) => [fieldNames.get(name) ?? name, value]));
}

function appendOf(below: readonly Twig[]): Twig {
  const isMeasured = below.some(({ ms }) => ms !== null);
  const ms = below.reduce((sum, twig) => sum + (twig.ms ?? 0), 0);
  const members = below.map((twig) => ({ ...twig, relationship: 'Member' }));
  return {
    node: null,
    name: 'Append',
    relationship: '',
    planRows: undefined,
    fields: {},
    cost: 0,
    below: members,
    ms: isMeasured ? ms : null,
  };
}

const scanOf = (cte: string, relationship: string, ms: number | null): Twig => ({
  node: null,
  name: 'CTE Scan',
  relationship,
  planRows: undefined,
  fields: { 'CTE Name': cte },
  below: [],
  ms,
  cost: 0,
});

/** Times of a graph. */
interface Times {
  /** Of each operator with what it reads; null where nothing was measured. */
  readonly whole: ReadonlyMap<number, number | null>;
  /** Of what each operator reads, the part that ran within it. */
  readonly parts: ReadonlyMap<number, ReadonlyMap<number, number>>;
}

/** Those who read the same share its time by what they take themselves, as the parser does. */
function findTimes(dag: QueryDag): Times {
  const whole = new Map<number, number | null>();
  const parts = new Map<number, Map<number, number>>(dag.nodes().map(({ id }) => [id, new Map()]));
  const ownOf = (id: number): number => dag.node(id).facts.exclusiveMs ?? 0;
  for (const id of dag.topologicalOrder()) {
    const ms = parts
      .get(id)!
      .values()
      .reduce((sum, part) => sum + part, ownOf(id));
    whole.set(id, dag.node(id).facts.exclusiveMs === undefined && ms === 0 ? null : ms);
    const readers = dag.children(id);
    const all = readers.reduce((sum, reader) => sum + ownOf(reader), 0);
    // A CTE that nobody scans runs when the rest is done.
    const isRunLast =
      isCte(dag.node(id)) && readers.every((reader) => nameOf(dag.node(reader)) !== 'CTE Scan');
    for (const reader of readers) {
      const part = all > 0 ? ownOf(reader) / all : 1 / readers.length;
      parts.get(reader)!.set(id, isRunLast ? 0 : ms * part);
    }
  }
  return { whole, parts };
}

function sumCosts(twig: Twig): number {
  for (const next of twig.below) twig.cost += sumCosts(next);
  return twig.cost;
}

/** @param paid what a unit of its cost is in the cost of the whole plan */
function render(twig: Twig, runs: number, outerRuns: number, paid: number): Fields {
  const facts = twig.node?.facts ?? {};
  const { estimatedRows, estimatedCost, rowBytes, actualRows } = facts;
  twig.planRows = estimatedRows === undefined ? undefined : estimatedRows / runs;
  const ran = twig.ms !== null || actualRows !== undefined;
  return {
    'Node Type': twig.name,
    ...twig.fields,
    ...(twig.relationship && { 'Parent Relationship': twig.relationship }),
    ...(estimatedCost !== undefined && { 'Startup Cost': 0, 'Total Cost': twig.cost / paid }),
    ...(twig.planRows !== undefined && { 'Plan Rows': twig.planRows }),
    ...(rowBytes !== undefined && { 'Plan Width': rowBytes }),
    ...(twig.ms !== null && { 'Actual Startup Time': 0, 'Actual Total Time': twig.ms }),
    ...(ran && { 'Actual Rows': actualRows ?? 0, 'Actual Loops': twig.node?.details['loops'] === 0 ? 0 : 1 }),
    ...(twig.below.length > 0 && { Plans: renderBelow(twig, runs, outerRuns, paid) }),
  };
}

function renderBelow(twig: Twig, runs: number, outerRuns: number, paid: number): Fields[] {
  const rendered = new Map<Twig, Fields>();
  const renderOne = (next: Twig): void => {
    const { rows, cost }: PlannedRuns = planRuns(twig, next, runs, outerRuns);
    rendered.set(next, render(next, rows, runs, paid * cost));
  };
  // What an inner side costs follows from the rows of the outer one.
  const [inner, others] = [
    twig.below.filter(({ relationship }) => relationship === 'Inner'),
    twig.below.filter(({ relationship }) => relationship !== 'Inner'),
  ];
  for (const next of [...others, ...inner]) renderOne(next);
  return twig.below.map((next) => rendered.get(next)!);
}
