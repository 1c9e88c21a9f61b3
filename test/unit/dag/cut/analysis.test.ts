// What an analysis says of plans that one can work out by hand, and what is refused.
import { describe, expect, it } from 'vitest';
import { DagMinCutEngine } from '../../../../src/dag/index.ts';
import type { TensionSignal } from '../../../../src/dag/index.ts';
import { OperatorNode, OperatorType, QueryDag } from '../../../../src/dag/index.ts';
import type { OperatorFacts } from '../../../../src/dag/index.ts';

/** Operators 0, 1, … of one type, or each of its own. */
function buildDag(
  facts: readonly OperatorFacts[],
  edges: readonly (readonly [number, number, number?])[],
  types: OperatorType | readonly OperatorType[] = OperatorType.Transform,
): QueryDag {
  const dag = new QueryDag();
  facts.forEach((own, id) =>
    dag.addNode(new OperatorNode(id, typeof types === 'string' ? types : types[id]!, own)),
  );
  for (const [from, to, rate] of edges) dag.addEdge(from, to, rate === undefined ? {} : { rate });
  return dag;
}

const rates = (...serviceRates: number[]): OperatorFacts[] =>
  serviceRates.map((serviceRate) => ({ serviceRate }));
const chain = (length: number): [number, number][] =>
  Array.from({ length: length - 1 }, (_, at) => [at, at + 1]);

describe('DagMinCutEngine.analyzeBottlenecks()', () => {
  it('names the slowest stage of a pipeline, its tension and what a faster one would gain', () => {
    const dag = buildDag(rates(1000, 200, 500), chain(3));
    const analysis = new DagMinCutEngine().analyzeBottlenecks(dag, { offeredRate: 150 });
    expect(analysis).toMatchObject({ flow: 'conjunctive', maxFlow: 200, maxTension: 0.75, offeredRate: 150 });
    expect(analysis.bottlenecks).toEqual([{ cutNodes: [1], cutEdges: [], capacity: 200, tension: 0.75 }]);
    expect([...analysis.sensitivity]).toEqual([[1, 1]]);
  });

  it('counts in rows of the source when operators leave rows out', () => {
    const facts = [{ serviceRate: 1000, selectivity: 0.1 }, { serviceRate: 50 }];
    const analysis = new DagMinCutEngine().analyzeBottlenecks(buildDag(facts, chain(2)), {
      offeredRate: 100,
    });
    expect(analysis).toMatchObject({ maxFlow: 500, maxTension: 0.2 });
    expect([...analysis.sensitivity]).toEqual([[1, 10]]);
  });

  it('answers a join with its slowest branch, though a flow could take the other one', () => {
    const types = [OperatorType.SeqScan, OperatorType.SeqScan, OperatorType.HashJoin, OperatorType.Result];
    const dag = buildDag(
      rates(100, 900, 5000, 5000),
      [
        [0, 2],
        [1, 2],
        [2, 3],
      ],
      types,
    );
    const engine = new DagMinCutEngine();
    // Half of the rows come from each scan.
    expect(engine.analyzeBottlenecks(dag)).toMatchObject({ flow: 'conjunctive', maxFlow: 200 });
    expect(engine.analyzeBottlenecks(dag, { flow: 'routed' })).toMatchObject({
      flow: 'routed',
      maxFlow: 1000,
    });
  });

  it('finds a cut of several operators where work has several ways, and both extreme ones when they tie', () => {
    const dag = buildDag(rates(1000, 30, 70, 100), [
      [0, 1],
      [0, 2],
      [1, 3],
      [2, 3],
    ]);
    const { bottlenecks, flow, sensitivity } = new DagMinCutEngine().analyzeBottlenecks(dag);
    expect(flow).toBe('routed');
    expect(bottlenecks.map(({ cutNodes }) => cutNodes)).toEqual([[1, 2], [3]]);
    expect([...sensitivity]).toEqual([]);
  });

  it('names a channel that is the limit itself', () => {
    const dag = buildDag(rates(1000, 500), [[0, 1, 20]]);
    const { bottlenecks } = new DagMinCutEngine().analyzeBottlenecks(dag);
    expect(bottlenecks).toMatchObject([{ cutNodes: [], cutEdges: [{ from: 0, to: 1 }], capacity: 20 }]);
  });

  it('bounds the flow on both sides when ways that meet leave out different parts of the rows', () => {
    const facts = [{ serviceRate: 1000 }, { selectivity: 0.1 }, { selectivity: 0.5 }, { serviceRate: 100 }];
    const dag = buildDag(facts, [
      [0, 1],
      [0, 2],
      [1, 3],
      [2, 3],
    ]);
    expect(new DagMinCutEngine().analyzeBottlenecks(dag)).toMatchObject({
      maxFlow: 200,
      maxFlowAtMost: 1000,
    });
  });

  it('takes rates and load from a run: the tension is the part of the time that the slowest operator took', () => {
    const facts = [
      { actualRows: 1000, exclusiveMs: 20 },
      { actualRows: 10, exclusiveMs: 70 },
      { actualRows: 10, exclusiveMs: 10 },
    ];
    const analysis = new DagMinCutEngine().analyzeBottlenecks(buildDag(facts, chain(3)));
    expect(analysis.maxTension).toBeCloseTo(0.7, 12);
    expect(analysis.bottlenecks[0]!.cutNodes).toEqual([1]);
    expect(analysis.offeredRate).toBeCloseTo(10_000, 9);
    expect(analysis.latencyVariance).toBeCloseTo(0.62, 12);
  });

  it.each([
    ['conjunctive', chain(3)],
    [
      'routed',
      [
        [0, 2],
        [1, 2],
      ] as const,
    ],
  ] as const)('has no bottleneck and no tension without any rate, %s', (flow, edges) => {
    expect(new DagMinCutEngine().analyzeBottlenecks(buildDag([{}, {}, {}], edges))).toMatchObject({
      flow,
      maxFlow: Infinity,
      maxTension: 0,
      offeredRate: null,
      bottlenecks: [],
    });
  });

  it('says that nothing passes an operator that takes nothing', () => {
    const dag = buildDag(rates(10, 0), chain(2));
    for (const flow of ['conjunctive', 'routed'] as const) {
      const analysis = new DagMinCutEngine().analyzeBottlenecks(dag, { flow, offeredRate: 5 });
      expect(analysis).toMatchObject({ maxFlow: 0, maxTension: Infinity });
    }
  });

  it('names an operator that nothing joins to the others', () => {
    const dag = buildDag(rates(1, 2, 3), chain(2));
    const refused = { code: 'ERR_DAG_CUT_GRAPH', details: { node: 2 } };
    expect(() => new DagMinCutEngine().analyzeBottlenecks(dag)).toThrow(expect.objectContaining(refused));
    expect(() => new DagMinCutEngine().analyzeBottlenecks(new QueryDag())).toThrow(/has no operators/);
  });

  it.each([NaN, -1, Infinity])('refuses an offered rate and a threshold of %s', (value) => {
    const dag = buildDag(rates(1), []);
    const refused = expect.objectContaining({ code: 'ERR_DAG_CUT_OPTION' });
    expect(() => new DagMinCutEngine().analyzeBottlenecks(dag, { offeredRate: value })).toThrow(refused);
    expect(() => new DagMinCutEngine({ tensionThreshold: value })).toThrow(refused);
  });
});

describe('DagMinCutEngine.subscribe()', () => {
  it("tells of the document's series: rising, approaching, over the threshold, held, released", () => {
    const engine = new DagMinCutEngine({ tensionThreshold: 0.7, emitSignals: true, stickyAnalyses: 2 });
    const told: string[][] = [];
    const end = engine.subscribe(({ kind, tension }: TensionSignal) =>
      told.at(-1)!.push(`${kind} ${tension}`),
    );
    const dag = buildDag(rates(100), []);
    const stressed = [0.23, 0.31, 0.58, 0.71, 0.45, 0.22, 0.22].map((tension) => {
      told.push([]);
      return engine.analyzeBottlenecks(dag, { offeredRate: 100 * tension }).isStressed;
    });
    expect(told).toEqual([
      [],
      ['tension_rising 0.31'],
      ['tension_rising 0.58', 'threshold_approached 0.58'],
      ['tension_rising 0.71', 'threshold_crossed 0.71'],
      ['stress_held 0.45'],
      ['stress_held 0.22'],
      ['stress_released 0.22'],
    ]);
    expect(stressed).toEqual([false, false, false, true, true, true, false]);
    end();
    engine.analyzeBottlenecks(dag, { offeredRate: 99 });
    expect(told.at(-1)).toHaveLength(1);
  });

  it('is silent when emitSignals is false, and tells all others when one subscriber throws', () => {
    const dag = buildDag(rates(100), []);
    const quiet = new DagMinCutEngine({ emitSignals: false });
    quiet.subscribe(() => expect.unreachable());
    expect(quiet.analyzeBottlenecks(dag, { offeredRate: 99 }).isStressed).toBe(true);
    const engine = new DagMinCutEngine();
    let told = 0;
    engine.subscribe(() => {
      throw new Error('mine');
    });
    engine.subscribe(() => told++);
    expect(() => engine.analyzeBottlenecks(dag, { offeredRate: 99 })).toThrow('mine');
    expect(told).toBe(1);
  });
});
