// Errors of the app room: configuration, life cycle, demo.
import { RuvectorError, messageOf } from '../core/index.ts';

/** All configuration mistakes in one report, code `ERR_APP_CONFIG`. */
export class ConfigError extends RuvectorError {
  constructor(problems: readonly string[]) {
    super(
      'ERR_APP_CONFIG',
      `Cannot use the configuration: ${problems.join('; ')}; run the command with --help for the allowed values`,
      { details: { problems } },
    );
  }
}

/** A stage of the demo that did not really happen, code `ERR_APP_DEMO_STAGE`. */
export class DemoStageError extends RuvectorError {
  constructor(stage: string, state: string, cause?: unknown) {
    super(
      'ERR_APP_DEMO_STAGE',
      `Cannot finish the demo at stage "${stage}": ${state}; \`ruvector-memopt doctor\` says what this host lacks`,
      { cause, details: { stage } },
    );
  }
}

/** Nothing was seen yet, or not long enough, code `ERR_APP_NOT_READY`. */
export function notReadyError(rateWindowMs: number, hasSampled: boolean): RuvectorError {
  const state = hasSampled
    ? `features need ${rateWindowMs / 1000} s of samples`
    : 'this host has not sampled since it started';
  return new RuvectorError('ERR_APP_NOT_READY', `Cannot decide yet: ${state}; wait and ask again`);
}

/** A training is running already, code `ERR_APP_BUSY`. */
export function busyError(): RuvectorError {
  return new RuvectorError(
    'ERR_APP_BUSY',
    'Cannot start a training: one is running on this host; wait for it, `ruvector-memopt status` shows it',
  );
}

/** A home that cannot be written, code `ERR_APP_HOME`. */
export function homeError(root: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_APP_HOME',
    `Cannot use home "${root}": ${messageOf(cause)}; choose another with --home or RUVECTOR_HOME`,
    { cause },
  );
}

/** A file of samples that cannot be read, code `ERR_APP_SAMPLE_FILE`. */
export function sampleFileError(file: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_APP_SAMPLE_FILE',
    `Cannot read samples "${file}": ${messageOf(cause)}; name a JSON file that this user may read`,
    { cause },
  );
}
