// A Gaussian process over configurations: the logarithm of rows a second, around what the bottleneck model expects. Small and
// exact; a job is run a dozen times, not a thousand.
import type { JobConfiguration } from './configuration.ts';

/** A measurement: how far the logarithm of a rate was from what the model expected. */
export interface Residual {
  readonly configuration: JobConfiguration;
  readonly value: number;
}

/** Belief in a residual. */
export interface RatePrediction {
  readonly mean: number;
  readonly deviation: number;
}

/** Deviations of what a knob alone does, of what knobs do together, and of a measurement. */
const KNOB = 0.35;
const TOGETHER = 0.2;
const NOISE = 0.06;
/** A factor of 4 in the size of batches is one step. */
const BATCH_STEP = Math.log(4);

/** @returns predicts any configuration from some that were measured */
export function fitSurrogate(residuals: readonly Residual[]): (at: JobConfiguration) => RatePrediction {
  const count = residuals.length;
  const factor = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = covary(residuals[i]!.configuration, residuals[j]!.configuration) + (i === j ? NOISE ** 2 : 0);
      for (let k = 0; k < j; k++) sum -= factor[i * count + k]! * factor[j * count + k]!;
      factor[i * count + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / factor[j * count + j]!;
    }
  }
  const solve = (values: readonly number[]): number[] => {
    const solved: number[] = [];
    for (let i = 0; i < count; i++) {
      let sum = values[i]!;
      for (let k = 0; k < i; k++) sum -= factor[i * count + k]! * solved[k]!;
      solved.push(sum / factor[i * count + i]!);
    }
    return solved;
  };
  const whitened = solve(residuals.map(({ value }) => value));
  return (at) => {
    const cross = solve(residuals.map(({ configuration }) => covary(configuration, at)));
    const mean = cross.reduce((sum, each, i) => sum + each * whitened[i]!, 0);
    const explained = cross.reduce((sum, each) => sum + each * each, 0);
    return { mean, deviation: Math.sqrt(Math.max(1e-9, covary(at, at) - explained)) };
  };
}

function covary(one: JobConfiguration, other: JobConfiguration): number {
  const batch = near(logOf(one.batchRows) - logOf(other.batchRows), BATCH_STEP);
  const workers = near((one.workers ?? 0) - (other.workers ?? 0), 1);
  const codec = one.codec === other.codec ? 1 : 0;
  return KNOB ** 2 * (batch + workers + codec) + TOGETHER ** 2 * batch * workers * codec;
}

const near = (distance: number, step: number): number => Math.exp(-((distance / step) ** 2) / 2);

/** The size that a job has by itself is taken to be the engine's default. */
const logOf = (batchRows: number | null): number => Math.log(batchRows ?? 65_536);
