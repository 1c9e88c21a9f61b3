// Plans with random rates, for tests and benchmarks of min cut and attention.
import { OperatorNode, OperatorType, operatorTypes, QueryDag } from '../../../src/dag/graph/index.ts';
import type { OperatorOptions } from '../../../src/dag/graph/index.ts';

/** What random plans look like. */
export interface PlanShape {
  readonly operators: number;
  /** Mean number of edges out of an operator, besides those that hold the plan together. */
  readonly extraEdges: number;
  /** Gives an operator its facts. */
  readonly facts?: (random: () => number) => OperatorOptions;
  readonly edgeRate?: (random: () => number) => number;
  readonly types?: readonly OperatorType[];
}

/** Types of which none needs all its inputs: records take one of several ways. */
export const routingTypes: readonly OperatorType[] = [
  OperatorType.SeqScan,
  OperatorType.Filter,
  OperatorType.Append,
  OperatorType.Transform,
];

const wholeRate = (random: () => number): OperatorOptions => ({ serviceRate: Math.floor(random() * 20) });

/** A connected plan; ids are scattered, so that neither order nor place can be read from them. */
export function buildRandomPlan(random: () => number, shape: PlanShape): QueryDag {
  const {
    operators,
    extraEdges,
    facts = wholeRate,
    edgeRate = () => Infinity,
    types = operatorTypes,
  } = shape;
  const dag = new QueryDag();
  const ids = shuffle(
    Array.from({ length: operators }, (_, at) => at * 3 + 1),
    random,
  );
  for (const id of ids) {
    dag.addNode(new OperatorNode(id, types[Math.floor(random() * types.length)]!, facts(random)));
  }
  for (let at = 1; at < operators; at++) {
    const other = ids[Math.floor(random() * at)]!;
    dag.addEdge(other, ids[at]!, { rate: edgeRate(random) });
  }
  if (operators === 1) return dag;
  for (let extra = Math.floor(extraEdges * operators * random()); extra > 0; extra--) {
    const to = 1 + Math.floor(random() * (operators - 1));
    dag.addEdge(ids[Math.floor(random() * to)]!, ids[to]!, { rate: edgeRate(random) });
  }
  return dag;
}

/** A plan as planners make them: scans, joins of two inputs, single operators above; one result. */
export function buildPlanTree(random: () => number, operators: number): QueryDag {
  const dag = new QueryDag();
  const facts = (): OperatorOptions => ({
    estimatedRows: 10 + Math.floor(random() * 1e5),
    estimatedCost: 1 + random() * 1e4,
    rowBytes: 8 + Math.floor(random() * 200),
  });
  dag.addNode(new OperatorNode(0, OperatorType.Result, facts()));
  const open = [0];
  for (let id = 1; id < operators; id++) {
    const at = Math.floor(random() * open.length);
    const parent = open[at]!;
    const isJoin = dag.node(parent).type === OperatorType.HashJoin;
    if (!isJoin || dag.parents(parent).length === 1) open.splice(at, 1);
    const type =
      random() < 0.4 ? OperatorType.HashJoin : random() < 0.5 ? OperatorType.Filter : OperatorType.Sort;
    dag.addNode(new OperatorNode(id, type, facts()));
    dag.addEdge(id, parent);
    open.push(id);
  }
  return dag;
}

/** The same plan with other ids, added in another order. */
export function relabel(
  dag: QueryDag,
  random: () => number,
): { readonly dag: QueryDag; readonly idOf: ReadonlyMap<number, number> } {
  const nodes = shuffle(dag.nodes(), random);
  const fresh = shuffle(
    nodes.map((_, at) => at + 500),
    random,
  );
  const idOf = new Map(nodes.map((node, at) => [node.id, fresh[at]!]));
  const other = new QueryDag();
  for (const { id, type, details, facts } of nodes) {
    other.addNode(new OperatorNode(idOf.get(id)!, type, { details, ...facts }));
  }
  for (const { from, to, rate } of shuffle(dag.edges(), random)) {
    other.addEdge(idOf.get(from)!, idOf.get(to)!, { rate });
  }
  return { dag: other, idOf };
}

function shuffle<T>(values: readonly T[], random: () => number): T[] {
  const shuffled = [...values];
  for (let at = shuffled.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [shuffled[at], shuffled[other]] = [shuffled[other]!, shuffled[at]!];
  }
  return shuffled;
}
