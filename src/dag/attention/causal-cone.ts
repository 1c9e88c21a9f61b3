// Attention along cause and effect: an operator attends to all that its rows come from and go to, less with each edge of
// the shortest way there, and to nothing beside it.
import type { QueryDag } from '../graph/index.ts';
import { AttentionType } from './attention-type.ts';
import { buildAttentionPlan } from './attention-plan.ts';
import type { AttentionPlan } from './attention-plan.ts';
import { DagAttention } from './dag-attention.ts';
import type { AttentionOptions, RowSource } from './dag-attention.ts';
import { takeNumber } from './options.ts';
import { PlanWalk } from './walk.ts';

/** Options of {@link CausalConeAttention}. */
export interface CausalConeOptions extends AttentionOptions {
  /** λ of what rows come from, by edge, 0–10. @default 0.5 */
  readonly pastDecay?: number;
  /** λ of what rows go to. @default 0.5 */
  readonly futureDecay?: number;
}

/** −ln of the smallest part that still changes a sum of doubles: operators beyond it are left out of a row. */
const NOTHING = 52 * Math.LN2;

/** The causal cone: b = −λ · edges between, over ancestors, descendants and the operator itself. */
export class CausalConeAttention extends DagAttention {
  readonly type = AttentionType.CausalCone;
  readonly #past: number;
  readonly #future: number;

  constructor(options: CausalConeOptions = {}) {
    super(options);
    this.#past = takeNumber('pastDecay', options.pastDecay ?? 0.5, 0, 10);
    this.#future = takeNumber('futureDecay', options.futureDecay ?? 0.5, 0, 10);
  }

  protected weigh({ layout, count }: AttentionPlan): RowSource {
    const walk = new PlanWalk(layout);
    const columns = new Int32Array(count);
    const weights = new Float64Array(count);
    const [past, future] = [tabulate(this.#past, count), tabulate(this.#future, count)];
    return (visit) => {
      for (let place = 0; place < count; place++) {
        walk.clear();
        walk.go('child', place, future.length - 1);
        const descendants = walk.length;
        walk.go('parent', place, past.length - 1);
        columns[0] = place;
        weights[0] = 1;
        for (let at = 0; at < walk.length; at++) {
          columns[at + 1] = walk.places[at]!;
          weights[at + 1] = (at < descendants ? future : past)[walk.distance[at]!]!;
        }
        visit(place, walk.length + 1, columns, weights);
      }
    };
  }
}

/** What a change of each operator would reach: the shares of its descendants, times γ for each edge there. By id. @param decay γ */
export function findImpact(dag: QueryDag, decay = 0.8): Map<number, number> {
  takeNumber('decay', decay, 0, 1);
  const { layout, count, share } = buildAttentionPlan(dag);
  const walk = new PlanWalk(layout);
  const impact = new Map<number, number>();
  for (let place = 0; place < count; place++) {
    walk.clear();
    walk.go('child', place, count);
    let sum = 0;
    for (let at = 0; at < walk.length; at++) sum += decay ** walk.distance[at]! * share[walk.places[at]!]!;
    impact.set(layout.ids[place]!, sum);
  }
  return impact;
}

/** e^(−λ·edges), as far as it counts. */
function tabulate(lambda: number, count: number): Float64Array {
  const reach = Math.min(count, lambda === 0 ? count : Math.ceil(NOTHING / lambda));
  return Float64Array.from({ length: reach + 1 }, (_, edges) => Math.exp(-lambda * edges));
}
