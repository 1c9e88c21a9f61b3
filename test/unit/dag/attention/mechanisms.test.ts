// What each mechanism puts first, on plans that one can work out by hand, and the geometry of the hierarchical one.
import { describe, expect, it } from 'vitest';
import {
  analyzeBranches,
  attentionFeatureCount,
  CausalConeAttention,
  CriticalPathAttention,
  findCriticality,
  findImpact,
  findTreeDistortion,
  HierarchicalLorentzAttention,
  lorentzProduct,
  MinCutGatedAttention,
  OperatorNode,
  OperatorType,
  ParallelBranchAttention,
  QueryDag,
  TemporalBtspAttention,
  TopologicalAttention,
} from '../../../../src/dag/index.ts';
import type { DagAttention, OperatorFacts } from '../../../../src/dag/index.ts';
import { buildPlanTree, buildRandomPlan } from '../../../support/dag/random-plan.ts';
import { createPrintedRandom, createRandom } from '../../../support/random.ts';

/** 0 and 1 are scans of a and b, 2 joins them, 3 is the result. */
function buildJoin(facts: readonly OperatorFacts[]): QueryDag {
  const dag = new QueryDag();
  const nodes = [OperatorNode.seqScan(0, 'a'), OperatorNode.seqScan(1, 'b'), OperatorNode.hashJoin(2, 'id')];
  for (const node of [...nodes, OperatorNode.result(3)]) dag.addNode(node.with(facts[node.id] ?? {}));
  for (const [from, to] of [
    [0, 2],
    [1, 2],
    [2, 3],
  ] as const)
    dag.addEdge(from, to);
  return dag;
}

const times = (...ms: number[]): OperatorFacts[] =>
  ms.map((exclusiveMs) => ({ exclusiveMs, actualRows: 100 }));
const parts = (mechanism: DagAttention, dag: QueryDag): number[] => [...mechanism.forward(dag).values()];
/** α of one operator, by id. */
function rowOf(mechanism: DagAttention, dag: QueryDag, id: number): Map<number, number> {
  const { ids, start, column, alpha } = mechanism.attend(dag);
  const place = ids.indexOf(id);
  const entries = Array.from(
    column.subarray(start[place], start[place + 1]),
    (at, entry): [number, number] => [ids[at]!, alpha[start[place]! + entry]!],
  );
  return new Map(entries);
}

describe('attend()', () => {
  it('weighs by γ to the difference of depths, topologically, times the known share', () => {
    const row = rowOf(new TopologicalAttention({ decay: 0.5 }), buildJoin(times(1, 1, 2, 4)), 2);
    // e^b · share: 0.5 · 1, 0.5 · 1, 1 · 2, 0.5 · 4
    expect(row.get(3)).toBeCloseTo(2 / 5, 12);
    expect(row.get(2)).toBeCloseTo(2 / 5, 12);
  });

  it('falls by λ along a causal cone and leaves out what is beside it', () => {
    const row = rowOf(new CausalConeAttention({ futureDecay: Math.LN2 }), buildJoin(times(1, 1, 1, 1)), 0);
    expect(new Set(row.keys())).toEqual(new Set([0, 2, 3]));
    expect(row.get(3)).toBeCloseTo(0.25 / 1.75, 12);
  });

  it('falls by slack over τT off the critical path', () => {
    const row = rowOf(new CriticalPathAttention({ temperature: 0.5 }), buildJoin(times(6, 2, 3, 1)), 3);
    const e = Math.exp(-0.4 / 0.5);
    expect(row.get(1)! / row.get(0)!).toBeCloseTo((2 / 6) * e, 12);
    expect(row.get(2)! / row.get(0)!).toBeCloseTo(3 / 6, 12);
  });

  it('opens the gate of the operator that holds the plan back', () => {
    const dag = buildJoin([
      { serviceRate: 1e6 },
      { serviceRate: 1e6 },
      { serviceRate: 10 },
      { serviceRate: 1e6 },
    ]);
    const row = rowOf(new MinCutGatedAttention(), dag, 0);
    expect(row.get(2)! / row.get(0)!).toBeGreaterThan(50);
  });

  it('weighs the branches beside an operator by what they cost, and itself when there are none', () => {
    const dag = buildJoin(times(6, 2, 3, 1));
    const mechanism = new ParallelBranchAttention();
    expect([...rowOf(mechanism, dag, 0)]).toEqual([[1, 1]]);
    expect([...rowOf(mechanism, dag, 3)]).toEqual([[3, 1]]);
  });

  it('uses queries and keys of its own when it is given some', () => {
    const weights = {
      query: new Float64Array(attentionFeatureCount),
      key: new Float64Array(attentionFeatureCount),
    };
    const row = rowOf(
      new CriticalPathAttention({ weights, temperature: 100 }),
      buildJoin(times(6, 2, 3, 1)),
      0,
    );
    for (const part of row.values()) expect(part).toBeCloseTo(0.25, 2);
    const short = { query: new Float64Array(3), key: new Float64Array(3) };
    expect(() => new TopologicalAttention({ weights: short })).toThrow(
      expect.objectContaining({ code: 'ERR_DAG_ATTENTION_OPTION' }),
    );
  });
});

describe('forward()', () => {
  it('gives nothing for an empty plan and all to a single operator', () => {
    for (const mechanism of [
      new TopologicalAttention(),
      new HierarchicalLorentzAttention(),
      new ParallelBranchAttention(),
    ]) {
      expect(mechanism.forward(new QueryDag()).size).toBe(0);
    }
    const dag = new QueryDag();
    dag.addNode(OperatorNode.seqScan(7, 'a'));
    expect([...new MinCutGatedAttention().forward(dag)]).toEqual([[7, 1]]);
  });

  it.each([NaN, -1, Infinity])('is not reached with options of %s', (value) => {
    const refused = expect.objectContaining({ code: 'ERR_DAG_ATTENTION_OPTION' });
    expect(() => new TopologicalAttention({ decay: value })).toThrow(refused);
    expect(() => new CausalConeAttention({ pastDecay: value })).toThrow(refused);
    expect(() => new CriticalPathAttention({ temperature: value })).toThrow(refused);
    expect(() => new MinCutGatedAttention({ leak: value })).toThrow(refused);
    expect(() => new HierarchicalLorentzAttention({ curvature: value })).toThrow(refused);
    expect(() => new ParallelBranchAttention({ temperature: value })).toThrow(refused);
    expect(() => new TemporalBtspAttention({ rate: value })).toThrow(refused);
  });
});

describe('HierarchicalLorentzAttention', () => {
  it('points() and centroids() lie on the hyperboloid, for plans of any shape', () => {
    const random = createPrintedRandom('points on the hyperboloid');
    for (let round = 0; round < 200; round++) {
      const curvature = 0.1 + 2 * random();
      const mechanism = new HierarchicalLorentzAttention({ curvature, step: 0.2 + random() });
      const operators = 1 + Math.floor(random() * 30);
      const dag =
        round % 2 === 0
          ? buildPlanTree(random, operators)
          : buildRandomPlan(random, { operators, extraEdges: 1 });
      for (const point of [...mechanism.points(dag).values(), ...mechanism.centroids(dag).values()]) {
        expect(Math.abs(lorentzProduct(point, point) + 1 / curvature)).toBeLessThan(
          1e-9 / Math.min(1, curvature),
        );
      }
    }
  });

  it('attends by e^(−β d²) of the distance between its points', () => {
    const dag = buildPlanTree(createRandom(5), 12);
    const mechanism = new HierarchicalLorentzAttention({
      sharpness: 0.3,
      weights: {
        query: new Float64Array(attentionFeatureCount),
        key: new Float64Array(attentionFeatureCount),
      },
    });
    const points = mechanism.points(dag);
    const row = rowOf(mechanism, dag, 4);
    for (const [id, point] of points) {
      const distance = Math.acosh(Math.max(1, -lorentzProduct(points.get(4)!, point)));
      expect(row.get(id)! / row.get(4)!).toBeCloseTo(Math.exp(-0.3 * distance ** 2), 6);
    }
  });
});

describe('findTreeDistortion()', () => {
  it('is less in hyperbolic than in Euclidean space for a bushy hierarchy', () => {
    const dag = new QueryDag();
    const add = (id: number, depth: number, parent: number | null): number => {
      dag.addNode(new OperatorNode(id, parent === null ? OperatorType.Result : OperatorType.HashJoin));
      if (parent !== null) dag.addEdge(id, parent);
      let next = id + 1;
      if (depth < 5) for (let child = 0; child < 2; child++) next = add(next, depth + 1, id);
      return next;
    };
    add(0, 0, null);
    const { lorentz, euclidean } = findTreeDistortion(dag);
    expect(lorentz).toBeLessThan(euclidean);
  });
});

describe('findCriticality()', () => {
  it('is certain without spread, and gives a near path its chance', () => {
    const dag = buildJoin(times(6, 5, 3, 1));
    expect([...findCriticality(dag, { spread: 0 }).values()]).toEqual([1, 0, 1, 1]);
    const scattered = findCriticality(dag, { spread: 0.3, runs: 2000 });
    expect(scattered.get(1)).toBeGreaterThan(0.15);
    expect(scattered.get(1)).toBeLessThan(0.5);
    expect(scattered.get(0)! + scattered.get(1)!).toBeCloseTo(1, 12);
    const scores = parts(new CriticalPathAttention({ criticality: scattered }), dag);
    expect(scores[0]).toBeGreaterThan(scores[1]!);
  });
});

describe('findImpact()', () => {
  it('sums what comes after, times γ for each edge', () => {
    const impact = findImpact(buildJoin(times(6, 2, 1, 1)), 0.5);
    expect(impact.get(0)).toBeCloseTo(0.1 * 0.5 + 0.1 * 0.25, 12);
    expect(impact.get(3)).toBe(0);
  });
});

describe('analyzeBranches()', () => {
  it('gives each branch its cost, its part of workers, and the imbalance', () => {
    const [found] = analyzeBranches(buildJoin(times(6, 2, 1, 1)));
    expect(found).toMatchObject({ fork: null, join: 2 });
    expect(found!.imbalance).toBeCloseTo(1.5, 12);
    expect(found!.branches.map(({ nodes, workers }) => [nodes, workers])).toEqual([
      [[0], expect.closeTo(0.75, 12)],
      [[1], expect.closeTo(0.25, 12)],
    ]);
  });
});

describe('TemporalBtspAttention.observe()', () => {
  it('strengthens what was active when the slowest operator changed, in one run, in other plans of the query too', () => {
    const mechanism = new TemporalBtspAttention();
    const even = buildJoin(times(1, 1, 1, 1));
    for (let run = 0; run < 8; run++) mechanism.observe(buildJoin(times(5, 2, 1, 1)), run * 1000);
    expect(parts(mechanism, even)).toEqual([0.25, 0.25, 0.25, 0.25]);
    mechanism.observe(buildJoin(times(5, 60, 1, 1)), 9000);
    const scores = parts(mechanism, even);
    expect(Math.max(...scores)).toBe(scores[1]);
    expect(scores[1]).toBeGreaterThan(2 * scores[2]!);
  });

  it('learns from a surprise in time, and of what runs soon after it, not minutes later', () => {
    const learn = (pauseMs: number): number[] => {
      const mechanism = new TemporalBtspAttention();
      const random = createRandom(3);
      const run = (factor: number): QueryDag => buildJoin(times(5 * factor, 2 * factor, factor, factor));
      for (let at = 0; at < 20; at++) mechanism.observe(run(1 + 0.1 * random()), at);
      mechanism.observe(run(50), 100);
      const other = new QueryDag();
      other.addNode(OperatorNode.seqScan(0, 'later').with({ exclusiveMs: 9 }));
      other.addNode(OperatorNode.sort(1, ['never']).with({ exclusiveMs: 0 }));
      other.addEdge(0, 1);
      mechanism.observe(other, 100 + pauseMs);
      other.updateNode(1, { exclusiveMs: 9 });
      return [...parts(mechanism, buildJoin(times(1, 1, 1, 1))), parts(mechanism, other)[0]!];
    };
    const [first, , , last, soon] = learn(1000);
    expect(first).toBeGreaterThan(1.05 * last!);
    expect(soon).toBeGreaterThan(0.7);
    expect(learn(600_000).at(-1)).toBeCloseTo(0.5, 2);
  });

  it('refuses a run without times, and a clock that goes back', () => {
    const mechanism = new TemporalBtspAttention();
    const refused = { code: 'ERR_DAG_ATTENTION_RUN', details: { node: 0 } };
    expect(() => mechanism.observe(buildJoin([]), 0)).toThrow(expect.objectContaining(refused));
    expect(() => mechanism.observe(buildJoin(times(0, 0, 0, 0)), 0)).toThrow(/0 ms/);
    mechanism.observe(buildJoin(times(1, 2, 3, 4)), 10);
    expect(() => mechanism.observe(buildJoin(times(1, 2, 3, 4)), 9)).toThrow(/nowMs/);
  });
});
