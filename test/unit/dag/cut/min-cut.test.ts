// The min-cut engine against sets of operators tried one by one, and its warm flow against a new engine.
import { describe, expect, it } from 'vitest';
import { DagMinCutEngine, findSaturation } from '../../../../src/dag/cut/index.ts';
import type { BottleneckAnalysis } from '../../../../src/dag/cut/index.ts';
import { OperatorNode, OperatorType } from '../../../../src/dag/graph/index.ts';
import type { QueryDag } from '../../../../src/dag/graph/index.ts';
import { createPrintedRandom } from '../../../support/random.ts';
import { buildRandomPlan, relabel, routingTypes } from '../../../support/dag/random-plan.ts';

const routed = { flow: 'routed' } as const;
const analyze = (dag: QueryDag): BottleneckAnalysis => new DagMinCutEngine().analyzeBottlenecks(dag, routed);

interface Cuts {
  readonly least: number;
  /** Operators in every smallest cut. */
  readonly always: readonly number[];
  readonly nearest: ReadonlySet<number>;
  readonly farthest: ReadonlySet<number>;
}

/** Tries every choice of cut operators, by the sides that operators' inputs and outputs are on. */
function tryAllCuts(dag: QueryDag): Cuts {
  const ids = dag.topologicalOrder();
  const bits = 2 * ids.length;
  const arcs: [number, number, number][] = [];
  ids.forEach((id, at) => {
    arcs.push([2 * at, 2 * at + 1, dag.node(id).facts.serviceRate!]);
    for (const { from, to, rate } of dag.edges()) {
      if (from === id) arcs.push([2 * at + 1, 2 * ids.indexOf(to), rate]);
    }
    if (dag.parents(id).length === 0) arcs.push([-1, 2 * at, Infinity]);
    if (dag.children(id).length === 0) arcs.push([2 * at + 1, -2, Infinity]);
  });
  const isNear = (side: number, end: number): boolean =>
    end === -1 || (end !== -2 && ((side >> end) & 1) === 1);
  let least = Infinity;
  let sides: number[] = [];
  for (let side = 0; side < 1 << bits; side++) {
    let sum = 0;
    for (const [from, to, capacity] of arcs) {
      if (isNear(side, from) && !isNear(side, to)) sum += capacity;
      if (sum > least) break;
    }
    if (sum < least) [least, sides] = [sum, []];
    if (sum === least) sides.push(side);
  }
  const cutBy = (side: number): number[] =>
    ids.filter((_, at) => isNear(side, 2 * at) && !isNear(side, 2 * at + 1));
  const always = ids.filter((id) => sides.every((side) => cutBy(side).includes(id)));
  const nearest = sides.reduce((all, side) => all & side);
  const farthest = sides.reduce((all, side) => all | side);
  return { least, always, nearest: new Set(cutBy(nearest)), farthest: new Set(cutBy(farthest)) };
}

describe('DagMinCutEngine.analyzeBottlenecks()', () => {
  it('gives the smallest cut, both extreme ones and the sensitive operators of 10,000 random plans', () => {
    const random = createPrintedRandom('cuts of random plans');
    for (let round = 0; round < 10_000; round++) {
      const dag = buildRandomPlan(random, {
        operators: 1 + Math.floor(random() * 5),
        extraEdges: 2,
        edgeRate: () => (random() < 0.7 ? Infinity : Math.floor(random() * 20)),
      });
      const analysis = analyze(dag);
      const expected = tryAllCuts(dag);
      expect(analysis.maxFlow).toBe(expected.least);
      expect(new Set(analysis.sensitivity.keys())).toEqual(new Set(expected.always));
      expect(new Set(analysis.bottlenecks[0]!.cutNodes)).toEqual(expected.nearest);
      expect(new Set(analysis.bottlenecks.at(-1)!.cutNodes)).toEqual(expected.farthest);
    }
  }, 60_000);

  it('gives what a new engine gives after each of 100,000 random edits', () => {
    const random = createPrintedRandom('edits of plans');
    const engine = new DagMinCutEngine();
    let edits = 0;
    while (edits < 100_000) {
      const dag = buildRandomPlan(random, {
        operators: 3 + Math.floor(random() * 8),
        extraEdges: 1.5,
        facts: () => ({ serviceRate: random() < 0.1 ? 0 : 10 ** (6 * random()) }),
      });
      for (let edit = 0; edit < 500; edit++, edits++) {
        editPlan(dag, random);
        const warm = engine.analyzeBottlenecks(dag, routed);
        const cold = analyze(dag);
        const isEqual =
          Math.abs(warm.maxFlow - cold.maxFlow) <= 1e-9 * cold.maxFlow &&
          cutsOf(warm) === cutsOf(cold) &&
          String([...warm.sensitivity.keys()]) === String([...cold.sensitivity.keys()]);
        if (!isEqual) expect(warm).toEqual(cold);
      }
    }
  }, 120_000);
});

const cutsOf = ({ bottlenecks }: BottleneckAnalysis): string =>
  bottlenecks.map(({ cutNodes }) => cutNodes).join('|');

/** Changes a rate, adds or removes an edge or an operator; the plan stays in one part. */
function editPlan(dag: QueryDag, random: () => number): void {
  const order = dag.topologicalOrder();
  const any = (): number => order[Math.floor(random() * order.length)]!;
  const kind = random();
  if (kind < 0.88) dag.updateNode(any(), { serviceRate: 10 ** (6 * random()) });
  else if (kind < 0.94) {
    const [from, to] = [any(), any()].sort((a, b) => order.indexOf(a) - order.indexOf(b));
    const rate = random() < 0.5 ? Infinity : 10 ** (6 * random());
    if (from !== to) dag.addEdge(from!, to!, { rate });
  } else if (kind < 0.97) {
    const edges = dag.edges();
    const edge = edges[Math.floor(random() * edges.length)]!;
    dag.removeEdge(edge.from, edge.to);
    if (!isOnePart(dag)) dag.addEdge(edge.from, edge.to, { rate: edge.rate });
  } else if (kind < 0.985 && order.length < 12) {
    const id = Math.max(...order) + 1;
    const other = any();
    dag.addNode(new OperatorNode(id, OperatorType.Transform, { serviceRate: 10 ** (6 * random()) }));
    if (random() < 0.5) dag.addEdge(other, id);
    else dag.addEdge(id, other);
  } else if (order.length > 3) {
    const ends = order.filter((id) => dag.parents(id).length + dag.children(id).length === 1);
    if (ends.length > 0) dag.removeNode(ends[Math.floor(random() * ends.length)]!);
  }
}

function isOnePart(dag: QueryDag): boolean {
  const [first] = dag.topologicalOrder();
  const seen = new Set([first!]);
  for (const id of seen) for (const next of [...dag.parents(id), ...dag.children(id)]) seen.add(next);
  return seen.size === dag.nodeCount;
}

describe('findSaturation()', () => {
  it('fills every operator of a smallest cut, and alike ones alike, whatever their ids and order', () => {
    const random = createPrintedRandom('saturation of plans');
    for (let round = 0; round < 500; round++) {
      const dag = buildRandomPlan(random, {
        operators: 2 + Math.floor(random() * 20),
        extraEdges: 2,
        types: routingTypes,
        facts: () => ({ serviceRate: 1 + Math.floor(random() * 9) }),
      });
      const saturation = saturationById(dag);
      for (const { cutNodes } of analyze(dag).bottlenecks) {
        for (const id of cutNodes) expect(saturation.get(id)).toBeCloseTo(1, 9);
      }
      const other = relabel(dag, random);
      const again = saturationById(other.dag);
      for (const [id, full] of saturation) expect(again.get(other.idOf.get(id)!)).toBeCloseTo(full, 9);
    }
  });
});

function saturationById(dag: QueryDag): Map<number, number> {
  const saturation = findSaturation(dag, 'routed');
  return new Map(Array.from(dag.layout().ids, (id, place) => [id, saturation[place]!]));
}
