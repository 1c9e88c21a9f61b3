// The typed errors of the history store. Every code is listed in docs/errors.md.
import { RuvectorError, adviseOn, messageOf, systemCodeOf } from '../core/index.ts';

const diskFullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const readOnlyCodes = new Set(['EROFS', 'EACCES', 'EPERM']);

/** Turns a failed file operation into a typed error that keeps its cause. */
export function toStoreError(verb: string, path: string, cause: unknown): RuvectorError {
  if (cause instanceof RuvectorError) return cause;
  const systemCode = systemCodeOf(cause) ?? '';
  const { state, nextStep } = adviseOn(cause);
  return new RuvectorError(codeOf(systemCode), `Cannot ${verb} "${path}": ${state}; ${nextStep}`, {
    cause,
    details: { path, systemCode },
  });
}

function codeOf(systemCode: string): string {
  if (diskFullCodes.has(systemCode)) return 'ERR_STORE_DISK_FULL';
  return readOnlyCodes.has(systemCode) ? 'ERR_STORE_READ_ONLY' : 'ERR_STORE_IO';
}

/** A log file with damage inside; what could be read is kept. */
export function corruptWal(path: string, setAside: string | null, details: object): RuvectorError {
  const where = setAside === null ? 'it is left in place' : `it is kept as "${setAside}"`;
  return new RuvectorError(
    'ERR_STORE_CORRUPT_WAL',
    `Cannot read all of log "${path}": bytes in it were changed; every frame still readable was kept and ${where}`,
    { details: { path, setAside, ...details } },
  );
}

/** A segment whose footer or checksum does not hold. */
export function corruptSegment(path: string, setAside: string | null, cause: unknown): RuvectorError {
  const where = setAside === null ? 'it is skipped' : `it is kept as "${setAside}"`;
  return new RuvectorError(
    'ERR_STORE_CORRUPT_SEGMENT',
    `Cannot read segment "${path}": ${messageOf(cause)}; ${where}, all other segments are still read`,
    { cause, details: { path, setAside } },
  );
}

/** A segment that retention removed after a reader had planned to read it. */
export function removedSegment(path: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_STORE_SEGMENT_REMOVED',
    `Cannot read segment "${path}": retention removed it meanwhile; its rows are missing, read a later range or keep more`,
    { cause, details: { path } },
  );
}
