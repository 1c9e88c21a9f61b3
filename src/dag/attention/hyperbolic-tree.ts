// A plan's hierarchy as points of hyperbolic space H^d of curvature −K, on the hyperboloid ⟨x,x⟩ = −1/K (Lorentz). The
// hierarchy is the tree of post-dominators. The distance from the root grows with depth; directions split as in Sarkar's
// construction, with one axis for each operator: a child's direction is that of its parent turned towards its own axis, the
// less the deeper. So siblings are all equally far apart, and no order or id of them matters.
import type { QueryDag } from '../graph/index.ts';
import type { DagLayout } from '../graph/index.ts';
import { findMeeting, findPostDominators } from './dominators.ts';
import type { DominatorTree } from './dominators.ts';

/** Distances in a plan's hierarchy. */
export interface HyperbolicTree {
  readonly tree: DominatorTree;
  /** K. */
  readonly curvature: number;
  /** √K times the distance from the root, by place. */
  readonly radius: Float64Array;
  readonly cosh: Float64Array;
  readonly sinh: Float64Array;
  /** Cosine of the angle between an operator's direction and its parent's. */
  readonly turn: Float64Array;
}

/** How far apart operators are. */
export interface HyperbolicOptions {
  /** K, 0.01–100. @default 1 */
  readonly curvature?: number;
  /** √K times the distance of a child from its parent, in plans whose deepest operator stays within `radius`. @default 1 */
  readonly step?: number;
  /** √K times the largest distance from the root; beyond 6, doubles cannot hold ⟨x,x⟩ to 1e-9. @default 6 */
  readonly radius?: number;
}

/** Places a plan's operators. A single result is the root; several hang from one that stands for no operator. */
export function buildHyperbolicTree(layout: DagLayout, options: Required<HyperbolicOptions>): HyperbolicTree {
  const tree = findPostDominators(layout);
  const count = layout.ids.length;
  const children = new Int32Array(count + 1);
  for (let place = 0; place < count; place++) children[tree.parent[place]!]!++;
  const first = children[count] === 1 ? 1 : 0;
  let deepest = 1;
  for (let place = 0; place < count; place++) deepest = Math.max(deepest, tree.depth[place]! - first);
  const step = Math.min(options.step, options.radius / deepest);
  const column = (): Float64Array => new Float64Array(count);
  const [radius, cosh, sinh, turn] = [column(), column(), column(), column()];
  // Few depths, many operators.
  const coshAt = Float64Array.from({ length: deepest + 1 }, (_, depth) => Math.cosh(depth * step));
  const sinhAt = Float64Array.from({ length: deepest + 1 }, (_, depth) => Math.sinh(depth * step));
  // By the law of cosines, siblings are as far apart as the two edges between them are long; at most at a right angle.
  const turnAt = coshAt.map((far, depth) =>
    Math.sqrt(Math.max(0, (far ** 2 - Math.cosh(2 * step)) / sinhAt[depth]! ** 2)),
  );
  for (let place = 0; place < count; place++) {
    const depth = tree.depth[place]! - first;
    radius[place] = depth * step;
    cosh[place] = coshAt[depth]!;
    sinh[place] = sinhAt[depth]!;
    const siblings = children[tree.parent[place]!]!;
    turn[place] = siblings === 1 ? 1 : turnAt[depth]!;
  }
  return { tree, curvature: options.curvature, radius, cosh, sinh, turn };
}

/**
 * Cosines of the angles between an operator's direction and all others': products of the turns on the way between them.
 * @param into takes them by place; its last entry is that of the root
 */
export function findAngles(
  { tree: { parent }, turn }: HyperbolicTree,
  place: number,
  into: Float64Array,
): void {
  const count = turn.length;
  into.fill(-1);
  let cosine = 1;
  for (let at = place; at !== count; at = parent[at]!) {
    into[at] = cosine;
    cosine *= turn[at]!;
  }
  into[count] = cosine;
  for (let at = count - 1; at >= 0; at--) {
    if (into[at]! < 0) into[at] = into[parent[at]!]! * turn[at]!;
  }
}

/** A point on the hyperboloid. Axes are ids of operators; what is not named is 0. */
export interface LorentzPoint {
  readonly time: number;
  readonly space: ReadonlyMap<number, number>;
}

/** Where an operator is. */
export function findPoint(points: HyperbolicTree, layout: DagLayout, place: number): LorentzPoint {
  const count = layout.ids.length;
  const scale = 1 / Math.sqrt(points.curvature);
  const space = new Map<number, number>();
  let part = points.sinh[place]! * scale;
  for (let at = place; part !== 0 && at !== count; at = points.tree.parent[at]!) {
    const turn = points.turn[at]!;
    space.set(layout.ids[at]!, part * Math.sqrt(1 - turn * turn));
    part *= turn;
  }
  // The direction of the root itself, an axis that no operator has.
  space.set(-1, part);
  return { time: points.cosh[place]! * scale, space };
}

/** ⟨a,b⟩: the products in space less that in time. */
export function lorentzProduct(a: LorentzPoint, b: LorentzPoint): number {
  let product = -a.time * b.time;
  for (const [axis, value] of a.space) product += value * (b.space.get(axis) ?? 0);
  return product;
}

/** Lorentz centroid: the weighted sum, put back on the hyperboloid. @param weights not negative, not all 0 */
export function findCentroid(
  points: readonly LorentzPoint[],
  weights: ArrayLike<number>,
  curvature: number,
): LorentzPoint {
  let time = 0;
  const space = new Map<number, number>();
  points.forEach((point, at) => {
    time += weights[at]! * point.time;
    for (const [axis, value] of point.space) space.set(axis, (space.get(axis) ?? 0) + weights[at]! * value);
  });
  const sum = { time, space };
  const length = Math.sqrt(-lorentzProduct(sum, sum) * curvature);
  return { time: time / length, space: new Map([...space].map(([axis, value]) => [axis, value / length])) };
}

/** How much the distances of a hierarchy are stretched against each other; 1 for a perfect picture. */
export interface TreeDistortion {
  /** Largest over smallest stretch between points in hyperbolic space. */
  readonly lorentz: number;
  /** The same for points of the same directions and distances from the root in Euclidean space. */
  readonly euclidean: number;
}

/** Compares distances in the tree of post-dominators with those between points. Takes the square of the operators. */
export function findTreeDistortion(dag: QueryDag, options: HyperbolicOptions = {}): TreeDistortion {
  const layout = dag.layout();
  const points = buildHyperbolicTree(layout, { curvature: 1, step: 1, radius: 6, ...options });
  const angles = new Float64Array(layout.ids.length + 1);
  const [lorentz, euclidean] = [
    { least: Infinity, most: 0 },
    { least: Infinity, most: 0 },
  ];
  for (let a = 0; a < layout.ids.length; a++) {
    findAngles(points, a, angles);
    for (let b = a + 1; b < layout.ids.length; b++) {
      const edges = countTreeEdges(points.tree, a, b);
      const [left, right] = [points.radius[a]!, points.radius[b]!];
      const square = left ** 2 + right ** 2 - 2 * left * right * angles[b]!;
      widen(lorentz, findDistance(points, a, b, angles[b]!) / edges);
      widen(euclidean, Math.sqrt(Math.max(0, square)) / edges);
    }
  }
  const ratio = ({ least, most }: typeof lorentz): number => (most === 0 ? 1 : most / least);
  return { lorentz: ratio(lorentz), euclidean: ratio(euclidean) };
}

/** Distance of two operators. @param cosine of the angle between their directions */
export function findDistance(
  { cosh, sinh, curvature }: HyperbolicTree,
  a: number,
  b: number,
  cosine: number,
): number {
  return Math.acosh(Math.max(1, cosh[a]! * cosh[b]! - sinh[a]! * sinh[b]! * cosine)) / Math.sqrt(curvature);
}

function countTreeEdges(tree: DominatorTree, a: number, b: number): number {
  return tree.depth[a]! + tree.depth[b]! - 2 * tree.depth[findMeeting(tree, a, b)]!;
}

function widen(range: { least: number; most: number }, value: number): void {
  range.least = Math.min(range.least, value);
  range.most = Math.max(range.most, value);
}
