// A plan as the arcs of a network, for peers that find flows through it: made from the graph alone, not by the engine.
import type { QueryDag } from '../../../src/dag/index.ts';

/** Instead of infinity, which JSON does not have. */
const ENDLESS = 1e12;

/** Arcs of operators, from the one at place 0 on, then edges; the last two nodes are source and sink. */
export function describeArcs(dag: QueryDag): { readonly nodes: number; readonly arcs: number[][] } {
  const order = dag.topologicalOrder();
  const placeOf = new Map(order.map((id, place) => [id, place]));
  const [source, sink] = [2 * order.length, 2 * order.length + 1];
  const arcs = order.map((id, place) => [
    2 * place,
    2 * place + 1,
    dag.node(id).facts.serviceRate ?? ENDLESS,
  ]);
  for (const id of dag.sources()) arcs.push([source, 2 * placeOf.get(id)!, ENDLESS]);
  for (const id of dag.sinks()) arcs.push([2 * placeOf.get(id)! + 1, sink, ENDLESS]);
  for (const { from, to, rate } of dag.edges()) {
    arcs.push([2 * placeOf.get(from)! + 1, 2 * placeOf.get(to)!, Math.min(rate, ENDLESS)]);
  }
  return { nodes: 2 * order.length + 2, arcs };
}
