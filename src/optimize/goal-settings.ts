// How carefully each goal goes about it, in one table a question.
import type { Label } from '../core/index.ts';
import type { Goal } from './goal.ts';
import type { RegionMemoryOptions } from './region-memory.ts';
import type { Care } from './region-plan.ts';
import type { TrialRule } from './region-watch.ts';

/** How long a region must have been quiet, by how badly memory is short. */
const QUIET_MS: Readonly<Record<Label, number>> = {
  NoActionNeeded: 10_000,
  ShouldOptimize: 10_000,
  ShouldOptimizeAggressive: 6000,
  Critical: 4000,
};
/** While saving: T = 6 s is the plain rule that saved most in our measurements. */
const SAVE_QUIET_MS = 6000;
/** Most often a page of quiet regions may be used after all, a second: 1 % and 4 %. */
const MAX_RETURN_RATE: Readonly<Record<Goal, number>> = { relieve: 0.01, save: 0.04 };
/** Factor of the next step in a mapping after one that went well. */
const GROWTH: Readonly<Record<Label, number>> = {
  NoActionNeeded: 2,
  ShouldOptimize: 2,
  ShouldOptimizeAggressive: 4,
  Critical: 4,
};
const SAVE_GROWTH = 4;
/**
 * Up to which share of a step that came back the next is larger, and from which on its mapping is spared.
 * While saving, what comes back comes from memory and what stays out is gained, so more may come back.
 */
const TRIAL_SHARES: Readonly<Record<Goal, Pick<TrialRule, 'goodShare' | 'badShare'>>> = {
  relieve: { goodShare: 0.05, badShare: 0.2 },
  save: { goodShare: 0.25, badShare: 0.6 },
};
/** How long regions that were used again are left alone. */
export const HOLDS: Readonly<Record<Goal, RegionMemoryOptions>> = {
  relieve: { longestHoldMs: 120_000, quickProbeMs: 30_000 },
  save: { longestHoldMs: 24_000, quickProbeMs: 2000 },
};
/** Share of the interval between two actions after which the first is judged. */
export const JUDGE_AFTER = 0.8;

/** How regions are chosen for a goal, by how badly memory is short. @param minQuietMs set by the user, or null */
export function careFor(goal: Goal, label: Label, minQuietMs: number | null): Care {
  const usual = goal === 'save' ? SAVE_QUIET_MS : QUIET_MS[label];
  return {
    minQuietMs: minQuietMs ?? usual,
    maxReturnRate: MAX_RETURN_RATE[goal],
    usesRhythm: goal === 'save',
  };
}

/** How a step is judged for a goal. */
export const trialRuleFor = (goal: Goal, label: Label): TrialRule => ({
  ...TRIAL_SHARES[goal],
  growth: goal === 'save' ? SAVE_GROWTH : GROWTH[label],
});
