// Errors of src/pipeline/files. Codes are listed in docs/errors.md and mirrored in Python.
import { adviseOn, RuvectorError, systemCodeOf } from '../../core/index.ts';

/** A file that cannot be written, code `ERR_PIPELINE_FILE`. Errors that have a code of ours stay as they are. */
export function fileWriteError(path: string, cause: unknown): RuvectorError {
  if (cause instanceof RuvectorError) return cause;
  const { state, nextStep } = adviseOn(cause);
  return new RuvectorError(
    'ERR_PIPELINE_FILE',
    `Cannot write "${path}": ${state}; ${nextStep}, or choose another path, nothing is left of it`,
    { cause, details: { path, systemCode: systemCodeOf(cause) ?? null } },
  );
}

/** Another run writes to the same file, code `ERR_PIPELINE_FILE`. `pid` is null when it is unknown. */
export function fileBusyError(path: string, pid: number | null): RuvectorError {
  const owner = pid === null ? 'another process' : `process ${pid}`;
  return new RuvectorError(
    'ERR_PIPELINE_FILE',
    `Cannot write "${path}": ${owner} is writing it now; wait for it or choose another path`,
    { details: { path, systemCode: null, pid } },
  );
}
