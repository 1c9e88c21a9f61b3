// Whether: the label of this moment. The model answers when it can; the rule answers otherwise.
// It decides neither how much nor on what.
import type { Clock, Label, MemorySnapshot, RowHistory } from '../core/index.ts';

/** A snapshot and when it was taken. */
export interface SeenSnapshot {
  readonly snapshot: MemorySnapshot;
  /** On the monotonic clock, so that setting the wall clock changes nothing. @default its timestamp stands in */
  readonly monotonicMs?: number;
}

/** How old a snapshot is. */
export function ageOf({ snapshot, monotonicMs }: SeenSnapshot, clock: Clock): number {
  if (monotonicMs !== undefined) return clock.monotonicMs() - monotonicMs;
  return clock.nowMs() - snapshot.timestamp;
}

/** What a decision looks at. */
export interface DecisionInput extends SeenSnapshot {
  /** float32 values in the order of `featureNames`. */
  readonly features: Float32Array;
  readonly featureNames: readonly string[];
  /** The rows before these features, for a model that looks at a window. */
  readonly history?: RowHistory | undefined;
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
