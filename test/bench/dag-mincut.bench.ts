// What a change of one operator's rate costs: the analysis after it, from the flow before it, beside a maximum flow from
// nothing by igraph (C) and NetworkX (Python) after the same change. The growth is that of our own updates.
import { join } from 'node:path';
import { DagMinCutEngine } from '../../src/dag/index.ts';
import type { QueryDag } from '../../src/dag/index.ts';
import { describeArcs } from '../support/dag/plan-arcs.ts';
import { buildRandomPlan, routingTypes } from '../support/dag/random-plan.ts';
import { startJsonChild } from '../support/json-child.ts';
import type { JsonChild } from '../support/json-child.ts';
import { python } from '../support/python.ts';
import { createRandom } from '../support/random.ts';
import { fitExponent } from './dag/growth.ts';
import { median, quantile } from './harness.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const bench = 'dag.mincut';
/** Median goals in µs, by operators. */
const goals: ReadonlyMap<number, number> = new Map([
  [100, 50],
  [1000, 3000],
]);
const GOAL_RATIO = 10;
const CHANGES = { ours: 1000, igraph: 100, networkx: 5 };
const sizes = [100, 300, 1000, 3000, 10_000];

interface Change {
  readonly id: number;
  readonly rate: number;
}

type Library = 'igraph' | 'networkx';

export const topics: readonly BenchTopic[] = [
  {
    name: bench,
    async *cases() {
      await using peer = startJsonChild(python, [join(import.meta.dirname, 'dag-mincut-peer.py')]);
      for (const operators of goals.keys()) yield* compareCases(operators, peer);
      const base = { bench, anchor: null } as const;
      for (const operators of sizes) {
        yield {
          ...base,
          case: `${operators} operators: from nothing, over an update`,
          unit: '×',
          better: 'higher',
          anchorName: 'no anchor: ours by ours',
          runs: 3,
          ours: async () => measureCold(operators) / quantile(measureUpdates(buildPlan(operators), 100), 0.5),
        };
      }
      yield {
        ...base,
        better: 'lower',
        case: 'growth: exponent of operators from 100 to 10,000',
        unit: 'exponent',
        anchorName: 'no anchor: least squares on the logarithms of medians',
        runs: 3,
        ours: async () =>
          fitExponent(
            sizes,
            sizes.map((operators) => median(measureUpdates(buildPlan(operators), 100))),
          ),
      };
    },
  },
];

async function* compareCases(operators: number, peer: JsonChild): AsyncGenerator<BenchCase> {
  const dag = buildPlan(operators);
  await peer.ask(JSON.stringify(describeArcs(dag)));
  const base = { bench, unit: 'µs', better: 'lower', runs: 5 } as const;
  for (const [library, name] of [
    ['networkx', 'NetworkX maximum_flow_value (preflow-push), the graph kept'],
    ['igraph', 'igraph maxflow_value (push-relabel in C), the graph kept'],
  ] as const) {
    yield {
      ...base,
      case: `${operators} operators: an update, p50, beside ${library}`,
      anchorName: name,
      ours: async () => median(measureUpdates(dag, CHANGES.ours)),
      anchor: () => measurePeer(dag, peer, library),
      goal: (ours, ratio) => ours <= goals.get(operators)! && (library === 'igraph' || ratio! >= GOAL_RATIO),
    };
  }
  yield {
    ...base,
    case: `${operators} operators: an update, p99`,
    anchorName: 'no anchor: tail of the case above',
    ours: async () => quantile(measureUpdates(dag, CHANGES.ours), 0.99),
    anchor: null,
  };
}

/** Records take one of several ways through it. */
function buildPlan(operators: number): QueryDag {
  return buildRandomPlan(createRandom(operators), {
    operators,
    extraEdges: 2,
    types: routingTypes,
    facts: (random) => ({ serviceRate: 1000 + Math.floor(random() * 1e5) }),
  });
}

function drawChanges(dag: QueryDag, count: number): Change[] {
  const random = createRandom(count);
  const nodes = dag.nodes();
  return Array.from({ length: count }, () => ({
    id: nodes[Math.floor(random() * nodes.length)]!.id,
    rate: 1000 + Math.floor(random() * 1e5),
  }));
}

/** µs of each update: the rate is written, the whole analysis is read. */
function measureUpdates(dag: QueryDag, count: number): number[] {
  const engine = new DagMinCutEngine();
  engine.analyzeBottlenecks(dag, { flow: 'routed' });
  return drawChanges(dag, count).map(({ id, rate }) => {
    const startMs = performance.now();
    dag.updateNode(id, { serviceRate: rate });
    engine.analyzeBottlenecks(dag, { flow: 'routed' });
    return (performance.now() - startMs) * 1000;
  });
}

/** µs of an analysis by a new engine, median. */
function measureCold(operators: number): number {
  const dag = buildPlan(operators);
  return median(
    Array.from({ length: 20 }, () => {
      const engine = new DagMinCutEngine();
      const startMs = performance.now();
      engine.analyzeBottlenecks(dag, { flow: 'routed' });
      return (performance.now() - startMs) * 1000;
    }),
  );
}

/** µs of the peer, median; its flows are compared with ours. */
async function measurePeer(dag: QueryDag, peer: JsonChild, library: Library): Promise<number> {
  const { placeOf } = dag.layout();
  const changes = drawChanges(dag, CHANGES[library]);
  await peer.ask(JSON.stringify(describeArcs(dag)));
  const question = { library, changes: changes.map(({ id, rate }) => [placeOf.get(id)!, rate]) };
  const { ms, flows } = await peer.ask<{ ms: number[]; flows: number[] }>(JSON.stringify(question));
  const engine = new DagMinCutEngine();
  changes.forEach(({ id, rate }, at) => {
    dag.updateNode(id, { serviceRate: rate });
    const { maxFlow } = engine.analyzeBottlenecks(dag, { flow: 'routed' });
    if (Math.abs(maxFlow - flows[at]!) > 1e-6 * maxFlow) throw new Error(`${library} finds another flow`);
  });
  return median(ms) * 1000;
}
