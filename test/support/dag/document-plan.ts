// The plan of the source document's quick start, for the samples that go on from it.
import { OperatorNode, OperatorType, QueryDag } from '../../../src/dag/graph/index.ts';

export function documentPlan(): QueryDag {
  const dag = new QueryDag();
  const scan = dag.addNode(OperatorNode.hnswScan(0, 'vectors_idx', 64));
  const filter = dag.addNode(OperatorNode.filter(1, 'score > 0.5'));
  const result = dag.addNode(new OperatorNode(2, OperatorType.Result));
  dag.addEdge(scan, filter);
  dag.addEdge(filter, result);
  return dag;
}
