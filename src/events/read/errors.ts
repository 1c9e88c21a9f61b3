// Errors of reading recordings: what a path is, and what memory allows. What bytes say is in ../model/errors.ts.
import { adviseOnReading, RuvectorError, systemCodeOf } from '../../core/index.ts';

/** A recording whose bytes cannot be had, code `ERR_EVENTS_READ`. */
export function recordingError(source: string, state: string, next: string, cause?: unknown): RuvectorError {
  return new RuvectorError('ERR_EVENTS_READ', `Cannot read recording "${source}": ${state}; ${next}`, {
    cause,
    details: { source, systemCode: systemCodeOf(cause) ?? null },
  });
}

/** The same for what the system refused; other errors stay as they are. */
export function unreadableError(source: string, cause: unknown): unknown {
  if (cause instanceof RuvectorError || systemCodeOf(cause) === undefined) return cause;
  const { state, nextStep } = adviseOnReading(cause);
  return recordingError(source, state, nextStep, cause);
}

/** A file that became shorter while it was read, code `ERR_EVENTS_READ`. */
export function cutRecordingError(source: string, atByte: number, sizeBytes: number): RuvectorError {
  return new RuvectorError(
    'ERR_EVENTS_READ',
    `Cannot read recording "${source}": byte ${atByte}: it had ${sizeBytes} bytes when it was opened and ends here now; ` +
      'read it again when nobody changes it',
    { details: { source, byte: atByte, sizeBytes } },
  );
}

/** Less memory than the work needs, code `ERR_EVENTS_MEMORY`; `details.leastMb` is what works. */
export function eventMemoryError(
  verb: string,
  source: string,
  state: string,
  leastMb: number,
  next: string,
): RuvectorError {
  return new RuvectorError('ERR_EVENTS_MEMORY', `Cannot ${verb} "${source}": ${state}; ${next}`, {
    details: { source, leastMb },
  });
}
