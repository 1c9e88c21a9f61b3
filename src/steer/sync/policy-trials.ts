// Trials of candidates by a steering policy: a candidate is suggested once, tried in pairs with the default while the user's
// own queries run, and used only when the policy has verified it.
import type { ValidateArm } from './candidates.ts';

/** What is needed of a policy; a SteeringPolicy is one. */
export interface TryingPolicy {
  /** False when the arm cannot be tried. */
  suggest(template: string, arm: string): boolean;
  explain(
    template: string,
  ): { readonly arms: readonly { readonly arm: string; readonly status: string }[] } | null;
}

/** Validates candidates with a policy; `pending` until its pairs have decided. */
export function createPolicyTrials(policy: TryingPolicy): ValidateArm {
  const suggested = new Set<string>();
  return ({ template, arm }) => {
    const status = policy.explain(template)?.arms.find((each) => each.arm === arm)?.status;
    if (status === 'verified') return Promise.resolve('accepted');
    if (status === 'rejected') return Promise.resolve('rejected');
    const id = `${template}\0${arm}`;
    if (suggested.has(id)) return Promise.resolve('pending');
    suggested.add(id);
    return Promise.resolve(policy.suggest(template, arm) ? 'pending' : 'rejected');
  };
}
