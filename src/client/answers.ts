// What the daemon answers, as its clients read it. Types only; the app's own types extend these, so that
// both sides agree or do not compile.
import type { AliasesBehind, TaskAnswer } from '../models/index.ts';
import type { KindStats } from '../store/index.ts';
import type { Decision, Explanation, FallbackCause } from '../optimize/index.ts';
import type { TrainResult } from '../train/index.ts';

/** The models of one task that answers beside the decision. */
export interface TaskStatus {
  /** Under which such a model answers on this host. */
  readonly name: string;
  /** `name@version`; null while there is none. */
  readonly live: string | null;
  /** To the newest sample it was asked about; null before that. */
  readonly answer: (TaskAnswer & { readonly timestamp: number }) | null;
  /** Answers and failures since the start. */
  readonly answers: number;
  readonly failures: number;
  readonly lastError: string | null;
}

/** What answers beside the decision. */
export interface TaskStatuses {
  readonly anomaly: TaskStatus;
  readonly forecast: TaskStatus;
}

/** The part of a daemon's status that is a contract. */
export interface DaemonStatus {
  readonly pid: number;
  readonly home: string;
  readonly uptimeSeconds: number;
  readonly config: {
    readonly hz: number;
    readonly horizonMs: number;
    readonly processIntervalMs: number;
    readonly modelName: string;
  };
  /** False is a dry run. */
  readonly acting: boolean;
  readonly samples: number;
  readonly missed: number;
  readonly memory: { readonly totalKib: number; readonly availableKib: number } | null;
  readonly history: { readonly kinds: Readonly<Record<string, KindStats>> };
  readonly model: {
    readonly live: string | null;
    /** True while the rule decides that comes with the package. */
    readonly isBaseline: boolean;
    /** The model deployed last since the start, and why it is live or is not. */
    readonly lastDeployment: {
      readonly reference: string;
      readonly isLive: boolean;
      readonly reason: string;
    } | null;
    /** Set while aliases.json could not follow a rollback: what answers, what it still names, and why. */
    readonly aliasesBehind: AliasesBehind | null;
  };
  readonly tasks: TaskStatuses;
  readonly decisions: {
    readonly decisions: number;
    /** Decisions by the rule although a model was wanted, by why. */
    readonly fallbacksByCause: Readonly<Partial<Record<FallbackCause, number>>>;
  };
  readonly training: { readonly running: boolean; readonly lastModel: string | null };
}

/** A decision without functions and promises. */
export interface DecisionSummary {
  readonly timestamp: number;
  readonly label: string;
  readonly probabilities: Readonly<Record<string, number>> | null;
  readonly source: string;
  readonly modelVersion: string | null;
  readonly reason: string;
  readonly mode: string;
  readonly goal: Decision['goal'];
  readonly shortages: Decision['shortages'];
  readonly budgetBytes: number;
  readonly plan: Decision['plan'];
  readonly refusals: Decision['refusals'];
  readonly decisionUs: number;
}

/** An explanation as plain JSON. */
export interface ExplanationSummary extends Omit<Explanation, 'decision'> {
  readonly decision: DecisionSummary;
  /** What the models of other tasks say of the newest sample; they decide nothing. */
  readonly tasks: TaskStatuses;
}

/** A finished training with what followed on the host. */
export interface TrainingAnswer extends TrainResult {
  /** From `fit` returning in Python to the first decision by the new model; null when it was not made live. */
  readonly fitToFirstDecisionMs: number | null;
}
