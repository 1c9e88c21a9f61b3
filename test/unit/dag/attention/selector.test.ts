// The selector's choices and what it learns; forecasts and the fit of keys.
import { describe, expect, it } from 'vitest';
import {
  AttentionSelector,
  attentionTypes,
  createDefaultWeights,
  CriticalPathAttention,
  fitAttention,
  findKnownShares,
  OperatorNode,
  OperatorType,
  QueryDag,
  scoreForecast,
  SelectionPolicy,
  TopologicalAttention,
} from '../../../../src/dag/index.ts';
import { addGradient } from '../../../../src/dag/attention/fit-head.ts';
import { createRandom } from '../../../support/random.ts';
import { buildPlanTree } from '../../../support/dag/random-plan.ts';

/** The run of a plan in which each operator's time is its cost to a power. */
function runPlan(dag: QueryDag, power: number): QueryDag {
  const run = dag.subgraph(dag.topologicalOrder());
  for (const { id, facts } of dag.nodes()) run.updateNode(id, { exclusiveMs: facts.estimatedCost! ** power });
  return run;
}

describe('AttentionSelector.selectAndApply()', () => {
  it('takes known shares under the learned policy, because no mechanism is enabled by default', () => {
    const selector = new AttentionSelector();
    const dag = buildPlanTree(createRandom(1), 10);
    expect(selector.selectAndApply(SelectionPolicy.Learned, dag)).toEqual(findKnownShares(dag));
    expect(selector.lastSelection!.source).toBe('known_shares');
  });

  it('begins with the mechanism whose trigger is on', () => {
    const deep = new QueryDag();
    for (let id = 0; id < 14; id++)
      deep.addNode(new OperatorNode(id, OperatorType.Filter, { estimatedCost: id === 3 ? 50 : 1 }));
    for (let id = 1; id < 14; id++) deep.addEdge(id - 1, id);
    const selected = (circumstances: Parameters<AttentionSelector['selectAndApply']>[2]): string => {
      const selector = new AttentionSelector({ enabled: attentionTypes, exploration: 0 });
      selector.selectAndApply(SelectionPolicy.Learned, deep.subgraph([0, 1, 2, 3, 4]), circumstances);
      return selector.lastSelection!.source;
    };
    expect(selected({ latency: { p50Ms: 1, p99Ms: 3 } })).toBe('critical_path');
    expect(selected({ analysis: { isStressed: true, latencyVariance: 1 } })).toBe('min_cut_gated');
    expect(selected({ isTemporal: true })).toBe('temporal_btsp');
    const selector = new AttentionSelector({ enabled: attentionTypes, exploration: 0 });
    selector.selectAndApply(SelectionPolicy.Learned, deep);
    expect(selector.lastSelection!.source).toBe('hierarchical_lorentz');
  });

  it('runs a mechanism that is forced until it no longer is, and refuses names that are none', () => {
    const selector = new AttentionSelector();
    const dag = buildPlanTree(createRandom(2), 5);
    selector.forceMechanism('causal_cone');
    selector.selectAndApply(SelectionPolicy.Topological, dag);
    expect(selector.lastSelection!.source).toBe('causal_cone');
    selector.forceMechanism(null);
    selector.selectAndApply(SelectionPolicy.Topological, dag);
    expect(selector.lastSelection!.source).toBe('topological');
    const refused = expect.objectContaining({ code: 'ERR_DAG_ATTENTION_OPTION' });
    expect(() => selector.selectAndApply('best' as 'learned', dag)).toThrow(refused);
    expect(() => selector.forceMechanism('best' as 'topological')).toThrow(refused);
  });
});

describe('AttentionSelector.observe()', () => {
  it('comes to take what foretells best', () => {
    const selector = new AttentionSelector({ enabled: ['parallel_branch', 'topological'], exploration: 0.2 });
    const random = createRandom(4);
    const sources = Array.from({ length: 120 }, () => {
      const dag = buildPlanTree(random, 12);
      selector.selectAndApply(SelectionPolicy.Learned, dag);
      return selector.observe(runPlan(dag, 1)).source;
    });
    expect(sources.slice(-20).filter((source) => source === 'known_shares').length).toBeGreaterThan(17);
    expect(new Set(sources).size).toBeGreaterThan(1);
  });

  it('rewards with −KL, and refuses a run that nothing was foretold of', () => {
    const selector = new AttentionSelector();
    const dag = buildPlanTree(createRandom(6), 6);
    const refused = expect.objectContaining({ code: 'ERR_DAG_ATTENTION_RUN' });
    expect(() => selector.observe(runPlan(dag, 1))).toThrow(refused);
    selector.selectAndApply(SelectionPolicy.Learned, dag);
    expect(() => selector.observe(dag)).toThrow(refused);
    expect(selector.observe(runPlan(dag, 1)).reward).toBeCloseTo(0, 12);
    const { reward, divergence } = selector.observe(runPlan(dag, 2));
    expect(reward).toBe(-divergence);
    expect(reward).toBeLessThan(0);
    const other = new QueryDag();
    other.addNode(new OperatorNode(99, OperatorType.Result, { exclusiveMs: 1 }));
    expect(() => selector.observe(other)).toThrow(expect.objectContaining({ details: { node: 99 } }));
  });
});

describe('scoreForecast()', () => {
  const actual = new Map([
    [1, 0.5],
    [2, 0.3],
    [3, 0.2],
  ]);

  it('is perfect for the shares themselves', () => {
    expect(scoreForecast(actual, actual)).toEqual({ top1: 1, ndcg3: 1, shareMae: 0, divergence: 0 });
  });

  it('counts ties by chance', () => {
    const even = new Map([
      [1, 1 / 3],
      [2, 1 / 3],
      [3, 1 / 3],
    ]);
    const score = scoreForecast(even, actual);
    expect(score.top1).toBeCloseTo(1 / 3, 12);
    const ideal = 0.5 + 0.3 / Math.log2(3) + 0.2 / 2;
    expect(score.ndcg3).toBeCloseTo((1 + 1 / Math.log2(3) + 1 / 2) / 3 / ideal, 12);
  });
});

describe('fitAttention()', () => {
  it('follows the gradient of finite differences', () => {
    const dag = buildPlanTree(createRandom(8), 9);
    const sample = { dag, actual: findKnownShares(runPlan(dag, 0.5)) };
    const { query, key } = createDefaultWeights();
    for (const create of [
      (own: Float64Array) => new TopologicalAttention({ weights: { query, key: own } }),
      (own: Float64Array) => new CriticalPathAttention({ weights: { query, key: own } }),
    ]) {
      const gradient = new Float64Array(key.length);
      addGradient(create(key), sample, 1, gradient);
      const loss = (at: number, step: number): number =>
        scoreForecast(create(key.with(at, key[at]! + step)).forward(dag), sample.actual).divergence;
      gradient.forEach((slope, at) => {
        expect(slope).toBeCloseTo((loss(at, 1e-5) - loss(at, -1e-5)) / 2e-5, 6);
      });
    }
  });

  it('foretells plans that it has not seen better than before', () => {
    const random = createRandom(9);
    const samples = Array.from({ length: 40 }, () => {
      const dag = buildPlanTree(random, 8);
      return { dag, actual: findKnownShares(runPlan(dag, 0.3)) };
    });
    const [seen, unseen] = [samples.slice(0, 30), samples.slice(30)];
    const weights = fitAttention(
      (tried) => new CriticalPathAttention({ weights: tried, temperature: 100 }),
      seen,
    );
    const divergence = (mechanism: CriticalPathAttention): number =>
      unseen.reduce(
        (sum, { dag, actual }) => sum + scoreForecast(mechanism.forward(dag), actual).divergence,
        0,
      );
    const before = divergence(new CriticalPathAttention({ temperature: 100 }));
    expect(divergence(new CriticalPathAttention({ temperature: 100, weights }))).toBeLessThan(before / 4);
  });
});
