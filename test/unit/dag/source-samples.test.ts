// The samples of the source document on graphs and cost models, with nothing changed but their syntax.
import { describe, expect, it } from 'vitest';
import {
  ChipCostModel,
  EmbeddedCostModel,
  OperatorNode,
  OperatorType,
  PostgresCostModel,
  QueryDag,
} from '../../../src/dag/index.ts';
import type { CostContext, CostModel } from '../../../src/dag/index.ts';

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
