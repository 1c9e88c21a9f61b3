// What of a plan its embedding and signature depend on.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OperatorNode, QueryDag } from '../../../../src/dag/graph/index.ts';
import { embedPlan } from '../../../../src/dag/sona/index.ts';
import { randomPlan } from '../../../support/dag/plans.ts';
import { createRandom } from '../../../support/random.ts';

/** The same plan with other ids, added in another order, measured. */
function shuffle(dag: QueryDag, random: () => number): QueryDag {
  const shuffled = new QueryDag();
  const newId = new Map(dag.nodes().map(({ id }) => [id, Math.floor(random() * 2 ** 40)]));
  const sorted = <Item>(items: Item[]): Item[] =>
    items
      .map((item) => [random(), item] as const)
      .sort(([a], [b]) => a - b)
      .map(([, item]) => item);
  for (const { id, type, details } of sorted(dag.nodes())) {
    shuffled.addNode(new OperatorNode(newId.get(id)!, type, { details, exclusiveMs: random() * 100 }));
  }
  for (const { from, to } of sorted(dag.edges())) shuffled.addEdge(newId.get(from)!, newId.get(to)!);
  return shuffled;
}

function scanAndFilter(predicate: string, table = 'users'): QueryDag {
  const dag = new QueryDag();
  dag.addEdge(dag.addNode(OperatorNode.seqScan(0, table)), dag.addNode(OperatorNode.filter(1, predicate)));
  return dag;
}

describe('embedPlan()', { timeout: 120_000 }, () => {
  it('gives the same signature and embedding when ids, order and measurements differ', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = createRandom(seed);
        const dag = randomPlan(random);
        const [one, other] = [embedPlan(dag, 256), embedPlan(shuffle(dag, random), 256)];
        expect(other.signature).toBe(one.signature);
        expect(other.embedding).toEqual(one.embedding);
      }),
      { numRuns: 200 },
    );
  });

  it('gives embeddings of length 1 whose parts add up when plans and lengths are random', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 16, max: 512 }), (seed, dims) => {
        const { embedding, parts, signature } = embedPlan(randomPlan(createRandom(seed)), dims);
        expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
        expect(signature).toMatch(/^[0-9a-f]{16}$/);
        const sum = new Float64Array(dims);
        for (const { at, value } of parts) at.forEach((place, i) => (sum[place]! += value[i]!));
        expect(Float32Array.from(sum)).toEqual(embedding);
      }),
      { numRuns: 200 },
    );
  });

  it('leaves parameters out when only they differ, and nothing else', () => {
    const signatures = [
      "score > 0.5 and name = 'it''s' and t1.c2 = $3 and x = -1e5",
      "score > 17 and name = '' and t1.c2 = $12 and x = 3",
      "score > 17 and name = '' and t2.c2 = $12 and x = 3",
      "score < 17 and name = '' and t1.c2 = $12 and x = 3",
    ].map((predicate) => embedPlan(scanAndFilter(predicate), 256).signature);
    expect(signatures[1]).toBe(signatures[0]);
    expect(new Set(signatures).size).toBe(3);
    expect(embedPlan(scanAndFilter('a > 1', 'orders'), 256).signature).not.toBe(
      embedPlan(scanAndFilter('a > 1'), 256).signature,
    );
  });

  it('tells direction and sharing apart when operators are the same', () => {
    const build = (edges: readonly [number, number][]): string => {
      const dag = new QueryDag();
      for (const id of [0, 1, 2, 3])
        dag.addNode(id < 2 ? OperatorNode.materialize(id) : OperatorNode.result(id));
      for (const [from, to] of edges) dag.addEdge(from, to);
      return embedPlan(dag, 64).signature;
    };
    const signatures = [
      build([
        [0, 2],
        [1, 3],
      ]),
      build([
        [0, 2],
        [0, 3],
      ]),
      build([
        [2, 0],
        [3, 1],
      ]),
      build([
        [0, 2],
        [1, 2],
      ]),
      build([
        [0, 2],
        [0, 3],
        [1, 2],
        [1, 3],
      ]),
    ];
    expect(new Set(signatures).size).toBe(signatures.length);
  });

  it('gives 2,000 different random plans different signatures, and closer embeddings to plans with one operator more', () => {
    const random = createRandom(11);
    const plans = Array.from({ length: 2000 }, () => randomPlan(random, { tables: 1000 }));
    expect(new Set(plans.map((dag) => embedPlan(dag, 256).signature)).size).toBe(2000);
    const cosine = (a: Float32Array, b: Float32Array): number =>
      a.reduce((sum, value, at) => sum + value * b[at]!, 0);
    let closer = 0;
    for (let i = 0; i < 100; i++) {
      const own = embedPlan(plans[i]!, 256).embedding;
      const grown = plans[i]!.subgraph(plans[i]!.nodes().map(({ id }) => id));
      grown.addEdge(grown.sinks()[0]!, grown.addNode(OperatorNode.limit(2 ** 41, 10)));
      const other = embedPlan(plans[i + 100]!, 256).embedding;
      if (cosine(own, embedPlan(grown, 256).embedding) > cosine(own, other)) closer++;
    }
    expect(closer).toBe(100);
  });

  it('refuses a DAG without operators when asked for one', () => {
    expect(() => embedPlan(new QueryDag(), 256)).toThrow(
      expect.objectContaining({ code: 'ERR_DAG_SONA_PLAN' }),
    );
  });
});
