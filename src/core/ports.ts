// The seams between rooms that must not import each other.
import type { Label } from './records.ts';

/** One answer of a model. */
export interface Prediction {
  readonly label: Label;
  /** Probability of each label, in the order of `labels`; sums to 1. */
  readonly probabilities: Float32Array;
  /** `name@version` of the model that gave this whole answer. */
  readonly modelVersion: string;
}

/** Something that turns one feature row into a label. */
export interface Predictor {
  /** `name@version` of the live model, or null when there is none. */
  readonly liveVersion: string | null;
  /**
   * Predicts one row.
   * @param features float32 values in the order of the feature specification
   * @throws RuvectorError `ERR_MODEL_*` when there is no live model or it fails
   */
  predict(features: Float32Array): Promise<Prediction>;
}
