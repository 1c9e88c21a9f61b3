// The way through a plan that costs most, against all ways.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findCriticalPath, OperatorNode, OperatorType, QueryDag } from '../../../../src/dag/index.ts';

const build = (costs: readonly number[], edges: readonly (readonly [number, number])[]): QueryDag => {
  const dag = new QueryDag();
  costs.forEach((estimatedCost, id) =>
    dag.addNode(new OperatorNode(id, OperatorType.Filter, { estimatedCost })),
  );
  for (const [from, to] of edges) dag.addEdge(from, to);
  return dag;
};

/** Costs of all ways that begin at an operator. */
const waysFrom = (dag: QueryDag, id: number): number[] => {
  const own = dag.node(id).facts.estimatedCost!;
  const children = dag.children(id);
  return children.length === 0
    ? [own]
    : children.flatMap((child) => waysFrom(dag, child).map((cost) => own + cost));
};

describe('findCriticalPath()', () => {
  it('gives the most expensive of all ways when graphs are random', () => {
    const graphs = fc
      .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 8 })
      .chain((costs) =>
        fc.tuple(
          fc.constant(costs),
          fc.array(fc.tuple(fc.nat(costs.length - 1), fc.nat(costs.length - 1)), { maxLength: 12 }),
        ),
      );
    const property = fc.property(graphs, ([costs, pairs]) => {
      const edges = pairs.filter(([from, to]) => from < to);
      const dag = build(costs, edges);
      const { path, cost } = findCriticalPath(dag);
      expect(cost).toBe(Math.max(...dag.sources().flatMap((id) => waysFrom(dag, id))));
      expect(path.reduce((sum, id) => sum + costs[id]!, 0)).toBe(cost);
      path.slice(1).forEach((id, at) => expect(dag.hasEdge(path[at]!, id)).toBe(true));
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('goes by measured times when every operator has one, else by estimated costs', () => {
    const dag = build(
      [5, 1, 1],
      [
        [0, 2],
        [1, 2],
      ],
    );
    expect(findCriticalPath(dag)).toEqual({ path: [0, 2], cost: 6 });
    dag.updateNode(1, { exclusiveMs: 50 });
    expect(findCriticalPath(dag)).toEqual({ path: [0, 2], cost: 6 });
    dag.updateNode(0, { exclusiveMs: 2 });
    dag.updateNode(2, { exclusiveMs: 3 });
    expect(findCriticalPath(dag)).toEqual({ path: [1, 2], cost: 53 });
    expect(findCriticalPath(dag, ({ id }) => (id === 0 ? 9 : 1))).toEqual({ path: [0, 2], cost: 10 });
  });

  it('is empty when the graph is', () => {
    expect(findCriticalPath(new QueryDag())).toEqual({ path: [], cost: 0 });
  });
});
