// Errors of the optimize room. A refusal or a failed action is data in the decision, not one of these.
import { RuvectorError, messageOf } from '../core/index.ts';

/** The codes this room throws or reports as data. */
export type OptimizeErrorCode =
  | 'ERR_OPTIMIZE_NO_SYSCALLS'
  | 'ERR_OPTIMIZE_INVALID_OPTION'
  | 'ERR_OPTIMIZE_CLOSED'
  | 'ERR_OPTIMIZE_PROCESS_GONE'
  | 'ERR_OPTIMIZE_NOT_PERMITTED'
  | 'ERR_OPTIMIZE_SYSCALL'
  | 'ERR_OPTIMIZE_RECLAIM'
  | 'ERR_OPTIMIZE_OVERRUN'
  | 'ERR_OPTIMIZE_ACTUATOR';

/** An error of the optimize room. */
export class OptimizeError extends RuvectorError {
  declare readonly code: OptimizeErrorCode;

  // Narrows the code, so that a misspelt one does not compile.
  // oxlint-disable-next-line no-useless-constructor
  constructor(
    code: OptimizeErrorCode,
    message: string,
    options?: ConstructorParameters<typeof RuvectorError>[2],
  ) {
    super(code, message, options);
  }
}

/** What a failed action leaves in a decision and in its event. */
export interface ActionFailure {
  readonly code: string;
  readonly message: string;
}

/** Turns anything thrown by an actuator into data. */
export function toActionFailure(error: unknown): ActionFailure {
  const code = error instanceof RuvectorError ? error.code : 'ERR_OPTIMIZE_ACTUATOR';
  return { code, message: messageOf(error) };
}
