// The critical path: of all ways from a source to a sink the one that costs most, so that a plan cannot take less.
import type { OperatorNode } from './operator-node.ts';
import type { QueryDag } from './query-dag.ts';

/** The way that costs most. */
export interface CriticalPath {
  /** Ids, from a source to a sink; empty for a graph without operators. */
  readonly path: readonly number[];
  /** What its operators cost together. */
  readonly cost: number;
}

/**
 * Finds it; of several that cost the same, the one whose operators come first in topological order.
 * @param costOf what an operator costs. @default its measured ms when all were measured, else its estimated cost or 0
 */
export function findCriticalPath(dag: QueryDag, costOf = defaultCostOf(dag)): CriticalPath {
  const { ids, parentStart, parent } = dag.layout();
  const total = new Float64Array(ids.length);
  const before = new Int32Array(ids.length).fill(-1);
  let end = -1;
  for (let place = 0; place < ids.length; place++) {
    for (let edge = parentStart[place]!; edge < parentStart[place + 1]!; edge++) {
      const from = parent[edge]!;
      const best = before[place]!;
      if (best >= 0 && (total[from]! < total[best]! || (total[from] === total[best] && from > best)))
        continue;
      before[place] = from;
    }
    const inputs = before[place]! < 0 ? 0 : total[before[place]!]!;
    total[place] = inputs + costOf(dag.node(ids[place]!));
    if (end < 0 || total[place]! > total[end]!) end = place;
  }
  const path: number[] = [];
  for (let place = end; place >= 0; place = before[place]!) path.unshift(ids[place]!);
  return { path, cost: end < 0 ? 0 : total[end]! };
}

function defaultCostOf(dag: QueryDag): (node: OperatorNode) => number {
  const isMeasured = dag.nodes().every(({ facts }) => facts.exclusiveMs !== undefined);
  return ({ facts }) => (isMeasured ? facts.exclusiveMs : facts.estimatedCost) ?? 0;
}
