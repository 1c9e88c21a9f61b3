// Errors of the files room. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError, systemCodeOf } from '../core/plain/index.ts';

/** A path that cannot be written to as asked, code `ERR_FILES_TARGET`. `state` says what it is, `next` what to do. */
export function targetError(path: string, state: string, next: string, cause?: unknown): RuvectorError {
  return new RuvectorError('ERR_FILES_TARGET', `Cannot write to "${path}": ${state}; ${next}`, {
    cause,
    details: { path, state, systemCode: systemCodeOf(cause) ?? null },
  });
}

/** Whoever read a pipe is gone, code `ERR_FILES_READER_LEFT`. `descriptor` is set for one of this process. */
export function readerLeftError(path: string, descriptor: number | null, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_FILES_READER_LEFT',
    `Cannot write to "${path}": its reader went away before the end; keep it open until the end, or write to a file`,
    { cause, details: { path, descriptor } },
  );
}

/** System codes by which a folder takes no new name, while a file in it may still be written. */
const refusals = new Set(['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'ENOTSUP', 'EOPNOTSUPP', 'ETXTBSY']);

/** True when an error says that nothing may be made or renamed there. */
export const isRefusal = (error: unknown): boolean => refusals.has(systemCodeOf(error) ?? '');
