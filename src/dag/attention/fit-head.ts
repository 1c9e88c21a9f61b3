// Fits what keys make of features to runs: gradient descent (Adam) on the mean of KL(actual shares ‖ scores), with a pull
// to the weights it began from. Queries ask all alike here, so that a key is one number and the gradient is exact:
// dL/dk_u = Σ_v α_vu (g_u − Σ_w α_vw g_w) / n, where g = −actual / score.
import type { QueryDag } from '../graph/index.ts';
import {
  attentionFeatureCount,
  attentionFeatures,
  createDefaultWeights,
  readFeatures,
  typeFeature,
} from './attention-head.ts';
import type { AttentionWeights } from './attention-head.ts';
import { buildAttentionPlan } from './attention-plan.ts';
import type { AttentionMatrix, DagAttention } from './dag-attention.ts';

/** A plan as it was before a run, and the shares of time that the run then had, by id. */
export interface AttentionSample {
  readonly dag: QueryDag;
  readonly actual: ReadonlyMap<number, number>;
}

/** Options of {@link fitAttention}. */
export interface FitOptions {
  /** @default 200 */
  readonly steps?: number;
  /** @default 0.03 */
  readonly rate?: number;
  /** How strongly weights are held to the ones they began from. @default 0.001 */
  readonly pull?: number;
}

const LEAST_SCORE = 1e-9;

/**
 * @param create makes the mechanism with given weights
 * @returns weights that foretell the samples best
 */
export function fitAttention(
  create: (weights: AttentionWeights) => DagAttention,
  samples: readonly AttentionSample[],
  { steps = 200, rate = 0.03, pull = 0.001 }: FitOptions = {},
): AttentionWeights {
  const start = createDefaultWeights();
  const key = start.key.slice();
  const [mean, square] = [new Float64Array(key.length), new Float64Array(key.length)];
  for (let step = 1; step <= steps; step++) {
    const mechanism = create({ query: start.query, key });
    const gradient = new Float64Array(attentionFeatureCount);
    for (const sample of samples) addGradient(mechanism, sample, 1 / samples.length, gradient);
    for (let at = 0; at < key.length; at++) {
      const slope = gradient[at]! + pull * (key[at]! - start.key[at]!);
      mean[at] = 0.9 * mean[at]! + 0.1 * slope;
      square[at] = 0.999 * square[at]! + 0.001 * slope ** 2;
      const root = Math.sqrt(square[at]! / (1 - 0.999 ** step)) + 1e-8;
      key[at]! -= (rate * mean[at]!) / (1 - 0.9 ** step) / root;
    }
  }
  return { query: start.query, key };
}

/** Adds d KL / d key of one sample, times a weight. */
export function addGradient(
  mechanism: DagAttention,
  { dag, actual }: AttentionSample,
  weight: number,
  gradient: Float64Array,
): void {
  const plan = buildAttentionPlan(dag);
  const matrix = mechanism.attend(dag);
  const slopes = findSlopes(matrix, actual);
  const features = new Float64Array(attentionFeatures.length);
  for (let place = 0; place < plan.count; place++) {
    readFeatures(plan, place, features);
    const slope = slopes[place]! * weight;
    for (let at = 0; at < features.length; at++) gradient[at]! += slope * features[at]!;
    gradient[typeFeature(plan, place)]! += slope;
  }
}

/** dL/dk of each operator. */
function findSlopes(
  { ids, start, column, alpha }: AttentionMatrix,
  actual: ReadonlyMap<number, number>,
): Float64Array {
  const count = ids.length;
  const scores = new Float64Array(count);
  for (let at = 0; at < column.length; at++) scores[column[at]!]! += alpha[at]! / count;
  const outer = scores.map((score, place) => -(actual.get(ids[place]!) ?? 0) / Math.max(score, LEAST_SCORE));
  const slopes = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    let mean = 0;
    for (let at = start[row]!; at < start[row + 1]!; at++) mean += alpha[at]! * outer[column[at]!]!;
    for (let at = start[row]!; at < start[row + 1]!; at++) {
      slopes[column[at]!]! += (alpha[at]! * (outer[column[at]!]! - mean)) / count;
    }
  }
  return slopes;
}
