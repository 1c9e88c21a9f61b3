// Attention by place in the order: an operator attends to what it leads to or comes from within k edges, less by γ for
// each level of depth between them. Depth is the longest way from a source, so that relabelling changes nothing.
import { AttentionType } from './attention-type.ts';
import type { AttentionPlan } from './attention-plan.ts';
import { DagAttention } from './dag-attention.ts';
import type { AttentionOptions, RowSource } from './dag-attention.ts';
import { takeNumber, takeWhole } from './options.ts';
import { PlanWalk } from './walk.ts';

/** Options of {@link TopologicalAttention}. */
export interface TopologicalOptions extends AttentionOptions {
  /** Edges that it looks over. @default 2 */
  readonly reach?: number;
  /** γ, 0.01–1. @default 0.7 */
  readonly decay?: number;
}

/** The topological mechanism: b = ln γ · |depth(v) − depth(u)|. */
export class TopologicalAttention extends DagAttention {
  readonly type = AttentionType.Topological;
  readonly #reach: number;
  readonly #decay: number;

  constructor(options: TopologicalOptions = {}) {
    super(options);
    this.#reach = takeWhole('reach', options.reach ?? 2, 0);
    this.#decay = takeNumber('decay', options.decay ?? 0.7, 0.01, 1);
  }

  protected weigh({ layout, count }: AttentionPlan): RowSource {
    const walk = new PlanWalk(layout);
    const columns = new Int32Array(count);
    const weights = new Float64Array(count);
    const { depth } = layout;
    const decays = Float64Array.from({ length: count }, (_, levels) =>
      Math.max(this.#decay ** levels, 1e-100),
    );
    return (visit) => {
      for (let place = 0; place < count; place++) {
        walk.clear();
        walk.go('child', place, this.#reach);
        walk.go('parent', place, this.#reach);
        for (let at = 0; at < walk.length; at++) {
          const other = walk.places[at]!;
          columns[at] = other;
          weights[at] = decays[Math.abs(depth[place]! - depth[other]!)]!;
        }
        columns[walk.length] = place;
        weights[walk.length] = 1;
        visit(place, walk.length + 1, columns, weights);
      }
    };
  }
}
