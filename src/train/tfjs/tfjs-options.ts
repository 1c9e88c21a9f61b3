// How a network is fitted: options, their defaults and checks. Pure.
import { tfjsOptionsError } from './errors.ts';
import { numberIn, wholeNumber } from './layers/rule.ts';
import type { OptionCheck } from './layers/rule.ts';

/** Which of tf.js's backends computes. */
export type TfjsEngine = 'native' | 'wasm' | 'cpu';

/** Options of a fit. */
export interface TfjsFitOptions {
  /** Times that each training row is seen. @default 40 */
  readonly epochs?: number | undefined;
  /** Rows of one step. @default 128 */
  readonly batchSize?: number | undefined;
  /** Of Adam. @default 0.003 */
  readonly learningRate?: number | undefined;
  /**
   * Epochs without a better loss on the newest 15 % of the training rows after which it stops; the weights of the best
   * epoch are kept. @default none: all epochs, on all training rows
   */
  readonly earlyStopping?: number | undefined;
  /** Of the first weights, the order of rows and dropout. @default 0 */
  readonly seed?: number | undefined;
  /** @default chosen by the size of the network, and by what is there */
  readonly engine?: TfjsEngine | undefined;
}

/** The options, complete. */
export interface TfjsFit {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly earlyStopping: number | null;
  readonly seed: number;
  readonly engine: TfjsEngine | null;
}

const engines = ['native', 'wasm', 'cpu'] as const;

const checks: Readonly<Record<keyof TfjsFitOptions, OptionCheck>> = {
  epochs: wholeNumber(1),
  batchSize: wholeNumber(1),
  learningRate: { ...numberIn(Number.MIN_VALUE, 10), wanted: 'a number above 0 and below 10' },
  earlyStopping: wholeNumber(1),
  seed: { wanted: 'a whole number', accepts: Number.isSafeInteger },
  engine: {
    wanted: `one of ${engines.join(', ')}`,
    accepts: (value) => engines.includes(value as TfjsEngine),
  },
};

/** Completes the options. @throws RuvectorError `ERR_TRAIN_OPTIONS` with all that is wrong */
export function completeFit(options: TfjsFitOptions): TfjsFit {
  const problems = Object.entries(checks).flatMap(([name, { wanted, accepts }]) => {
    const value = options[name as keyof TfjsFitOptions];
    return value === undefined || accepts(value) ? [] : [`${name} is ${JSON.stringify(value)}, wanted ${wanted}`];
  });
  if (problems.length > 0) throw tfjsOptionsError(problems);
  const { epochs = 40, batchSize = 128, learningRate = 0.003, seed = 0 } = options;
  const { earlyStopping = null, engine = null } = options;
  return { epochs, batchSize, learningRate, earlyStopping, seed, engine };
}
