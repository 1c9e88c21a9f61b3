// What a tick answers: the label, what was or would be done, and every reason why not.
import type { Label } from '../core/index.ts';
import type { PlanEvidence, TargetPlan } from './actuator.ts';
import type { ActionFailure } from './errors.ts';
import type { Goal } from './goal.ts';
import type { Outcome } from './outcome-tracker.ts';
import type { Shortage } from './shortage.ts';
import type { FallbackCause } from './whether.ts';

/** A safeguard that said no. */
export interface Refusal {
  /** Name of the rule, see `safeguards`. */
  readonly rule: string;
  /** The target it concerns; null for the whole decision. */
  readonly target: string | null;
  readonly reason: string;
}

/** The plan for one target, without the addresses. */
export interface PlanSummary {
  readonly target: string;
  readonly pid: number | null;
  readonly actuator: string;
  readonly budgetBytes: number;
  readonly regions: number;
  readonly bytes: number;
  readonly bytesByKind: TargetPlan['bytesByKind'];
  /** Resident bytes left alone, by reason: what would free nothing or must not be touched. */
  readonly left: TargetPlan['left'];
  /** Bytes that would have to be watched first; what of them stays quiet could be taken then. */
  readonly watchBytes: number;
  /** Who is short, why this target, what it would free and what it may cost. */
  readonly evidence: PlanEvidence;
}

/** What was done to one target. */
export interface TargetActionResult {
  readonly target: string;
  readonly actuator: string;
  readonly advisedBytes: number;
  readonly rssDropBytes: number;
  readonly durationUs: number;
  readonly error: ActionFailure | null;
}

/** What one action did; freed memory is known only at the end of the next window. */
export interface ActionResult {
  readonly targets: readonly TargetActionResult[];
  readonly advisedBytes: number;
  /** Fall of resident memory. Not freed memory. */
  readonly rssDropBytes: number;
  readonly durationUs: number;
  /** The first failure, when one target failed. */
  readonly error: ActionFailure | null;
}

/** Microseconds of each step of a tick. */
export interface DecisionLatency {
  /** features → label. */
  readonly whetherUs: number;
  /** label → safeguards of the host. */
  readonly policyUs: number;
  /** whether + policy: the figure of `stats().p50Us`. */
  readonly decisionUs: number;
  /** Reading targets, how much and which; 0 when nothing was to be done. */
  readonly planUs: number;
  readonly actionUs: number;
}

/** One decision. */
export interface Decision {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly label: Label;
  readonly probabilities: Float32Array | null;
  readonly source: 'model' | 'rule';
  readonly modelVersion: string | null;
  readonly reason: string;
  readonly fallback: FallbackCause | null;
  readonly goal: Goal;
  /** Everybody who is short of memory and whom a target's memory could help. */
  readonly shortages: readonly Shortage[];
  /** Sum of the budgets of all planned targets. */
  readonly budgetBytes: number;
  readonly plan: readonly PlanSummary[];
  readonly refusals: readonly Refusal[];
  /** `none` when nothing was to be done or everything was refused. */
  readonly mode: 'act' | 'dry_run' | 'none';
  readonly action: ActionResult | null;
  /** The honest outcome, once its window has ended; null without an action. Never rejects. */
  readonly outcome: Promise<Outcome> | null;
  readonly latency: DecisionLatency;
}

/** A decision explained to a reader; nothing was done. */
export interface Explanation {
  readonly decision: Decision;
  readonly features: readonly { readonly name: string; readonly value: number }[];
  /** The safeguards of the host and what each says now; null is a yes. */
  readonly safeguards: readonly {
    readonly rule: string;
    readonly protects: string;
    readonly reason: string | null;
  }[];
  /** What page-out can free on this host. */
  readonly backend: string;
}
