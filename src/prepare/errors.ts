// Errors of the prepare room. Codes are listed in docs/errors.md.
import { RuvectorError } from '../core/index.ts';

/** A feature specification or option that cannot be used as given. All mistakes in one report. */
export class PrepareOptionsError extends RuvectorError {
  constructor(what: string, problems: readonly string[]) {
    super(
      'ERR_PREPARE_OPTIONS',
      `Cannot build ${what}: ${problems.join('; ')}; correct ${problems.length > 1 ? 'these options' : 'this option'}`,
      { details: { problems } },
    );
  }
}

/** A history that does not hold enough labelled rows, or not enough different ones, to train on. */
export class TrainingHistoryError extends RuvectorError {
  constructor(
    code: 'ERR_PREPARE_TOO_FEW_ROWS' | 'ERR_PREPARE_ONE_CLASS',
    currentState: string,
    nextStep: string,
    details: Readonly<Record<string, unknown>>,
  ) {
    super(code, `Cannot build a training set: ${currentState}; ${nextStep}`, { details });
  }
}

/** A release that cannot be made private as asked, or an anonymizer that can no longer work. */
export class PrivacyError extends RuvectorError {
  constructor(
    code: 'ERR_PREPARE_PRIVACY_K' | 'ERR_PREPARE_PRIVACY_STALE' | 'ERR_PREPARE_KEY_DESTROYED',
    message: string,
    details: Readonly<Record<string, unknown>> = {},
  ) {
    super(code, message, { details });
  }
}
