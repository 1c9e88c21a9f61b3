// What scores of a plan cost, by mechanism: at 100 operators beside the document's 100 µs, at 10,000 with the growth. Plans
// are as planners make them: scans, joins of two inputs, single operators between.
import {
  CausalConeAttention,
  CriticalPathAttention,
  HierarchicalLorentzAttention,
  MinCutGatedAttention,
  ParallelBranchAttention,
  TemporalBtspAttention,
  TopologicalAttention,
} from '../../src/dag/index.ts';
import type { DagAttention, QueryDag } from '../../src/dag/index.ts';
import { buildPlanTree } from '../support/dag/random-plan.ts';
import { createRandom } from '../support/random.ts';
import { fitExponent } from './dag/growth.ts';
import { median } from './harness.ts';
import type { BenchTopic } from './harness.ts';

const bench = 'dag.attention';
const GOAL_US = 100;
const sizes = [100, 1000, 10_000];
/** Scores of as many plans are timed. */
const repeats = new Map([
  [100, 500],
  [1000, 20],
  [10_000, 1],
]);

export const topics: readonly BenchTopic[] = [
  {
    name: bench,
    async *cases() {
      const plans = new Map(sizes.map((operators) => [operators, buildPlan(operators)]));
      for (const mechanism of createMechanisms()) {
        const measureAt = (operators: number): number =>
          measure(mechanism, plans.get(operators)!, repeats.get(operators)!);
        const base = { bench, better: 'lower', anchor: null } as const;
        yield {
          ...base,
          case: `${mechanism.type}, 100 operators`,
          unit: 'µs',
          anchorName: 'no anchor: the document promises 100 µs',
          ours: async () => measureAt(100),
          goal: (us) => us <= GOAL_US,
        };
        yield {
          ...base,
          case: `${mechanism.type}, 10,000 operators`,
          unit: 'ms',
          runs: 2,
          anchorName: 'no anchor: the growth is below',
          ours: async () => measureAt(10_000) / 1000,
        };
        yield {
          ...base,
          case: `${mechanism.type}, growth from 100 to 10,000`,
          unit: 'exponent',
          runs: 1,
          warmup: false,
          anchorName: 'no anchor: least squares on logarithms of medians',
          ours: async () => fitExponent(sizes, sizes.map(measureAt)),
        };
      }
    },
  },
];

/** With rates, so that the gated mechanism has a cut to find; no join needs all, so that it is a flow. */
function buildPlan(operators: number): QueryDag {
  const random = createRandom(operators);
  const dag = buildPlanTree(random, operators);
  for (const { id } of dag.nodes()) dag.updateNode(id, { serviceRate: 1000 + Math.floor(random() * 1e6) });
  return dag;
}

function createMechanisms(): DagAttention[] {
  return [
    new TopologicalAttention(),
    new CausalConeAttention(),
    new CriticalPathAttention(),
    new MinCutGatedAttention({ flow: 'routed' }),
    new HierarchicalLorentzAttention(),
    new ParallelBranchAttention(),
    new TemporalBtspAttention(),
  ];
}

/** µs, median. */
function measure(mechanism: DagAttention, dag: QueryDag, times: number): number {
  return median(
    Array.from({ length: times }, () => {
      const startMs = performance.now();
      mechanism.forward(dag);
      return (performance.now() - startMs) * 1000;
    }),
  );
}
