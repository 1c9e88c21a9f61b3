// Errors of src/pipeline/files. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError } from '../../core/index.ts';
import { describeUnwritten } from '../../files/index.ts';

/** Codes that say it of an export. */
const exportCodes: readonly string[] = ['ERR_EXPORT_WRITE', 'ERR_EXPORT_BUSY'];

/**
 * A file that cannot be written, code `ERR_PIPELINE_FILE`, also where it was an export that said so. Other errors that
 * have a code of ours stay as they are.
 */
export function fileWriteError(path: string, cause: unknown): RuvectorError {
  if (cause instanceof RuvectorError && !exportCodes.includes(cause.code)) return cause;
  const { message, ...facts } = describeUnwritten(path, cause);
  return new RuvectorError('ERR_PIPELINE_FILE', message, facts);
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
