// Where a plan forks and joins: at each join, the operators between it and the nearest one that all rows to it have passed
// (or the sources, where there is none). What hangs together between both is a branch.
import type { QueryDag } from '../graph/index.ts';
import type { DagLayout } from '../graph/index.ts';
import { buildAttentionPlan } from './attention-plan.ts';
import { findDominators } from './dominators.ts';
import { PlanWalk } from './walk.ts';

/** The operators between a fork and a join, by place. */
export interface ForkJoin {
  /** The operator count of the plan where the sources are the fork. */
  readonly fork: number;
  /** The operator count of the plan where the results are the join. */
  readonly join: number;
  readonly places: readonly number[];
  /** Number of each of `places`' branch. */
  readonly branch: readonly number[];
  readonly branches: number;
}

/** Finds all places where ways meet, inner ones first; ways that are joined on the way are one branch. */
export function findForkJoins(layout: DagLayout): ForkJoin[] {
  const count = layout.ids.length;
  const { parent: dominator } = findDominators(layout);
  const finder = new RegionFinder(layout);
  const found: ForkJoin[] = [];
  const sinks: number[] = [];
  for (let place = 0; place < count; place++) {
    if (layout.childStart[place] === layout.childStart[place + 1]) sinks.push(place);
    const inputs = layout.parent.subarray(layout.parentStart[place], layout.parentStart[place + 1]);
    if (inputs.length < 2) continue;
    found.push(finder.find(dominator[place]!, place, inputs));
  }
  if (sinks.length < 2) return found;
  found.push(finder.find(meetAll(layout, sinks, dominator), count, Int32Array.from(sinks)));
  return found;
}

/** The nearest operator that all ways to these have passed. */
function meetAll({ ids }: DagLayout, places: readonly number[], dominator: Int32Array): number {
  let passed = new Set<number>();
  places.forEach((place, at) => {
    const own = new Set<number>();
    for (let up = dominator[place]!; up !== ids.length; up = dominator[up]!) own.add(up);
    passed = at === 0 ? own : passed.intersection(own);
  });
  return passed.size === 0 ? ids.length : Math.max(...passed);
}

class RegionFinder {
  readonly #layout: DagLayout;
  readonly #seen: Int32Array;
  readonly #root: Int32Array;
  #region = 0;

  constructor(layout: DagLayout) {
    this.#layout = layout;
    this.#seen = new Int32Array(layout.ids.length);
    this.#root = new Int32Array(layout.ids.length);
  }

  /** What leads to the inputs of a join, up to the fork, in connected parts. */
  find(fork: number, join: number, inputs: Int32Array): ForkJoin {
    const { parentStart, parent } = this.#layout;
    const [seen, root] = [this.#seen, this.#root];
    const region = ++this.#region;
    const places: number[] = [];
    const reach = (place: number): void => {
      if (place === fork || seen[place] === region) return;
      seen[place] = region;
      root[place] = place;
      places.push(place);
    };
    for (const input of inputs) reach(input);
    for (const place of places) {
      for (let edge = parentStart[place]!; edge < parentStart[place + 1]!; edge++) reach(parent[edge]!);
    }
    for (const place of places) {
      for (let edge = parentStart[place]!; edge < parentStart[place + 1]!; edge++) {
        if (parent[edge]! !== fork) root[this.#rootOf(parent[edge]!)] = this.#rootOf(place);
      }
    }
    const numbers = new Map<number, number>();
    const branch = places.map((place) => {
      const own = this.#rootOf(place);
      const number = numbers.get(own) ?? numbers.size;
      numbers.set(own, number);
      return number;
    });
    return { fork, join, places, branch, branches: numbers.size };
  }

  #rootOf(place: number): number {
    const root = this.#root;
    let at = place;
    while (root[at] !== at) at = root[at] = root[root[at]!]!;
    return at;
  }
}

/** Branches that meet at a join. */
export interface BranchAnalysis {
  /** Id of the operator that they leave; null when they begin at the sources. */
  readonly fork: number | null;
  /** Id of the operator that they meet at; null when they end at the results. */
  readonly join: number | null;
  readonly branches: readonly {
    readonly nodes: readonly number[];
    /** Part of the plan's time or cost. */
    readonly cost: number;
    /** Part of workers that finishes all branches at once when their work divides. */
    readonly workers: number;
  }[];
  /** Largest over mean cost: 1 when all take alike. */
  readonly imbalance: number;
}

/** What the branches of a plan cost, inner joins first. */
export function analyzeBranches(dag: QueryDag): BranchAnalysis[] {
  const { layout, share } = buildAttentionPlan(dag);
  const idOf = (place: number): number | null => layout.ids[place] ?? null;
  const regions = findForkJoins(layout).filter(({ branches }) => branches > 1);
  return regions.map((region) => {
    const cost = findBranchCosts(region, share);
    const total = cost.reduce((sum, of) => sum + of, 0);
    const branches = Array.from(cost, (of, number) => ({
      nodes: region.places.filter((_, at) => region.branch[at] === number).map((place) => layout.ids[place]!),
      cost: of,
      workers: total > 0 ? of / total : 1 / region.branches,
    }));
    const imbalance = total > 0 ? (Math.max(...cost) * region.branches) / total : 1;
    return { fork: idOf(region.fork), join: idOf(region.join), branches, imbalance };
  });
}

/** Sums of shares by branch. */
export function findBranchCosts({ places, branch, branches }: ForkJoin, share: Float64Array): Float64Array {
  const cost = new Float64Array(branches);
  places.forEach((place, at) => (cost[branch[at]!]! += share[place]!));
  return cost;
}

/** Tells which operators neither lead to another one nor come from it. */
export class ComparableMarks {
  readonly #walk: PlanWalk;
  readonly #marks: Int32Array;
  #current = 0;

  constructor(layout: DagLayout) {
    this.#walk = new PlanWalk(layout);
    this.#marks = new Int32Array(layout.ids.length);
  }

  /** Marks what leads to an operator or comes from it, and the operator. */
  mark(place: number): void {
    const walk = this.#walk;
    walk.clear();
    walk.go('child', place, Infinity);
    walk.go('parent', place, Infinity);
    this.#marks[place] = ++this.#current;
    for (let at = 0; at < walk.length; at++) this.#marks[walk.places[at]!] = this.#current;
  }

  isMarked(place: number): boolean {
    return this.#marks[place] === this.#current;
  }
}
