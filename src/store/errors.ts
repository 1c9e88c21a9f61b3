// The typed errors of the history store. Every code is listed in docs/errors.md.
import { RuvectorError, adviseOn, messageOf, systemCodeOf } from '../core/index.ts';
import type { Field, RecordKind } from '../core/index.ts';

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
export function corruptWalError(path: string, setAside: string | null, details: object): RuvectorError {
  const where = setAside === null ? 'it is left in place' : `it is kept as "${setAside}"`;
  return new RuvectorError(
    'ERR_STORE_CORRUPT_WAL',
    `Cannot read all of log "${path}": bytes in it were changed; every frame still readable was kept and ${where}`,
    { details: { path, setAside, ...details } },
  );
}

/** A segment whose footer or checksum does not hold. */
export function corruptSegmentError(path: string, setAside: string | null, cause: unknown): RuvectorError {
  const where = setAside === null ? 'it is skipped' : `it is kept as "${setAside}"`;
  return new RuvectorError(
    'ERR_STORE_CORRUPT_SEGMENT',
    `Cannot read segment "${path}": ${messageOf(cause)}; ${where}, all other segments are still read`,
    { cause, details: { path, setAside } },
  );
}

/** A segment that retention removed after a reader had planned to read it. */
export function removedSegmentError(path: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_STORE_SEGMENT_REMOVED',
    `Cannot read segment "${path}": retention removed it meanwhile; its rows are missing, read a later range or keep more`,
    { cause, details: { path } },
  );
}

/** A reader finds no directory, code `ERR_STORE_NOT_FOUND`, or one that is not for this user. */
export function noHistoryError(directory: string, cause: unknown): RuvectorError {
  if (systemCodeOf(cause) !== 'ENOENT') return toStoreError('read', directory, cause);
  return new RuvectorError(
    'ERR_STORE_NOT_FOUND',
    `Cannot read history "${directory}": there is no such directory; start collecting first`,
    { cause, details: { path: directory } },
  );
}

/** A value that its column cannot hold, code `ERR_STORE_INVALID_ROW`. */
export function invalidRowError(kind: RecordKind, field: Field, value: unknown): RuvectorError {
  const need = `it needs ${field.type}${field.nullable ? ' or null' : ''}`;
  return new RuvectorError(
    'ERR_STORE_INVALID_ROW',
    `Cannot append ${kind.name} row: field "${field.name}" is ${typeof value === 'string' ? `"${value}"` : String(value)}; ${need}`,
    { details: { kind: kind.name, field: field.name } },
  );
}

/** No kind of record has this name, code `ERR_STORE_UNKNOWN_KIND`. */
export function unknownKindError(kind: string, known: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_STORE_UNKNOWN_KIND',
    `Cannot find record kind "${kind}": the history stores ${known.join(', ')}; use one of these`,
  );
}

/** A write after close, code `ERR_STORE_CLOSED`. */
export function historyClosedError(directory: string): RuvectorError {
  return new RuvectorError(
    'ERR_STORE_CLOSED',
    `Cannot write history "${directory}": it is closed; open it again`,
  );
}

/** A write to what was opened for reading, code `ERR_STORE_READ_ONLY`. */
export function readOnlyHistoryError(directory: string): RuvectorError {
  return new RuvectorError(
    'ERR_STORE_READ_ONLY',
    `Cannot write history "${directory}": it was opened with readOnly; open it without`,
  );
}

/** The same problem with the number of times it came, under its own code. */
export function repeatedError(problem: RuvectorError, count: number): RuvectorError {
  if (count === 1) return problem;
  return new RuvectorError(problem.code, `${problem.message} (${count} times since it was last told)`, {
    cause: problem.cause,
    details: { ...problem.details, count },
  });
}

/** Another writer is alive, code `ERR_STORE_LOCKED`. */
export function lockedError(
  thing: string,
  owner: string,
  directory: string,
  pid: number | null,
): RuvectorError {
  return new RuvectorError(
    'ERR_STORE_LOCKED',
    `Cannot open ${thing} for writing: ${owner} is writing it; stop that process, or open it with readOnly`,
    { details: { path: directory, pid } },
  );
}
