// Options of steering, checked all at once.
import type { PolicyMode } from '../policy/index.ts';
import { steerOptionError } from './errors.ts';

/** Options of `steer()`. */
export interface SteerOptions {
  /** Where what was learned is kept. @default nowhere: it ends with the process */
  readonly stateFile?: string;
  /**
   * `same`: only queries that give the same rows whatever their plan. `any`: also those where SQL leaves it open, such as
   * which rows a LIMIT takes among equals. @default 'same'
   */
  readonly answers?: 'same' | 'any';
  /** Share of an exact scan's rows that queries by vector must find; without it they are passed through. @default undefined */
  readonly recall?: number;
  /** How often tables are looked at for ANALYZE, DDL and growth. @default 10_000 */
  readonly refreshMs?: number;
  /** Decides what is tried when. @default 1 */
  readonly seed?: number;
  /** How arms are chosen. @default 'safe' */
  readonly mode?: PolicyMode;
  /** Runs of unproven arms that may be under way at once. @default 2 */
  readonly maxOpenExplorations?: number;
  /** What an arm has to save before it is used, as a share of the default's time. @default 0.1 */
  readonly minGain?: number;
  /** Milliseconds, monotonic. @default performance.now */
  readonly nowMs?: () => number;
}

/** @throws RuvectorError `ERR_STEER_OPTION` */
export function checkSteerOptions({
  answers,
  recall,
  refreshMs,
  seed,
  minGain,
  maxOpenExplorations,
}: SteerOptions): void {
  if (answers !== undefined && !['same', 'any'].includes(answers)) {
    throw steerOptionError('answers', answers, 'give "same" or "any"');
  }
  check('recall', recall, (value) => value > 0 && value <= 1, 'give a share above 0, at most 1');
  check('refreshMs', refreshMs, (value) => value >= 0, 'give milliseconds from 0 on');
  check('seed', seed, Number.isInteger, 'give a whole number');
  check('minGain', minGain, (value) => value >= 0 && value < 1, 'give a share from 0 on, below 1');
  check(
    'maxOpenExplorations',
    maxOpenExplorations,
    (value) => Number.isInteger(value) && value >= 0,
    'give a whole number from 0 on',
  );
}

function check(
  name: string,
  value: number | undefined,
  isRight: (value: number) => boolean,
  nextStep: string,
): void {
  if (value !== undefined && !(Number.isFinite(value) && isRight(value)))
    throw steerOptionError(name, value, nextStep);
}
