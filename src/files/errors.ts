// Errors of the files room. Codes are listed in docs/errors.md and mirrored in Python.
import { adviseOn, RuvectorError, systemCodeOf } from '../core/plain/index.ts';

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

/** What an error says without its code: each room that writes files has one of its own for those it cannot write. */
export interface Unwritten {
  readonly message: string;
  readonly cause: unknown;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Says of a file that it cannot be written and that nothing is left of it, or the same as an error of another room. */
export function describeUnwritten(path: string, cause: unknown): Unwritten {
  if (cause instanceof RuvectorError) return { message: cause.message, cause, details: cause.details };
  const { state, nextStep } = adviseOn(cause);
  return {
    message: `Cannot write "${path}": ${state}; ${nextStep}, or choose another path, nothing is left of it`,
    cause,
    details: { path, systemCode: systemCodeOf(cause) ?? null },
  };
}

/** System codes by which a folder takes no new name, while a file in it may still be written. */
const refusals = new Set(['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'ENOTSUP', 'EOPNOTSUPP', 'ETXTBSY']);

/** True when an error says that nothing may be made or renamed there. */
export const isRefusal = (error: unknown): boolean => refusals.has(systemCodeOf(error) ?? '');
