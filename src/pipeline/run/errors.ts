// Errors of src/pipeline/run. Codes are listed in docs/errors.md and mirrored in Python.
import { adviseOn, messageOf, RuvectorError, systemCodeOf } from '../../core/index.ts';

/** A batch that became larger than memory there is, code `ERR_PIPELINE_BUDGET`. */
export function batchGrowthError(
  stage: string,
  batchBytes: number,
  extraBytes: number,
  limitBytes: number,
): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_BUDGET',
    `Cannot hold a batch in stage "${stage}": it has ${batchBytes} bytes and lacks ${extraBytes} of a budget of ${limitBytes}; give the pipeline a larger budget or smaller batches`,
    { details: { stage, batchBytes, extraBytes, limitBytes } },
  );
}

/** A stage that failed on a batch, code `ERR_PIPELINE_STAGE`; an error that has a code of its own stays what it is. */
export function stageError(stage: string, cause: unknown): RuvectorError {
  if (cause instanceof RuvectorError) return cause;
  const { state, nextStep } =
    systemCodeOf(cause) === undefined
      ? {
          state: messageOf(cause),
          nextStep: "correct it, or let the stage's error policy leave such batches out",
        }
      : adviseOn(cause);
  return new RuvectorError('ERR_PIPELINE_STAGE', `Cannot run stage "${stage}": ${state}; ${nextStep}`, {
    cause,
    details: { stage },
  });
}

/** A run that cannot be made as asked, code `ERR_PIPELINE_OPTIONS`; all mistakes in one report. */
export function stagesOptionsError(problems: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_OPTIONS',
    `Cannot run stages: ${problems.join('; ')}; correct what is named`,
    { details: { problems } },
  );
}

/** A checkpoint that cannot be resumed from, code `ERR_PIPELINE_CHECKPOINT`. */
export function checkpointError(path: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_CHECKPOINT',
    `Cannot resume from checkpoint "${path}": ${state}; remove it and what the sink wrote to start again`,
    { cause, details: { path } },
  );
}

/** A transform that has not answered in time, code `ERR_PIPELINE_TIMEOUT`. */
export function stageTimeoutError(stage: string, timeoutMs: number, rows: number): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_TIMEOUT',
    `Cannot transform a batch of ${rows} rows in stage "${stage}": it has not answered within ${timeoutMs} ms; find what it waits for, allow it more time (timeoutMs) or smaller batches, or let the stage skip such batches`,
    { details: { stage, timeoutMs, rows } },
  );
}
