// Whether: the label of this moment. The model answers when it can; the rule answers otherwise.
// It decides neither how much nor on what.
import type { Label, MemorySnapshot } from '../core/index.ts';

/** What a decision looks at. */
export interface DecisionInput {
  readonly snapshot: MemorySnapshot;
  /** float32 values in the order of `featureNames`. */
  readonly features: Float32Array;
  readonly featureNames: readonly string[];
}

/** Why the rule answered instead of the model. */
export type FallbackCause = 'no-live-model' | 'model-error' | 'not-finite' | 'time-out' | 'stale-input';

/** One label and where it comes from. */
export interface WhetherDecision {
  readonly label: Label;
  /** Probability of each label in the order of `labels`; null from a rule. */
  readonly probabilities: Float32Array | null;
  readonly source: 'model' | 'rule';
  /** `name@version` of the model that answered; null from a rule. */
  readonly modelVersion: string | null;
  /** One line for a reader. */
  readonly reason: string;
  /** Set when a model was wanted and the rule answered. */
  readonly fallback?: FallbackCause;
}

/** Decides whether to act. */
export interface WhetherPolicy {
  decide(input: DecisionInput): Promise<WhetherDecision>;
}
