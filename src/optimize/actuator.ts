// An actuator does one thing to one target and says honestly what it did. Whether it freed memory
// is not its to say: the outcome tracker measures that.
import type { Label } from '../core/index.ts';
import type { ActionFailure } from './errors.ts';
import type { PagesToBringBack, Region, RegionPlan } from './region-plan.ts';
import type { Target } from './target.ts';

/** Why a target is acted on, what it would give and what it may cost. */
export interface PlanEvidence {
  /** Who is short of memory: `host` or a cgroup; `save` when nobody needs to be. */
  readonly who: string;
  /** How badly: the more severe of the shortage and the decision. */
  readonly label: Label;
  /** One line: who is short, why this target, for how long what is taken was quiet. */
  readonly reason: string;
  /** What the plan would free, net of what keeping it compressed takes. */
  readonly freesBytes: number;
  /** Time the target would wait if all of it came back, µs. */
  readonly mayCostUs: number;
}

/** What is to be done to one target. */
export interface TargetPlan {
  readonly target: Target;
  /** Name of the actuator that will act. */
  readonly actuator: string;
  readonly budgetBytes: number;
  /** Ranges to hand over; empty for targets that are not processes. */
  readonly regions: readonly Region[];
  /** Resident bytes of the regions, or the budget where there are none. */
  readonly bytes: number;
  readonly bytesByKind: RegionPlan['bytesByKind'];
  /** Bytes that would have to be watched first; what of them stays quiet could be taken then. */
  readonly watchBytes: number;
  /** Resident bytes of the target left alone, by reason. */
  readonly left: RegionPlan['left'];
  readonly evidence: PlanEvidence;
}

/** What an actuator did. */
export interface ActuatorResult {
  /** Bytes the kernel accepted. */
  readonly advisedBytes: number;
  /** Fall of the target's resident memory. Not freed memory: see the outcome. */
  readonly rssDropBytes: number;
  readonly durationUs: number;
  /** Set when it could not finish; the other fields say how far it came. */
  readonly error?: ActionFailure;
}

/** A range of addresses. */
export interface AddressRange {
  readonly start: number;
  readonly lengthBytes: number;
}

/** One way to act. It never rejects for what the target does: dying is data. */
export interface Actuator {
  readonly name: string;
  /** Kinds of targets it can act on. */
  readonly kinds: readonly Target['kind'][];
  /** Why it cannot act on this target now, or null when it can. Reads only. */
  canAct(target: Target): Promise<string | null>;
  /** Acts until done or until the signal aborts. */
  act(plan: ActuatorPlan, signal: AbortSignal): Promise<ActuatorResult>;
  /** Brings pages of a process back before it asks for them, where it can. Never rejects. @returns pages asked for */
  bringBack?(target: Target, pages: PagesToBringBack, signal: AbortSignal): Promise<number>;
}

/** The part of a plan that an actuator carries out. */
export interface ActuatorPlan {
  readonly target: Target;
  readonly budgetBytes: number;
  readonly regions: readonly ActuatorRange[];
}

/** A range, and the file it is of where its cached pages are to go too. */
export interface ActuatorRange extends AddressRange {
  readonly kind?: Region['kind'];
  readonly place?: Region['place'];
}
