// An actuator does one thing to one target and says honestly what it did. Whether it freed memory
// is not its to say: the outcome tracker measures that.
import type { ActionFailure } from './errors.ts';
import type { Region, RegionPlan } from './region-selector.ts';
import type { Target } from './target.ts';

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
  /** Resident bytes of the target left alone, by reason. */
  readonly left: RegionPlan['left'];
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

/** One way to act. It never rejects for what the target does: dying is data. */
export interface Actuator {
  readonly name: string;
  /** Kinds of targets it can act on. */
  readonly kinds: readonly Target['kind'][];
  /** Why it cannot act on this target now, or null when it can. Reads only. */
  canAct(target: Target): Promise<string | null>;
  /** Acts until done or until the signal aborts. */
  act(plan: TargetPlan, signal: AbortSignal): Promise<ActuatorResult>;
}
