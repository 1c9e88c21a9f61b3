// The history that one row of features holds, where it holds more than one moment. A type only.

/** Feature rows of one input row: `steps` of them, oldest first, `everyMs` apart, one behind the other. */
export interface FeatureWindow {
  readonly steps: number;
  readonly everyMs: number;
}
