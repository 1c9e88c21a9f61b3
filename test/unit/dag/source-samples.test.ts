// The samples of the source document on graphs, cost models and what the parts do together, with nothing changed but
// their syntax; those of single parts are beside their tests.
import { describe, expect, it } from 'vitest';
import {
  AttentionSelector,
  AttentionType,
  ChipCostModel,
  DagMinCutEngine,
  DagSonaEngine,
  EmbeddedCostModel,
  HealingOrchestrator,
  OperatorNode,
  OperatorType,
  PostgresCostModel,
  QueryDag,
  SelectionPolicy,
} from '../../../src/dag/index.ts';
import type { CostContext, CostModel } from '../../../src/dag/index.ts';
import { documentPlan } from '../../support/dag/document-plan.ts';

describe('QueryDag', () => {
  it('is built as the quick start builds it', () => {
    const dag = new QueryDag();
    const scan = dag.addNode(OperatorNode.hnswScan(0, 'vectors_idx', 64));
    const filter = dag.addNode(OperatorNode.filter(1, 'score > 0.5'));
    const result = dag.addNode(new OperatorNode(2, OperatorType.Result));

    dag.addEdge(scan, filter);
    dag.addEdge(filter, result);

    expect(dag.topologicalOrder()).toEqual([scan, filter, result]);
  });

  it('is built as the section on core components builds it', () => {
    const dag = new QueryDag();
    const scan = dag.addNode(OperatorNode.seqScan(0, 'users'));
    const filter = dag.addNode(OperatorNode.filter(1, 'age > 18'));
    dag.addEdge(scan, filter);
    expect(dag.descendants(scan)).toEqual([filter]);
  });
});

describe('QueryDag.withCostModel()', () => {
  it('takes the models of the document', () => {
    const dag = QueryDag.withCostModel(
      new EmbeddedCostModel({
        ramKb: 512,
        flashLatencyNs: 100,
      }),
    );
    const scan = dag.addNode(OperatorNode.seqScan(0, 'users'));
    expect(dag.estimates().get(scan)!.cost).toBeGreaterThan(0);
    const others = [
      new PostgresCostModel(),
      new ChipCostModel({ clockMhz: 480, pipelineDepth: 6, cacheLineBytes: 32 }),
    ];
    for (const model of others) expect(dag.estimates(model).get(scan)!.cost).toBeGreaterThan(0);
  });

  it("takes anybody's model that has the three answers of the trait", () => {
    class FlatCostModel implements CostModel {
      readonly unit = 'calls';
      estimateCost(_op: OperatorNode, _context: CostContext): number {
        return 3;
      }
      estimateCardinality(_op: OperatorNode, _context: CostContext): number {
        return 10;
      }
      platformOverhead(): number {
        return 1.5;
      }
    }
    const dag = QueryDag.withCostModel(new FlatCostModel());
    dag.addNode(OperatorNode.seqScan(0, 'users'));
    expect(dag.estimates().get(0)).toEqual({ rows: 10, cost: 4.5 });
  });
});

describe('DagMinCutEngine.analyzeBottlenecks()', () => {
  it('drives healing, attention and learning as the central control signal of the document', () => {
    const dag = documentPlan();
    [1e4, 1e3, 1e5].forEach((serviceRate, id) => dag.updateNode(id, { serviceRate }));

    const selector = new AttentionSelector();
    const healing = new HealingOrchestrator();
    const sona = new DagSonaEngine({
      embeddingDim: 256,
      loraRank: 2, // Rank-2 for <100μs updates
      ewcLambda: 5000.0, // Catastrophic forgetting prevention
      trajectoryCapacity: 10_000,
    });
    const engine = new DagMinCutEngine({ tensionThreshold: 0.7, emitSignals: true });
    const analysis = engine.analyzeBottlenecks(dag, { offeredRate: 950 });

    // Tension signal drives the whole system
    expect(analysis.maxTension).toBeGreaterThan(0.7);
    // High tension: trigger predictive healing
    healing.predictAndPrepare(analysis);
    // Switch attention to MinCut-aware mechanism
    selector.forceMechanism(AttentionType.MinCutGated);
    // Accelerate SONA learning for this pattern
    sona.boostLearningRate(2.0);

    selector.selectAndApply(SelectionPolicy.Topological, dag);
    expect(selector.lastSelection!.source).toBe(AttentionType.MinCutGated);
    expect(sona.preQuery(dag)).toHaveLength(256);
    sona.postQuery(dag, 12, 15, 'topological');
    expect(sona.backgroundLearn().trajectories).toBe(1);
    const { reactiveRepairs, suggestions } = healing.runCycle();
    expect(reactiveRepairs).toBe(0);
    expect(suggestions.length).toBeGreaterThan(0);
  });
});
