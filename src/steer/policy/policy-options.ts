// Options of a policy, completed and checked.
import type { PolicyMode, PolicyOptions } from './contract.ts';
import { policyOptionError } from './errors.ts';

/** {@link PolicyOptions} with every default value in its place. */
export type PolicySettings = Required<Omit<PolicyOptions, 'state'>>;

const modes: readonly PolicyMode[] = ['safe', 'eager'];

/** @throws RuvectorError `ERR_STEER_OPTION` */
export function completePolicyOptions(options: PolicyOptions): PolicySettings {
  const { arms, defaultArm, seed, mode = 'safe' } = options;
  if (new Set(arms).size !== arms.length) throw policyOptionError('arms', arms.join(', '), 'each name once');
  if (!arms.includes(defaultArm)) throw policyOptionError('defaultArm', defaultArm, 'one of the arms');
  if (!Number.isSafeInteger(seed)) throw policyOptionError('seed', seed, 'a whole number');
  if (!modes.includes(mode)) throw policyOptionError('mode', mode, `one of ${modes.join(', ')}`);
  const isShare = (value: number): boolean => value > 0 && value < 1;
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
  const check = (name: keyof PolicyOptions, value: number, isFine: boolean, wanted: string): number => {
    if (!isFine) throw policyOptionError(name, value, wanted);
    return value;
  };
  const {
    rank = 2,
    maxOpenExplorations = 2,
    minDefaultRuns = 3,
    minGain = 0.1,
    significance = 0.05,
    timeoutFactor = 3,
    minTimeoutMs = 10,
    driftFactor = 1,
  } = options;
  const whole = 'a whole number above 0';
  const share = 'a share between 0 and 1';
  return {
    arms: [...arms],
    defaultArm,
    seed,
    mode,
    rank: check('rank', rank, isCount(rank) && rank <= 16, 'a whole number from 1 to 16'),
    maxOpenExplorations: check(
      'maxOpenExplorations',
      maxOpenExplorations,
      isCount(maxOpenExplorations),
      whole,
    ),
    minDefaultRuns: check('minDefaultRuns', minDefaultRuns, isCount(minDefaultRuns), whole),
    minGain: check('minGain', minGain, isShare(minGain), share),
    significance: check('significance', significance, isShare(significance), share),
    timeoutFactor: check(
      'timeoutFactor',
      timeoutFactor,
      timeoutFactor >= 1 && Number.isFinite(timeoutFactor),
      'a number from 1 on',
    ),
    minTimeoutMs: check(
      'minTimeoutMs',
      minTimeoutMs,
      minTimeoutMs > 0 && Number.isFinite(minTimeoutMs),
      'a time above 0',
    ),
    driftFactor: check(
      'driftFactor',
      driftFactor,
      driftFactor > 0 && Number.isFinite(driftFactor),
      'a number above 0',
    ),
  };
}
