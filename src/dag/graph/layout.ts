// A DAG as typed arrays: operators by their place in topological order, edges in compressed rows.

/** A graph for those who compute on it. Everything is by place: 0 is the first operator in topological order. */
export interface DagLayout {
  /** Ids, by place. */
  readonly ids: Float64Array;
  /** Place of each id. */
  readonly placeOf: ReadonlyMap<number, number>;
  /** The edges of place v to its children are those from `childStart[v]` to `childStart[v + 1]`. */
  readonly childStart: Int32Array;
  /** The places they lead to. */
  readonly child: Int32Array;
  /** Rows each of these edges can carry a second. */
  readonly childRate: Float64Array;
  /** The same for parents. */
  readonly parentStart: Int32Array;
  readonly parent: Int32Array;
  /** Edges of the longest way from a source. */
  readonly depth: Int32Array;
  /** Edges of the longest way to a sink. */
  readonly height: Int32Array;
}

/** Lays a graph out. @param order ids in topological order */
export function buildLayout(
  order: readonly number[],
  childrenOf: (id: number) => ReadonlyMap<number, { readonly rate: number }>,
): DagLayout {
  const placeOf = new Map(order.map((id, place) => [id, place]));
  const childStart = new Int32Array(order.length + 1);
  order.forEach((id, place) => (childStart[place + 1] = childStart[place]! + childrenOf(id).size));
  const edges = childStart[order.length]!;
  const child = new Int32Array(edges);
  const childRate = new Float64Array(edges);
  const parentStart = new Int32Array(order.length + 1);
  let at = 0;
  for (const id of order) {
    for (const [to, { rate }] of childrenOf(id)) {
      const place = placeOf.get(to)!;
      child[at] = place;
      childRate[at++] = rate;
      parentStart[place + 1]!++;
    }
  }
  for (let place = 0; place < order.length; place++) parentStart[place + 1]! += parentStart[place]!;
  const parent = new Int32Array(edges);
  const free = parentStart.slice();
  for (let place = 0; place < order.length; place++) {
    for (let edge = childStart[place]!; edge < childStart[place + 1]!; edge++)
      parent[free[child[edge]!]!++] = place;
  }
  const depth = findDepths(parentStart, parent);
  const height = findHeights(childStart, child);
  return {
    ids: Float64Array.from(order),
    placeOf,
    childStart,
    child,
    childRate,
    parentStart,
    parent,
    depth,
    height,
  };
}

function findDepths(parentStart: Int32Array, parent: Int32Array): Int32Array {
  const depth = new Int32Array(parentStart.length - 1);
  for (let place = 0; place < depth.length; place++) {
    for (let edge = parentStart[place]!; edge < parentStart[place + 1]!; edge++) {
      depth[place] = Math.max(depth[place]!, depth[parent[edge]!]! + 1);
    }
  }
  return depth;
}

function findHeights(childStart: Int32Array, child: Int32Array): Int32Array {
  const height = new Int32Array(childStart.length - 1);
  for (let place = height.length - 1; place >= 0; place--) {
    for (let edge = childStart[place]!; edge < childStart[place + 1]!; edge++) {
      height[place] = Math.max(height[place]!, height[child[edge]!]! + 1);
    }
  }
  return height;
}
