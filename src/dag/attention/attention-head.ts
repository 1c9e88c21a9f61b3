// The content of attention: how much an operator's features speak for it, whatever its place. A query of one operator and
// a key of another, each a linear map of its features, give q · k / √d. Without training the key is what is known best of
// the operator's share: what the last run measured, else what the planner expects.
import { operatorTypes } from '../graph/index.ts';
import { attentionOptionError } from './errors.ts';
import type { AttentionPlan } from './attention-plan.ts';

/** Features before the types: `cold` ones are 0 in a plan that was measured, `warm` ones in one that was not. */
export const attentionFeatures = [
  'bias',
  'rows',
  'rowBytes',
  'cold cost share',
  'warm cost share',
  'warm time share',
  'warm growth of rows',
  'sin depth',
  'cos depth',
  'sin depth/10',
  'cos depth/10',
] as const;

const TYPES = operatorTypes.length;
/** All features: those above, then the types cold, then the types warm. */
export const attentionFeatureCount = attentionFeatures.length + 2 * TYPES;
/** Shares are not told apart below this. */
const SMALLEST_SHARE = 1e-6;

/** Linear maps of features, rows × {@link attentionFeatureCount}, row by row. */
export interface AttentionWeights {
  readonly query: Float64Array;
  readonly key: Float64Array;
}

/** A query that asks all the same and a key that is the logarithm of the known share. */
export function createDefaultWeights(): AttentionWeights {
  const query = new Float64Array(attentionFeatureCount);
  query[attentionFeatures.indexOf('bias')] = 1;
  const key = new Float64Array(attentionFeatureCount);
  key[attentionFeatures.indexOf('cold cost share')] = 1;
  key[attentionFeatures.indexOf('warm time share')] = 1;
  return { query, key };
}

/** Content of a plan: logits by pair, or, when all ask the same, by operator. */
export interface AttentionContent {
  /** e^logit of each operator over the largest; null when operators ask differently. */
  readonly shared: Float64Array | null;
  /** q · k / √d. */
  logit(of: number, at: number): number;
}

/** Computes content. */
export class AttentionHead {
  readonly #weights: AttentionWeights;
  readonly #width: number;
  readonly #asksAlike: boolean;

  /** @throws RuvectorError `ERR_DAG_ATTENTION_OPTION` */
  constructor(weights: AttentionWeights = createDefaultWeights()) {
    const { query, key } = weights;
    this.#width = key.length / attentionFeatureCount;
    if (!Number.isInteger(this.#width) || this.#width < 1 || query.length !== key.length) {
      const nextStep = `give query and key the same whole number of rows of ${attentionFeatureCount}`;
      throw attentionOptionError('weights', `${query.length} and ${key.length} long`, nextStep);
    }
    if (![...query, ...key].every(Number.isFinite)) {
      throw attentionOptionError('weights', 'not finite', 'give finite numbers');
    }
    this.#weights = weights;
    this.#asksAlike = query.every((weight, at) => at % attentionFeatureCount === 0 || weight === 0);
  }

  content(plan: AttentionPlan): AttentionContent {
    const width = this.#width;
    const root = Math.sqrt(width);
    const keys = applyWeights(plan, this.#weights.key, width);
    if (!this.#asksAlike) {
      const queries = applyWeights(plan, this.#weights.query, width);
      const logit = (of: number, at: number): number => {
        let sum = 0;
        for (let row = 0; row < width; row++) sum += queries[of * width + row]! * keys[at * width + row]!;
        return sum / root;
      };
      return { shared: null, logit };
    }
    const logits = new Float64Array(plan.count);
    for (let place = 0; place < plan.count; place++) {
      for (let row = 0; row < width; row++) {
        logits[place]! +=
          (this.#weights.query[row * attentionFeatureCount]! * keys[place * width + row]!) / root;
      }
    }
    let largest = -Infinity;
    for (const logit of logits) if (logit > largest) largest = logit;
    const shared = new Float64Array(plan.count);
    for (let place = 0; place < plan.count; place++) shared[place] = Math.exp(logits[place]! - largest);
    return { shared, logit: (_, at) => logits[at]! - largest };
  }
}

/** The features of an operator that are numbers. @param into takes them */
export function readFeatures(plan: AttentionPlan, place: number, into: Float64Array): void {
  const depth = plan.layout.depth[place]!;
  const warm = plan.isMeasured ? 1 : 0;
  const cost = Math.log(Math.max(plan.costShare[place]!, SMALLEST_SHARE));
  into[0] = 1;
  into[1] = Math.log1p(plan.rows[place]!) / 10;
  into[2] = Math.log1p(plan.rowBytes[place]!) / 10;
  into[3] = (1 - warm) * cost;
  into[4] = warm * cost;
  into[5] = warm * Math.log(Math.max(plan.share[place]!, SMALLEST_SHARE));
  into[6] = warm * Math.log((plan.rows[place]! + 1) / (plan.actualRows[place]! + 1));
  into[7] = Math.sin(depth);
  into[8] = Math.cos(depth);
  into[9] = Math.sin(depth / 10);
  into[10] = Math.cos(depth / 10);
}

/** The feature of an operator's type. */
export function typeFeature(plan: AttentionPlan, place: number): number {
  return attentionFeatures.length + (plan.isMeasured ? TYPES : 0) + plan.type[place]!;
}

function applyWeights(plan: AttentionPlan, weights: Float64Array, width: number): Float64Array {
  const applied = new Float64Array(plan.count * width);
  const features = new Float64Array(attentionFeatures.length);
  for (let place = 0; place < plan.count; place++) {
    readFeatures(plan, place, features);
    const type = typeFeature(plan, place);
    for (let row = 0; row < width; row++) {
      const from = row * attentionFeatureCount;
      let sum = weights[from + type]!;
      for (let at = 0; at < features.length; at++) sum += weights[from + at]! * features[at]!;
      applied[place * width + row] = sum;
    }
  }
  return applied;
}
