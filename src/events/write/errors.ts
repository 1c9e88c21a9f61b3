// Errors of writing recordings.
import { RuvectorError } from '../../core/index.ts';
import { describeUnwritten } from '../../files/index.ts';

/** A file that cannot be written, code `ERR_EVENTS_WRITE`. Errors that have a code of ours stay as they are. */
export function eventWriteError(path: string, cause: unknown): RuvectorError {
  if (cause instanceof RuvectorError) return cause;
  const { message, ...facts } = describeUnwritten(path, cause);
  return new RuvectorError('ERR_EVENTS_WRITE', message, facts);
}

/** Another process writes the same file, code `ERR_EVENTS_WRITE`. `pid` is null when it is unknown. */
export function eventFileBusyError(path: string, pid: number | null): RuvectorError {
  const owner = pid === null ? 'another process' : `process ${pid}`;
  return new RuvectorError(
    'ERR_EVENTS_WRITE',
    `Cannot write "${path}": ${owner} is writing it now; wait for it or choose another path`,
    { details: { path, pid } },
  );
}

/** A path whose suffix says no format that can be written, code `ERR_EVENTS_SUFFIX`. */
export function eventSuffixError(path: string, suffixes: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_EVENTS_SUFFIX',
    `Cannot write "${path}": its suffix names no format that can be written; use one of ${suffixes.join(' ')}, or say the format with --out-format`,
    { details: { path } },
  );
}
