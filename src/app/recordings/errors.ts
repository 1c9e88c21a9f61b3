// Errors of the commands of recordings.
import { RuvectorError } from '../../core/index.ts';

/** A command that was ended from outside, code `ERR_EVENTS_CANCELLED`. */
export function recordingCancelledError(title: string): RuvectorError {
  return new RuvectorError(
    'ERR_EVENTS_CANCELLED',
    `Cannot finish ${title}: it was interrupted; nothing is left of what was being written, run it again`,
  );
}
