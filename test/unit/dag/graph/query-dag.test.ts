// QueryDag against a plain reference that keeps a list of edges and searches all of it, over random edits.
import { describe, expect, it } from 'vitest';
import { isRuvectorError } from '../../../../src/core/index.ts';
import { OperatorNode, OperatorType, QueryDag } from '../../../../src/dag/index.ts';
import type { CostModel, OperatorDetails } from '../../../../src/dag/index.ts';
import { createRandomDag, createRandomNode } from '../../../support/dag/random-dag.ts';
import { createPrintedRandom } from '../../../support/random.ts';

const node = (id: number): OperatorNode => new OperatorNode(id, OperatorType.Project);

/** The same as a list of edges, in the slowest and plainest way. */
class PlainGraph {
  readonly ids: number[] = [];
  edges: (readonly [number, number])[] = [];

  reach(start: number, forward: boolean): Set<number> {
    const found = new Set<number>();
    for (let size = -1; size < found.size;) {
      size = found.size;
      for (const [from, to] of this.edges) {
        const [here, there] = forward ? [from, to] : [to, from];
        if (here === start || found.has(here)) found.add(there);
      }
    }
    return found;
  }

  /** Edges of the longest way that ends at (or begins with) an operator, by recursion. */
  longest(id: number, forward: boolean): number {
    const next = this.edges.flatMap(([from, to]) =>
      forward ? (from === id ? [to] : []) : to === id ? [from] : [],
    );
    return next.reduce((most, at) => Math.max(most, 1 + this.longest(at, forward)), 0);
  }
}

function expectSame(dag: QueryDag, plain: PlainGraph): void {
  expect(dag.nodes().map(({ id }) => id)).toEqual(plain.ids);
  expect(dag.edges().map(({ from, to }) => [from, to])).toEqual(plain.edges);
  expect([dag.nodeCount, dag.edgeCount]).toEqual([plain.ids.length, plain.edges.length]);
  const order = dag.topologicalOrder();
  expect(order.toSorted((a, b) => a - b)).toEqual(plain.ids.toSorted((a, b) => a - b));
  const placeOf = new Map(order.map((id, place) => [id, place]));
  for (const [from, to] of plain.edges) expect(placeOf.get(from)).toBeLessThan(placeOf.get(to)!);
}

function expectSameReach(dag: QueryDag, plain: PlainGraph): void {
  const placeOf = new Map(dag.topologicalOrder().map((id, place) => [id, place]));
  const inOrder = (ids: Iterable<number>): number[] =>
    [...ids].sort((a, b) => placeOf.get(a)! - placeOf.get(b)!);
  const deepest = Math.max(0, ...plain.ids.map((id) => plain.longest(id, false)));
  const [depths, lateness] = [dag.depths(), dag.lateness()];
  for (const id of plain.ids) {
    expect(dag.descendants(id)).toEqual(inOrder(plain.reach(id, true)));
    expect(dag.ancestors(id)).toEqual(inOrder(plain.reach(id, false)));
    const [before, after] = [plain.longest(id, false), plain.longest(id, true)];
    expect(depths.get(id)).toBe(before);
    expect(lateness.get(id)).toBe(deepest - before - after);
  }
  expect(dag.sources()).toEqual(plain.ids.filter((id) => plain.edges.every(([, to]) => to !== id)));
  expect(dag.sinks()).toEqual(plain.ids.filter((id) => plain.edges.every(([from]) => from !== id)));
}

/** One random edit of both; a refused edge must name a cycle that is there. */
function edit(random: () => number, dag: QueryDag, plain: PlainGraph): void {
  const pick = (): number => plain.ids[Math.floor(random() * plain.ids.length)]!;
  const what = random();
  if (plain.ids.length < 3 || what < 0.15) {
    const id = Math.floor(random() * 1e6);
    if (plain.ids.includes(id)) return;
    dag.addNode(node(id));
    plain.ids.push(id);
  } else if (what < 0.2) {
    const id = pick();
    dag.removeNode(id);
    plain.ids.splice(plain.ids.indexOf(id), 1);
    plain.edges = plain.edges.filter((edge) => !edge.includes(id));
  } else if (what < 0.3 && plain.edges.length > 0) {
    const [from, to] = plain.edges[Math.floor(random() * plain.edges.length)]!;
    expect(dag.removeEdge(from, to)).toBe(true);
    plain.edges = plain.edges.filter((edge) => edge[0] !== from || edge[1] !== to);
  } else addEdge(dag, plain, pick(), pick());
}

function addEdge(dag: QueryDag, plain: PlainGraph, from: number, to: number): void {
  const closes = from === to || plain.reach(to, true).has(from);
  const before = dag.version;
  try {
    dag.addEdge(from, to);
    expect(closes).toBe(false);
    if (!plain.edges.some((edge) => edge[0] === from && edge[1] === to)) plain.edges.push([from, to]);
  } catch (error) {
    if (!isRuvectorError(error, 'ERR_DAG_CYCLE')) throw error;
    expect(closes).toBe(true);
    expect(dag.version).toBe(before);
    const cycle = error.details['cycle'] as number[];
    expect([cycle[0], cycle[1], cycle.at(-1)]).toEqual([from, to, from]);
    for (let at = 1; at + 1 < cycle.length; at++) expect(dag.hasEdge(cycle[at]!, cycle[at + 1]!)).toBe(true);
  }
}

describe('QueryDag', () => {
  const random = createPrintedRandom('QueryDag');

  it('keeps order, edges and counts of a plain reference after each of 20 × 150 random edits', () => {
    for (let run = 0; run < 20; run++) {
      const [dag, plain] = [new QueryDag(), new PlainGraph()];
      for (let step = 0; step < 150; step++) {
        edit(random, dag, plain);
        expectSame(dag, plain);
      }
    }
  });

  it('finds ancestors, descendants, depths, lateness, sources and sinks of a plain reference', () => {
    for (let run = 0; run < 60; run++) {
      const dag = createRandomDag(random, 14);
      const plain = new PlainGraph();
      plain.ids.push(...dag.nodes().map(({ id }) => id));
      plain.edges = dag.edges().map(({ from, to }) => [from, to]);
      expectSameReach(dag, plain);
    }
  });

  it('keeps every edge of an order that is turned round edge by edge', () => {
    const dag = new QueryDag();
    for (let id = 0; id < 200; id++) dag.addNode(node(id));
    for (let id = 0; id < 199; id++) dag.addEdge(id + 1, id);
    expect(dag.topologicalOrder()).toEqual(Array.from({ length: 200 }, (_, at) => 199 - at));
    expect(() => dag.addEdge(0, 199)).toThrow(/closes the cycle 0 → 199 → 198/);
  });
});

describe('QueryDag.subgraph()', () => {
  const random = createPrintedRandom('QueryDag.subgraph()');

  it('gives the operators asked for and exactly the edges between them', () => {
    for (let run = 0; run < 100; run++) {
      const dag = createRandomDag(random, 20);
      const wanted = new Set(
        dag
          .nodes()
          .map(({ id }) => id)
          .filter(() => random() < 0.5),
      );
      const part = dag.subgraph(wanted);
      expect(new Set(part.nodes().map(({ id }) => id))).toEqual(wanted);
      expect(part.edges()).toEqual(dag.edges().filter(({ from, to }) => wanted.has(from) && wanted.has(to)));
      for (const id of wanted) expect(part.node(id)).toBe(dag.node(id));
    }
    expect(() => new QueryDag().subgraph([7])).toThrow(/Cannot find operator "7"/);
  });
});

describe('QueryDag.layout()', () => {
  it('gives compressed rows in topological order until the graph changes', () => {
    const dag = createRandomDag(createPrintedRandom('QueryDag.layout()'), 30);
    const { ids, placeOf, childStart, child, childRate, parentStart, parent } = dag.layout();
    expect([...ids]).toEqual(dag.topologicalOrder());
    ids.forEach((id, place) => {
      expect(placeOf.get(id)).toBe(place);
      const edges = dag.edges().filter(({ from }) => from === id);
      const row = [childStart[place]!, childStart[place + 1]!] as const;
      expect(Array.from(child.slice(...row), (at) => ids[at])).toEqual(edges.map(({ to }) => to));
      expect([...childRate.slice(...row)]).toEqual(edges.map(({ rate }) => rate));
      const back = parent.slice(parentStart[place], parentStart[place + 1]);
      expect(new Set(Array.from(back, (at) => ids[at]))).toEqual(new Set(dag.parents(id)));
    });
    expect(dag.layout()).toBe(dag.layout());
    const before = dag.layout();
    dag.addNode(node(Number.MAX_SAFE_INTEGER - 1));
    expect(dag.layout()).not.toBe(before);
  });
});

describe('QueryDag.addEdge()', () => {
  it('refuses operators that are not there, and rates that cannot be', () => {
    const dag = new QueryDag();
    dag.addNode(node(1));
    dag.addNode(node(2));
    expect(() => dag.addEdge(1, 3)).toThrow(expect.objectContaining({ code: 'ERR_DAG_UNKNOWN' }));
    expect(() => dag.addEdge(1, 2, { rate: NaN })).toThrow(/Cannot take edge "1 → 2": its rate is NaN/);
    expect(() => dag.addEdge(1, 2, { rate: -1 })).toThrow(expect.objectContaining({ code: 'ERR_DAG_EDGE' }));
    expect(dag.edgeCount).toBe(0);
  });

  it('gives an edge that is there its new rate, and keeps its place', () => {
    const dag = new QueryDag();
    for (const id of [1, 2, 3]) dag.addNode(node(id));
    dag.addEdge(1, 2);
    dag.addEdge(1, 3);
    dag.addEdge(1, 2, { rate: 5 });
    expect(dag.edges()).toEqual([
      { from: 1, to: 2, rate: 5 },
      { from: 1, to: 3, rate: Infinity },
    ]);
  });
});

describe('OperatorNode', () => {
  it.each([
    ['estimatedCost', NaN],
    ['actualRows', -1],
    ['serviceRate', Infinity],
  ])('refuses a %s of %d and names the node', (fact, value) => {
    expect(() => new OperatorNode(7, OperatorType.Sort, { [fact]: value })).toThrow(
      expect.objectContaining({
        code: 'ERR_DAG_OPERATOR',
        message: expect.stringContaining(`"7" (sort): ${fact} is ${value}`) as string,
        details: expect.objectContaining({ node: 7 }) as object,
      }),
    );
  });

  it('refuses ids, types and details that cannot be', () => {
    const make =
      (id: number, type: string, details: object): (() => OperatorNode) =>
      () =>
        new OperatorNode(id, type as OperatorType, { details: details as OperatorDetails });
    expect(make(-1, 'sort', {})).toThrow(/id is -1/);
    expect(make(0.5, 'sort', {})).toThrow(/id is 0.5/);
    expect(make(1, 'sorted', {})).toThrow(/type is sorted/);
    for (const value of [NaN, null, undefined, {}, [1], '\ud800'])
      expect(make(1, 'sort', { key: value })).toThrow(/its detail "key" is/);
  });

  it('with() gives an operator of other facts, without those that are undefined', () => {
    const scan = OperatorNode.seqScan(1, 'users').with({ actualRows: 3, rowBytes: 8 });
    expect(scan.with({ actualRows: undefined, serviceRate: 2 }).facts).toStrictEqual({
      rowBytes: 8,
      serviceRate: 2,
    });
    expect(scan.details).toEqual({ table: 'users' });
    expect(Object.isFrozen(scan.facts) && Object.isFrozen(scan.details)).toBe(true);
  });
});

describe('QueryDag.estimates()', () => {
  const model = (cost: number): CostModel => ({
    unit: 'ms',
    estimateCardinality: (op, { inputRows }) => (op.id === 0 ? 100 : inputRows[0]! / 2),
    estimateCost: (_op, { inputRows }) => cost * (inputRows[0] ?? 1),
    platformOverhead: () => 2,
  });

  it('asks the model inputs first, with what those give, times the overhead of the platform', () => {
    const dag = QueryDag.withCostModel(model(3));
    dag.addNode(OperatorNode.result(2));
    dag.addNode(OperatorNode.filter(1, 'x'));
    dag.addNode(OperatorNode.seqScan(0, 't'));
    dag.addEdge(0, 1);
    dag.addEdge(1, 2);
    expect([...dag.estimates()]).toEqual([
      [0, { rows: 100, cost: 6 }],
      [1, { rows: 50, cost: 600 }],
      [2, { rows: 25, cost: 300 }],
    ]);
    dag.applyEstimates();
    expect(dag.node(1).facts).toEqual({ estimatedRows: 50, estimatedCost: 600 });
    expect(dag.subgraph([1]).costModel).toBe(dag.costModel);
  });

  it('refuses a graph without a model, and a model that gives no number', () => {
    expect(() => new QueryDag().estimates()).toThrow(expect.objectContaining({ code: 'ERR_DAG_COST_MODEL' }));
    const dag = QueryDag.withCostModel(model(NaN));
    dag.addNode(createRandomNode(() => 0, 4));
    expect(() => dag.estimates()).toThrow(/Cannot estimate operator "4" \(seq_scan\): .* is NaN/);
  });
});
