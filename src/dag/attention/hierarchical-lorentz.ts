// Attention by distance in hyperbolic space, where a plan's hierarchy has room: what stands under one join is near, what
// meets only at the result is far. Every operator attends to every other, so that time grows with the square of them.
import type { QueryDag } from '../graph/index.ts';
import { AttentionType } from './attention-type.ts';
import type { AttentionPlan } from './attention-plan.ts';
import { DagAttention } from './dag-attention.ts';
import type { AttentionOptions, RowSource } from './dag-attention.ts';
import { buildHyperbolicTree, findAngles, findCentroid, findPoint } from './hyperbolic-tree.ts';
import type { HyperbolicOptions, HyperbolicTree, LorentzPoint } from './hyperbolic-tree.ts';
import { takeNumber } from './options.ts';

/** Options of {@link HierarchicalLorentzAttention}. */
export interface HierarchicalLorentzOptions extends AttentionOptions, HyperbolicOptions {
  /** β: how fast attention falls with the square of the distance, 0–4. @default 0.5 */
  readonly sharpness?: number;
}

/** Operators up to which the matrix of a plan is kept while it is computed: 8 MiB. */
const MOST_KEPT = 1024;

/** Hierarchical Lorentz: b = −β · d², over all operators. */
export class HierarchicalLorentzAttention extends DagAttention {
  readonly type = AttentionType.HierarchicalLorentz;
  readonly #sharpness: number;
  readonly #space: Required<HyperbolicOptions>;

  constructor(options: HierarchicalLorentzOptions = {}) {
    super(options);
    this.#space = {
      curvature: takeNumber('curvature', options.curvature ?? 1, 0.01, 100),
      step: takeNumber('step', options.step ?? 1, 0.001, 6),
      radius: takeNumber('radius', options.radius ?? 6, 0.001, 6),
    };
    // e^b stays a number that sums keep: d² is at most (2 · radius)² / K.
    const most = (4 * this.#space.curvature * 36) / this.#space.radius ** 2;
    this.#sharpness = takeNumber('sharpness', options.sharpness ?? Math.min(0.5, most), 0, most);
  }

  protected weigh({ layout, count }: AttentionPlan): RowSource {
    const points = buildHyperbolicTree(layout, this.#space);
    const angles = new Float64Array(count + 1);
    const columns = new Int32Array(count);
    for (let place = 0; place < count; place++) columns[place] = place;
    // The matrix is symmetric: where it fits, each half is computed once.
    if (count <= MOST_KEPT) {
      const all = new Float64Array(count * count);
      for (let place = 0; place < count; place++) {
        findAngles(points, place, angles);
        this.#weighFrom(points, place, angles, all.subarray(place * count, (place + 1) * count), place + 1);
        for (let other = 0; other < place; other++) all[place * count + other] = all[other * count + place]!;
      }
      return (visit) => {
        for (let place = 0; place < count; place++) {
          visit(place, count, columns, all.subarray(place * count, (place + 1) * count));
        }
      };
    }
    const weights = new Float64Array(count);
    return (visit) => {
      for (let place = 0; place < count; place++) {
        findAngles(points, place, angles);
        this.#weighFrom(points, place, angles, weights, 0);
        visit(place, count, columns, weights);
      }
    };
  }

  /** e^b from one operator to those from `first` on, and to itself. */
  #weighFrom(
    { cosh, sinh }: HyperbolicTree,
    place: number,
    angles: Float64Array,
    weights: Float64Array,
    first: number,
  ): void {
    const factor = -this.#sharpness / this.#space.curvature;
    const [timePart, spacePart] = [cosh[place]!, sinh[place]!];
    for (let other = first; other < weights.length; other++) {
      const product = timePart * cosh[other]! - spacePart * sinh[other]! * angles[other]!;
      const distance = product <= 1 ? 0 : Math.log(product + Math.sqrt(product * product - 1));
      weights[other] = Math.exp(factor * distance * distance);
    }
    weights[place] = 1;
  }

  /** Where each operator is, by id. */
  points(dag: QueryDag): Map<number, LorentzPoint> {
    const layout = dag.layout();
    const points = buildHyperbolicTree(layout, this.#space);
    return new Map(Array.from(layout.ids, (id, place) => [id, findPoint(points, layout, place)]));
  }

  /** Where the attention of each operator is: the Lorentz centroid of what it attends to, by id. */
  centroids(dag: QueryDag): Map<number, LorentzPoint> {
    const { ids, start, column, alpha } = this.attend(dag);
    const points = [...this.points(dag).values()];
    return new Map(
      Array.from(ids, (id, place) => {
        const seen = Array.from(column.subarray(start[place], start[place + 1]), (other) => points[other]!);
        return [
          id,
          findCentroid(seen, alpha.subarray(start[place], start[place + 1]), this.#space.curvature),
        ];
      }),
    );
  }
}
