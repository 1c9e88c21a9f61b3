// Options of a policy, completed and checked.
import type { PolicyMode, PolicyOptions } from './contract.ts';
import { policyOptionError } from './errors.ts';

/** {@link PolicyOptions} with every default value in its place. */
export type PolicySettings = Required<Omit<PolicyOptions, 'state'>>;

const modes: readonly PolicyMode[] = ['safe', 'eager'];

type Numbers = {
  -readonly [name in keyof Omit<PolicySettings, 'arms' | 'defaultArm' | 'seed' | 'mode'>]: number;
};

const defaults: Numbers = {
  rank: 2,
  maxOpenExplorations: 2,
  minDefaultRuns: 3,
  minGain: 0.1,
  significance: 0.05,
  timeoutFactor: 3,
  minTimeoutMs: 10,
  driftFactor: 1,
};

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
const isShare = (value: number): boolean => value > 0 && value < 1;
const isPositive = (value: number): boolean => value > 0 && Number.isFinite(value);

const rules: { readonly [name in keyof Numbers]: readonly [(value: number) => boolean, string] } = {
  rank: [(value) => isCount(value) && value <= 16, 'a whole number from 1 to 16'],
  maxOpenExplorations: [isCount, 'a whole number above 0'],
  minDefaultRuns: [isCount, 'a whole number above 0'],
  minGain: [isShare, 'a share between 0 and 1'],
  significance: [isShare, 'a share between 0 and 1'],
  timeoutFactor: [(value) => value >= 1 && Number.isFinite(value), 'a number from 1 on'],
  minTimeoutMs: [isPositive, 'a time above 0'],
  driftFactor: [isPositive, 'a number above 0'],
};

/** @throws RuvectorError `ERR_STEER_OPTION` */
export function completePolicyOptions(options: PolicyOptions): PolicySettings {
  const { arms, defaultArm, seed, mode = 'safe' } = options;
  if (new Set(arms).size !== arms.length) throw policyOptionError('arms', arms.join(', '), 'each name once');
  if (!arms.includes(defaultArm)) throw policyOptionError('defaultArm', defaultArm, 'one of the arms');
  if (!Number.isSafeInteger(seed)) throw policyOptionError('seed', seed, 'a whole number');
  if (!modes.includes(mode)) throw policyOptionError('mode', mode, `one of ${modes.join(', ')}`);
  const numbers = { ...defaults };
  for (const name of Object.keys(rules) as (keyof Numbers)[]) {
    const value = options[name] ?? defaults[name];
    const [isFine, wanted] = rules[name];
    if (!isFine(value)) throw policyOptionError(name, value, wanted);
    numbers[name] = value;
  }
  return { arms: [...arms], defaultArm, seed, mode, ...numbers };
}
