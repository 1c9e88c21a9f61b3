// The source document's samples of attention, policy and min cut, with only their syntax changed.
import { expect, it } from 'vitest';
import {
  AttentionSelector,
  AttentionType,
  DagMinCutEngine,
  SelectionPolicy,
  TopologicalAttention,
} from '../../../../src/dag/index.ts';
import { documentPlan } from '../../../support/dag/document-plan.ts';

const sum = (scores: ReadonlyMap<number, number>): number =>
  [...scores.values()].reduce((all, of) => all + of, 0);

it('TopologicalAttention.forward() gives scores for the quick start', () => {
  const dag = documentPlan();
  const attention = new TopologicalAttention();
  const scores = attention.forward(dag);
  expect([...scores.keys()]).toEqual([0, 1, 2]);
  expect(sum(scores)).toBeCloseTo(1, 12);
});

it('AttentionSelector.selectAndApply() takes the policy that the analysis says', () => {
  const dag = documentPlan();
  const selector = new AttentionSelector();
  const mincut = new DagMinCutEngine();
  const applied = [[], [1e4, 1e3, 1e5], [1e4, 1e5, 1e5]].map((rates) => {
    rates.forEach((serviceRate, id) => dag.updateNode(id, { serviceRate }));
    // Dynamic switching based on cut tension
    const analysis = mincut.analyzeBottlenecks(dag, { offeredRate: 900 });
    const policy =
      analysis.maxTension > 0.7
        ? SelectionPolicy.MinCutGated // High stress: gate by flow
        : analysis.latencyVariance > 2.0
          ? SelectionPolicy.CriticalPath // Variance: focus on bottlenecks
          : SelectionPolicy.Topological; // Stable: use position-based
    const scores = selector.selectAndApply(policy, dag);
    expect(sum(scores)).toBeCloseTo(1, 12);
    return selector.lastSelection!.source;
  });
  expect(applied).toEqual(['topological', 'min_cut_gated', 'topological']);
});

it('DagMinCutEngine.analyzeBottlenecks() drives what is selected and names the bottlenecks', () => {
  const dag = documentPlan();
  [1e4, 1e3, 1e5].forEach((serviceRate, id) => dag.updateNode(id, { serviceRate }));
  const selector = new AttentionSelector();
  const engine = new DagMinCutEngine({
    tensionThreshold: 0.7,
    emitSignals: true, // Broadcast to other subsystems
  });
  engine.subscribe(({ kind }) => {
    if (kind === 'threshold_crossed') selector.forceMechanism(AttentionType.MinCutGated);
  });
  const analysis = engine.analyzeBottlenecks(dag, { offeredRate: 800 });
  selector.selectAndApply(SelectionPolicy.Topological, dag);
  expect(selector.lastSelection!.source).toBe(AttentionType.MinCutGated);
  const lines = analysis.bottlenecks.map(
    (bottleneck) =>
      `Bottleneck at nodes ${String(bottleneck.cutNodes)}: capacity ${bottleneck.capacity}, tension ${bottleneck.tension}`,
  );
  expect(lines).toEqual(['Bottleneck at nodes 1: capacity 1000, tension 0.8']);
});
