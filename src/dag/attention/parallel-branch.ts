// Attention across branches: an operator attends to those beside it, which run while it runs, and most to the branch that
// costs most, which all others wait for.
import { AttentionType } from './attention-type.ts';
import type { AttentionPlan } from './attention-plan.ts';
import { ComparableMarks, findBranchCosts, findForkJoins } from './branches.ts';
import type { ForkJoin } from './branches.ts';
import { DagAttention } from './dag-attention.ts';
import type { AttentionOptions, RowSource, RowVisitor } from './dag-attention.ts';
import { findPostDominators } from './dominators.ts';
import { takeNumber } from './options.ts';

/** Options of {@link ParallelBranchAttention}. */
export interface ParallelBranchOptions extends AttentionOptions {
  /** τ, 0.01–100. @default 1 */
  readonly temperature?: number;
}

/**
 * Parallel branches: b = C / (τ · max C), C the cost of the other's branch, over operators of the innermost fork–join that
 * neither lead to this one nor come from it. An operator with none beside it attends to itself.
 */
export class ParallelBranchAttention extends DagAttention {
  readonly type = AttentionType.ParallelBranch;
  readonly #temperature: number;

  constructor(options: ParallelBranchOptions = {}) {
    super(options);
    this.#temperature = takeNumber('temperature', options.temperature ?? 1, 0.01, 100);
  }

  protected weigh({ layout, count, share }: AttentionPlan): RowSource {
    const post = findPostDominators(layout);
    const marks = new ComparableMarks(layout);
    const columns = new Int32Array(count);
    const weights = new Float64Array(count);
    const done = new Uint8Array(count);
    const isUnder = (place: number, join: number): boolean => {
      let at = place;
      while (post.depth[at]! > post.depth[join]!) at = post.parent[at]!;
      return at === join;
    };
    const visitRegion = (region: ForkJoin, visit: RowVisitor): void => {
      const branchWeights = this.#weighBranches(region, share);
      for (const place of region.places) {
        if (done[place] === 1 || !isUnder(place, region.join)) continue;
        marks.mark(place);
        let length = 0;
        for (let at = 0; at < region.places.length; at++) {
          const other = region.places[at]!;
          if (marks.isMarked(other)) continue;
          columns[length] = other;
          weights[length++] = branchWeights[region.branch[at]!]!;
        }
        if (length === 0) continue;
        done[place] = 1;
        visit(place, length, columns, weights);
      }
    };
    return (visit) => {
      done.fill(0);
      for (const region of findForkJoins(layout)) visitRegion(region, visit);
      for (let place = 0; place < count; place++) {
        if (done[place] === 1) continue;
        columns[0] = place;
        weights[0] = 1;
        visit(place, 1, columns, weights);
      }
    };
  }

  /** e^b of each branch, over the largest. */
  #weighBranches(region: ForkJoin, share: Float64Array): Float64Array {
    const cost = findBranchCosts(region, share);
    let most = 0;
    for (const of of cost) most = Math.max(most, of);
    return cost.map((of) => (most === 0 ? 1 : Math.exp((of / most - 1) / this.#temperature)));
  }
}
