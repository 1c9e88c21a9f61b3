// Errors of the train room. Every code is listed in docs/errors.md.
import { RuvectorError } from '../core/index.ts';
import type { RuvectorErrorOptions } from '../core/index.ts';

/** Codes a caller can act on. */
export const TrainErrorCode = {
  /** No Python with the packages of the trainer. */
  NO_PYTHON: 'ERR_TRAIN_NO_PYTHON',
  /** The trainer raised, was killed or ended without a result; `details.traceback` holds Python's own. */
  FAILED: 'ERR_TRAINER_FAILED',
  /** The caller's signal aborted. */
  CANCELLED: 'ERR_TRAIN_CANCELLED',
  /** Nothing was heard from the trainer for a whole lease. */
  STALLED: 'ERR_TRAIN_STALLED',
  /** The pool is closed, or the trainer has had its job. */
  CLOSED: 'ERR_TRAIN_CLOSED',
} as const;
export type TrainErrorCode = (typeof TrainErrorCode)[keyof typeof TrainErrorCode];

/** Builds an error of this room. */
export function trainError(
  code: TrainErrorCode,
  message: string,
  options: RuvectorErrorOptions = {},
): RuvectorError {
  return new RuvectorError(code, message, options);
}
