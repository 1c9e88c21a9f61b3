// What is hidden before a pattern leaves a host, and what that costs. Local differential privacy: the unit is the host,
// that is all it ever ran; two histories are adjacent when they share the same keys at the same times and differ in
// anything else (replacement). Keys, times and the fact that a host takes part are not hidden. docs/steer.md, "Sync".
import { clipToSteps } from './clip.ts';
import { drawDiscreteGaussian, drawDiscreteLaplace } from './discrete-noise.ts';
import { syncOptionError } from './errors.ts';
import { gaussianMultiplier } from './gaussian-scale.ts';
import type { LocalPattern, LocalVector, LocalVote, SharedPattern } from './pattern.ts';
import type { RandomIntegers } from './random-bits.ts';

/** How patterns are hidden. */
export interface PrivacyOptions {
  /** ε of one vote, by discrete Laplace noise. @default 1 */
  readonly epsilonPerVote?: number;
  /** ε of one vector. @default 1 */
  readonly epsilonPerVector?: number;
  /** δ of one vector with Gaussian noise. @default 1e-6 */
  readonly deltaPerVector?: number;
  /** `gaussian` clips the Euclidean length, `laplace` the sum of the absolute values. @default 'gaussian' */
  readonly vectorNoise?: 'gaussian' | 'laplace';
  /** Length that a vector is shortened to. @default 1 */
  readonly clip?: number;
  /** ε that leaves this host in a UTC day, all patterns added up. @default 8 */
  readonly epsilonPerDay?: number;
  /** δ that does. @default 1e-5 */
  readonly deltaPerDay?: number;
}

/** Options with defaults, or null: nothing is hidden and nothing is counted. */
export type PrivacySettings = Required<PrivacyOptions> | null;

/** A cost in whole numbers, so that sums are exact. */
export interface PrivacyCost {
  /** Millionths of ε. */
  readonly epsilonMicro: number;
  /** 10⁻¹² of δ. */
  readonly deltaPico: number;
}

/** Bounds of ε of one pattern. */
const LEAST_EPSILON = 0.01;
const MOST_EPSILON = 64;
/** Widest Gaussian noise, in steps. */
const MOST_SIGMA = 2 ** 19;
/** Fewest steps from 0 to the clip. */
const LEAST_STEPS = 100;
/** Steps from 0 to the clip for Laplace noise. */
const LAPLACE_STEPS = 2 ** 16;
/** Steps from 0 to the largest value where nothing is hidden. */
const PLAIN_STEPS = 2 ** 24;
const MOST_INTEGER = 2 ** 31 - 1;

/** Fills in defaults. @throws RuvectorError `ERR_STEER_SYNC_OPTION` */
export function resolvePrivacy(options: PrivacyOptions | 'off' = {}): PrivacySettings {
  if (options === 'off') return null;
  const settings: Required<PrivacyOptions> = {
    epsilonPerVote: 1,
    epsilonPerVector: 1,
    deltaPerVector: 1e-6,
    vectorNoise: 'gaussian',
    clip: 1,
    epsilonPerDay: 8,
    deltaPerDay: 1e-5,
    ...options,
  };
  for (const name of ['epsilonPerVote', 'epsilonPerVector'] as const)
    assertBetween(name, settings[name], LEAST_EPSILON, MOST_EPSILON);
  assertBetween('deltaPerVector', settings.deltaPerVector, 1e-12, 0.01);
  assertBetween('clip', settings.clip, 1e-6, 1e6);
  assertBetween('epsilonPerDay', settings.epsilonPerDay, 0, 1000);
  assertBetween('deltaPerDay', settings.deltaPerDay, 0, 0.01);
  if (settings.vectorNoise !== 'gaussian' && settings.vectorNoise !== 'laplace')
    throw syncOptionError('vectorNoise', settings.vectorNoise, '"gaussian" or "laplace"');
  return settings;
}

function assertBetween(name: string, value: number, least: number, most: number): void {
  if (typeof value === 'number' && value >= least && value <= most) return;
  throw syncOptionError(name, value, `a number from ${least} to ${most}`);
}

/** What one pattern costs. */
export function costOf(pattern: LocalPattern, settings: PrivacySettings): PrivacyCost {
  if (!settings) return { epsilonMicro: 0, deltaPico: 0 };
  const { epsilonPerVote, epsilonPerVector, deltaPerVector, vectorNoise } = settings;
  if (pattern.kind === 'vote') return { epsilonMicro: toMicro(epsilonPerVote), deltaPico: 0 };
  const deltaPico = vectorNoise === 'gaussian' ? Math.ceil(deltaPerVector * 1e12) : 0;
  return { epsilonMicro: toMicro(epsilonPerVector), deltaPico };
}

/** What leaves this host. */
export function privatise(
  pattern: LocalPattern,
  settings: PrivacySettings,
  random: RandomIntegers,
): SharedPattern {
  if (pattern.kind === 'vote') return privatiseVote(pattern, settings, random);
  return { kind: 'vector', key: pattern.key, ...hideVector(pattern, settings, random) };
}

/** One host has one vote: a change of it moves two counts by 1 each. */
function privatiseVote(
  { key, arms, arm }: LocalVote,
  settings: PrivacySettings,
  random: RandomIntegers,
): SharedPattern {
  const counts = Int32Array.from(arms, (name) => {
    const noise = settings ? drawDiscreteLaplace(2_000_000, toMicro(settings.epsilonPerVote), random) : 0;
    return (name === arm ? 1 : 0) + noise;
  });
  return { kind: 'vote', key, arms: [...arms], counts };
}

interface Steps {
  readonly step: number;
  readonly values: Int32Array;
}

function hideVector({ values }: LocalVector, settings: PrivacySettings, random: RandomIntegers): Steps {
  const exact = Float64Array.from(values);
  if (!settings) {
    const largest = exact.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const step = largest === 0 ? 1 : largest / PLAIN_STEPS;
    return { step, values: Int32Array.from(exact, (value) => Math.round(value / step)) };
  }
  const { clip, epsilonPerVector, deltaPerVector, vectorNoise } = settings;
  if (vectorNoise === 'laplace') {
    const clipped = clipToSteps(exact, clip, LAPLACE_STEPS, 1);
    const [t, s] = [2 * LAPLACE_STEPS * 1_000_000, toMicro(epsilonPerVector)];
    return addNoise(clipped, clip / LAPLACE_STEPS, () => drawDiscreteLaplace(t, s, random));
  }
  const multiplier = gaussianMultiplier(epsilonPerVector, deltaPerVector);
  const steps = Math.max(LEAST_STEPS, Math.floor(MOST_SIGMA / (2 * multiplier)));
  const sigma = Math.ceil(2 * steps * multiplier);
  return addNoise(clipToSteps(exact, clip, steps, 2), clip / steps, () =>
    drawDiscreteGaussian(sigma, random),
  );
}

function addNoise(values: Float64Array, step: number, draw: () => number): Steps {
  const noisy = Int32Array.from(values, (value) => {
    const sum = value + draw();
    return Math.max(-MOST_INTEGER, Math.min(MOST_INTEGER, sum));
  });
  return { step, values: noisy };
}

const toMicro = (epsilon: number): number => Math.round(epsilon * 1e6);
