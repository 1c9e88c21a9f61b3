// What one engine tells another of a pattern. The cores stay at home: they mean something only with the A and B they were
// learned with. What travels is what was seen, and the other engine learns from it as from runs of its own.
import { networkPatternError } from './errors.ts';
import type { MechanismStats, TrajectoryStats } from './trajectory-stats.ts';

/** A pattern as engines exchange it. */
export interface SonaPattern {
  /** 16 hexadecimal digits. */
  readonly signature: string;
  /** Of length 1. */
  readonly embedding: Float32Array;
  readonly trajectoryStats: TrajectoryStats;
  readonly mechanisms: readonly MechanismStats[];
}

/** Times a run is slower or faster than the baseline, at most, as it is counted: beyond this it tells no more. */
export const RATIO_LIMIT = 1000;
export const LOG_RATIO_LIMIT = Math.log(RATIO_LIMIT);

/** Checks a pattern that came from elsewhere. @throws RuvectorError `ERR_DAG_SONA_PATTERN` */
export function checkPattern(pattern: SonaPattern, embeddingDim: number, known: readonly string[]): void {
  const { signature, embedding, trajectoryStats, mechanisms } = pattern;
  const refuse = (state: string): never => {
    throw networkPatternError(signature, state);
  };
  if (!isSignature(signature)) refuse('its signature is not 16 hexadecimal digits');
  if (!(embedding instanceof Float32Array) || embedding.length !== embeddingDim) {
    refuse(`its embedding has not ${embeddingDim} numbers`);
  }
  if (!(Math.abs(Math.hypot(...embedding) - 1) < 1e-3)) refuse('its embedding is not of length 1');
  const { count, meanImprovement, variance, bestMechanism } = trajectoryStats;
  if (
    !isCount(count) ||
    !(meanImprovement <= 1) ||
    !(meanImprovement > -Infinity) ||
    !(variance >= 0 && variance < Infinity)
  ) {
    refuse('its statistics cannot be');
  }
  if (bestMechanism !== null && !known.includes(bestMechanism))
    refuse(`it names mechanism "${bestMechanism}"`);
  for (const each of mechanisms) checkMechanism(each, known, refuse);
  const names = new Set(mechanisms.map(({ mechanism }) => mechanism));
  if (names.size < mechanisms.length) refuse('it counts a mechanism twice');
  const total = mechanisms.reduce((sum, each) => sum + each.count, 0);
  if (total !== count) refuse(`it counts ${count} runs, and ${total} by mechanism`);
}

function checkMechanism(
  stats: MechanismStats,
  known: readonly string[],
  refuse: (state: string) => never,
): void {
  const { mechanism, count, meanImprovement, meanLogRatio } = stats;
  if (!known.includes(mechanism)) refuse(`it names mechanism "${mechanism}"`);
  const isGood =
    isCount(count) &&
    count > 0 &&
    meanImprovement <= 1 &&
    meanImprovement > -Infinity &&
    Math.abs(meanLogRatio) <= LOG_RATIO_LIMIT;
  if (!isGood) refuse(`its runs with "${mechanism}" cannot be`);
}

export function isSignature(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{16}$/.test(value);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
