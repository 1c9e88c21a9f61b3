// What holds for every mechanism on any plan: rows sum to 1, nothing outside the neighbourhood, ids and order do not matter.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  attentionFeatureCount,
  CausalConeAttention,
  CriticalPathAttention,
  HierarchicalLorentzAttention,
  MinCutGatedAttention,
  ParallelBranchAttention,
  TemporalBtspAttention,
  TopologicalAttention,
} from '../../../../src/dag/attention/index.ts';
import type { AttentionOptions, DagAttention } from '../../../../src/dag/attention/index.ts';
import type { QueryDag } from '../../../../src/dag/graph/index.ts';
import { buildPlanTree, buildRandomPlan, relabel, routingTypes } from '../../../support/dag/random-plan.ts';
import { createRandom } from '../../../support/random.ts';

const seed = Number(process.env['RUVECTOR_TEST_SEED'] ?? Date.now() % 1e9);
process.stdout.write(`invariants of attention: RUVECTOR_TEST_SEED=${seed}\n`);

type Create = (options: AttentionOptions) => DagAttention;

/** Operators that `id` may attend to. */
type Neighborhood = (dag: QueryDag, id: number) => readonly number[];
const everyone: Neighborhood = (dag) => dag.topologicalOrder();

const mechanisms: readonly (readonly [string, Create, Neighborhood])[] = [
  ['TopologicalAttention', (options) => new TopologicalAttention(options), withinTwo],
  [
    'CausalConeAttention',
    (options) => new CausalConeAttention(options),
    (dag, id) => [id, ...dag.ancestors(id), ...dag.descendants(id)],
  ],
  ['CriticalPathAttention', (options) => new CriticalPathAttention(options), everyone],
  ['MinCutGatedAttention', (options) => new MinCutGatedAttention(options), everyone],
  ['HierarchicalLorentzAttention', (options) => new HierarchicalLorentzAttention(options), everyone],
  ['ParallelBranchAttention', (options) => new ParallelBranchAttention(options), besideInTheInnermostFork],
  ['TemporalBtspAttention', (options) => new TemporalBtspAttention(options), everyone],
];

function withinTwo(dag: QueryDag, id: number): number[] {
  const near = (next: (at: number) => number[]): number[] => {
    const one = next(id);
    return [...one, ...one.flatMap(next)];
  };
  return [id, ...near((at) => dag.children(at)), ...near((at) => dag.parents(at))];
}

/** By the definition, with sets: the innermost join of which all outputs of `id` are inputs, and that has operators beside it. */
function besideInTheInnermostFork(dag: QueryDag, id: number): number[] {
  const beside = dag
    .topologicalOrder()
    .filter(
      (other) => other !== id && !dag.ancestors(id).includes(other) && !dag.descendants(id).includes(other),
    );
  for (const join of [...dag.descendants(id), null]) {
    if (!passesAlways(dag, id, join)) continue;
    const inputs = join === null ? dag.sinks() : dag.parents(join);
    if (inputs.length < 2) continue;
    const before = new Set(inputs.flatMap((input) => [input, ...dag.ancestors(input)]));
    const fork = [...before].filter((other) =>
      inputs.every((input) => isOnEveryWay(dag, other, input, inputs)),
    );
    const innermost = dag.topologicalOrder().findLast((other) => fork.includes(other));
    const inside = (other: number): boolean =>
      before.has(other) && (innermost === undefined || dag.descendants(innermost).includes(other));
    if (!inside(id)) continue;
    const found = beside.filter(inside);
    if (found.length > 0) return found;
  }
  return [id];
}

/** Whether all rows of `id` come to `join`; null is the end of the plan. */
function passesAlways(dag: QueryDag, id: number, join: number | null): boolean {
  if (join === null) return true;
  const rest = dag.subgraph(dag.topologicalOrder().filter((other) => other !== join));
  return ![id, ...rest.descendants(id)].some((other) => dag.sinks().includes(other));
}

/** Whether all rows that come to `input` have passed `other`, which is before all inputs. */
function isOnEveryWay(dag: QueryDag, other: number, input: number, inputs: readonly number[]): boolean {
  if (other === input) return inputs.length === 1;
  const rest = dag.subgraph(dag.topologicalOrder().filter((at) => at !== other));
  return ![input, ...rest.ancestors(input)].some((at) => dag.sources().includes(at));
}

function buildPlan(planSeed: number): QueryDag {
  const random = createRandom(planSeed);
  const operators = 1 + Math.floor(random() * 14);
  if (random() < 0.4) return buildPlanTree(random, operators);
  return buildRandomPlan(random, {
    operators,
    extraEdges: 1.5,
    types: random() < 0.5 ? routingTypes : ['hash_join', 'filter', 'sort', 'append'],
    facts: () => ({
      serviceRate: 1 + Math.floor(random() * 20),
      estimatedCost: Math.floor(random() * 1000),
      ...(random() < 0.9 ? { exclusiveMs: random() * 10 } : {}),
    }),
  });
}

/** Queries and keys of any kind, also such as ask differently. */
function createWeights(planSeed: number): AttentionOptions {
  const random = createRandom(planSeed + 1);
  if (random() < 0.5) return {};
  const weights = (): Float64Array =>
    Float64Array.from({ length: 2 * attentionFeatureCount }, () => (random() - 0.5) * 2);
  return { weights: { query: weights(), key: weights() } };
}

describe.each(mechanisms)('%s', (_, create, neighborhood) => {
  const plans = fc.integer({ min: 0, max: 2 ** 30 });

  it('attend() gives rows that sum to 1 and hold the neighbourhood only, on 1,000 random plans', () => {
    fc.assert(
      fc.property(plans, (planSeed) => {
        const dag = buildPlan(planSeed);
        const { ids, start, column, alpha } = create(createWeights(planSeed)).attend(dag);
        ids.forEach((id, place) => {
          const row = alpha.subarray(start[place], start[place + 1]);
          expect(row.every((part) => part >= 0)).toBe(true);
          expect(Math.abs(row.reduce((sum, part) => sum + part, 0) - 1)).toBeLessThan(1e-12);
          const seen = Array.from(column.subarray(start[place], start[place + 1]), (at) => ids[at]!);
          expect(new Set(seen)).toEqual(new Set(neighborhood(dag, id)));
          expect(seen.length).toBe(new Set(seen).size);
        });
      }),
      { numRuns: 1000, seed },
    );
  }, 60_000);

  it('forward() gives the same scores, whose sum is 1, under other ids and another order', () => {
    fc.assert(
      fc.property(plans, (planSeed) => {
        const dag = buildPlan(planSeed);
        const mechanism = create(createWeights(planSeed));
        const scores = mechanism.forward(dag);
        const sum = [...scores.values()].reduce((all, score) => all + score, 0);
        expect(Math.abs(sum - 1)).toBeLessThan(1e-12);
        const other = relabel(dag, createRandom(planSeed + 2));
        const again = mechanism.forward(other.dag);
        for (const [id, score] of scores) {
          expect(Math.abs(again.get(other.idOf.get(id)!)! - score)).toBeLessThan(1e-6);
        }
      }),
      { numRuns: 1000, seed },
    );
  }, 60_000);
});
