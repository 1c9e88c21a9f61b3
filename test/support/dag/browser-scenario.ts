// Something of every part of the browser build: what it gives must not depend on where it runs. The function is sent to
// a page as text, so that it refers to nothing but its argument.
import type * as browser from '../../../src/dag/browser.ts';

/** Uses each part on a plan of eight operators with two branches. @returns values that JSON can carry */
export function runBrowserScenario(dag: typeof browser): Record<string, unknown> {
  const plan = new dag.QueryDag();
  const facts = (at: number): { exclusiveMs: number; estimatedRows: number; serviceRate: number } => ({
    exclusiveMs: 3 + ((at * 7) % 5),
    estimatedRows: 1000 / (at + 1),
    serviceRate: 500 + 100 * ((at * 3) % 4),
  });
  const types = [
    'SeqScan',
    'Filter',
    'HnswScan',
    'Rerank',
    'HashJoin',
    'Aggregate',
    'Sort',
    'Result',
  ] as const;
  types.forEach((type, at) => plan.addNode(new dag.OperatorNode(at, dag.OperatorType[type], facts(at))));
  for (const [from, to] of [
    [0, 1],
    [2, 3],
    [1, 4],
    [3, 4],
    [4, 5],
    [5, 6],
    [6, 7],
  ] as const) {
    plan.addEdge(from, to);
  }

  const attention = [
    new dag.TopologicalAttention(),
    new dag.CausalConeAttention(),
    new dag.CriticalPathAttention(),
    new dag.MinCutGatedAttention(),
    new dag.HierarchicalLorentzAttention(),
    new dag.ParallelBranchAttention(),
  ].map((mechanism) => [mechanism.type, [...mechanism.forward(plan)]]);

  const analysis = new dag.DagMinCutEngine().analyzeBottlenecks(plan, { offeredRate: 400 });

  const healing = new dag.HealingOrchestrator();
  healing.addDetector('latency', { windowSize: 50 });
  const alarms: number[] = [];
  for (let at = 0; at < 400; at++) {
    const spike = at % 97 === 96 ? 40 : 0;
    if (healing.observe('latency', 10 + Math.sin(at * at) + spike)) alarms.push(at);
    healing.observeMincut({ ...analysis, maxTension: 0.2 + at / 1000 });
  }
  const cycle = healing.runCycle();

  const patterns = new dag.PatternIndex({ dims: 8 });
  for (let at = 0; at < 300; at++) {
    patterns.add(
      `pattern-${at}`,
      Float32Array.from({ length: 8 }, (_, dim) => Math.sin(at * 13 + dim * 7)),
    );
  }
  patterns.train();
  const query = Float32Array.from({ length: 8 }, (_, dim) => Math.sin(55 * 13 + dim * 7) + 0.01);

  let refused = '';
  try {
    plan.addEdge(7, 0);
  } catch (error) {
    refused = (error as Error).message;
  }
  return {
    counts: [plan.nodeCount, plan.edgeCount],
    order: plan.topologicalOrder(),
    criticalPath: dag.findCriticalPath(plan),
    bytes: [...dag.encodeDag(plan)],
    sameFromBytes: JSON.stringify(dag.decodeDag(dag.encodeDag(plan))),
    sameFromJson: JSON.stringify(dag.parseDag(JSON.stringify(plan))),
    attention,
    cut: [analysis.maxFlow, analysis.maxTension, analysis.latencyVariance, analysis.bottlenecks],
    alarms,
    healing: [cycle.troubles, cycle.suggestions],
    patterns: patterns.search(query, 5),
    refused,
  };
}
