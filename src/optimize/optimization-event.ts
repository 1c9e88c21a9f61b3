// The row the history keeps of an action. Pure assembly.
import type { MemorySnapshot, OptimizationEvent } from '../core/index.ts';
import type { TargetPlan } from './actuator.ts';
import type { ActionResult } from './decision.ts';
import type { Goal } from './goal.ts';
import type { Outcome } from './outcome-tracker.ts';
import type { WhetherDecision } from './whether.ts';

/** What an event is made of. */
export interface EventParts {
  readonly timestamp: number;
  readonly mode: 'act' | 'dry_run';
  readonly goal: Goal;
  readonly verdict: Pick<WhetherDecision, 'label' | 'source' | 'modelVersion'>;
  readonly plan: readonly TargetPlan[];
  /** The snapshot the decision looked at: the levels where no outcome was measured. */
  readonly snapshot: Pick<MemorySnapshot, 'mem_free_kib' | 'mem_available_kib'>;
  readonly action: ActionResult | null;
  readonly outcome: Outcome | null;
}

/**
 * Builds the event. `success` means that the action ran and its outcome was seen, so a dry run has
 * success false and no error; freed bytes are the outcome's, never the fall of RSS.
 */
export function buildOptimizationEvent(parts: EventParts): OptimizationEvent {
  const { verdict, plan, snapshot, action, outcome } = parts;
  const error = action?.error?.message ?? outcome?.error ?? null;
  return {
    timestamp: parts.timestamp,
    trigger: verdict.source,
    label: verdict.label,
    mode: parts.mode,
    actuator: [...new Set(plan.map(({ actuator }) => actuator))].join('+'),
    model_version: verdict.modelVersion,
    goal: parts.goal,
    scarce: [...new Set(plan.map(({ evidence }) => evidence.who))].join('+'),
    ...buildLevels(outcome, snapshot),
    ...buildAction(action),
    ...buildCost(outcome),
    success: action !== null && outcome !== null && error === null,
    error,
  };
}

type Levels =
  | 'before_available_kib'
  | 'after_available_kib'
  | 'before_free_kib'
  | 'after_free_kib'
  | 'drift_kib'
  | 'freed_kib';

function buildLevels(
  outcome: Outcome | null,
  snapshot: EventParts['snapshot'],
): Pick<OptimizationEvent, Levels> {
  return {
    before_available_kib: outcome?.beforeAvailableKib ?? snapshot.mem_available_kib,
    after_available_kib: outcome?.afterAvailableKib ?? null,
    before_free_kib: outcome?.beforeFreeKib ?? snapshot.mem_free_kib ?? 0,
    after_free_kib: outcome?.afterFreeKib ?? null,
    drift_kib: outcome?.driftKib ?? null,
    freed_kib: outcome?.freedKib ?? null,
  };
}

type CostFields =
  | 'taken_kib'
  | 'returned_kib'
  | 'compressed_kib'
  | 'host_freed_kib'
  | 'host_noise_kib'
  | 'target_major_faults'
  | 'target_stall_us'
  | 'own_rss_kib';

const NO_COST: Pick<OptimizationEvent, CostFields> = {
  taken_kib: null,
  returned_kib: null,
  compressed_kib: null,
  host_freed_kib: null,
  host_noise_kib: null,
  target_major_faults: null,
  target_stall_us: null,
  own_rss_kib: null,
};

function buildCost(outcome: Outcome | null): Pick<OptimizationEvent, CostFields> {
  if (outcome === null) return NO_COST;
  return {
    taken_kib: outcome.takenKib,
    returned_kib: outcome.returnedKib,
    compressed_kib: outcome.compressedKib,
    host_freed_kib: outcome.hostFreedKib,
    host_noise_kib: outcome.hostNoiseKib,
    target_major_faults: outcome.majorFaults,
    target_stall_us: outcome.stallUs,
    own_rss_kib: outcome.ownRssKib,
  };
}

type ActionFields = 'rss_drop_kib' | 'advised_kib' | 'processes_trimmed' | 'duration_us';

function buildAction(action: ActionResult | null): Pick<OptimizationEvent, ActionFields> {
  if (action === null) return { rss_drop_kib: null, advised_kib: null, processes_trimmed: 0, duration_us: 0 };
  return {
    rss_drop_kib: Math.round(action.rssDropBytes / 1024),
    advised_kib: Math.round(action.advisedBytes / 1024),
    processes_trimmed: action.targets.filter(({ advisedBytes }) => advisedBytes > 0).length,
    duration_us: Math.round(action.durationUs),
  };
}
