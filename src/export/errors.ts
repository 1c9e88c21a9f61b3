// Errors of the export room. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError, adviseOn, systemCodeOf } from '../core/index.ts';
import { describeUnwritten } from '../files/index.ts';

/** Options of an export that cannot be used, code `ERR_EXPORT_OPTIONS`. All mistakes in one report. */
export function exportOptionsError(what: string, problems: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_EXPORT_OPTIONS',
    `Cannot export ${what}: ${problems.join('; ')}; correct ${problems.length > 1 ? 'these options' : 'this option'}`,
    { details: { problems } },
  );
}

/** The range holds nothing to write, code `ERR_EXPORT_NO_ROWS`. */
export function noRowsError(asked: string, held: string): RuvectorError {
  return new RuvectorError(
    'ERR_EXPORT_NO_ROWS',
    `Cannot export "${asked}": it holds no rows; the history holds ${held}, choose a range inside it or collect longer`,
    { details: { asked, held } },
  );
}

/** The caller's signal aborted, code `ERR_EXPORT_CANCELLED`. */
export function exportCancelledError(path: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_EXPORT_CANCELLED',
    `Cannot finish "${path}": the export was cancelled; no file is left of it, start it again`,
    { cause, details: { path } },
  );
}

/** A table does not hold what it held when it was planned, code `ERR_EXPORT_SOURCE_CHANGED`. */
export function sourceChangedError(table: string, planned: string, found: string): RuvectorError {
  return new RuvectorError(
    'ERR_EXPORT_SOURCE_CHANGED',
    `Cannot export table "${table}": it held ${planned} when the export was planned and ${found} when it was written; old rows were removed meanwhile, export again`,
    { details: { table, planned, found } },
  );
}

/** This exporter was given no hub of live records, code `ERR_EXPORT_NO_STREAM`. */
export function noStreamError(endpoint: string): RuvectorError {
  return new RuvectorError(
    'ERR_EXPORT_NO_STREAM',
    `Cannot serve a stream at "${endpoint}": this exporter reads a history and sees nothing live; give it a \`hub\`, or run \`ruvector-memopt export --stream\``,
  );
}

/**
 * A file that cannot be written, code `ERR_EXPORT_WRITE`, also where it was a pipeline that said so. Other errors that
 * have a code of ours stay as they are.
 */
export function writeError(path: string, cause: unknown): RuvectorError {
  if (cause instanceof RuvectorError && cause.code !== 'ERR_PIPELINE_FILE') return cause;
  const { message, ...facts } = describeUnwritten(path, cause);
  return new RuvectorError('ERR_EXPORT_WRITE', message, facts);
}

/** A pipe or a device that takes no more, code `ERR_EXPORT_WRITE`. Errors that have a code stay as they are. */
export function streamError(path: string, cause: unknown): RuvectorError {
  if (cause instanceof RuvectorError) return writeError(path, cause);
  const { state, nextStep } = adviseOn(cause);
  return new RuvectorError(
    'ERR_EXPORT_WRITE',
    `Cannot write "${path}": ${state}; what it took is not the whole export; ${nextStep}, or choose another path`,
    { cause, details: { path, systemCode: systemCodeOf(cause) ?? null } },
  );
}

/**
 * A file that cannot take its place after others of the same export took theirs, code
 * `ERR_EXPORT_WRITE`; names the ones that are there.
 */
export function partlyPlacedError(path: string, placed: readonly string[], cause: unknown): RuvectorError {
  const names = placed.map((name) => `"${name}"`).join(', ');
  return new RuvectorError(
    'ERR_EXPORT_WRITE',
    `Cannot write "${path}": ${adviseOn(cause).state}; ${names} of this export ${placed.length > 1 ? 'are' : 'is'} written and whole, free the path and export again`,
    { cause, details: { path, placed, systemCode: systemCodeOf(cause) ?? null } },
  );
}

/** Another export writes to the same target, code `ERR_EXPORT_BUSY`. `pid` is null when it is unknown. */
export function exportBusyError(path: string, pid: number | null): RuvectorError {
  const owner = pid === null ? 'another process' : `process ${pid}`;
  return new RuvectorError(
    'ERR_EXPORT_BUSY',
    `Cannot write "${path}": ${owner} is writing it now; wait for it or choose another path`,
    { details: { path, pid } },
  );
}
