// The log of this process: opened once by `serve`, read by its status.
import { createLog } from './log.ts';
import type { Log, LogStats } from './log.ts';
import { createLogFileSink, createStreamSink } from './log-sink.ts';
import { logFileError } from '../errors.ts';

let log: Log | null = null;

/**
 * Opens the log to a file, or to standard error.
 * @throws RuvectorError `ERR_APP_LOG_FILE`
 */
export function openServeLog(path?: string): Log {
  try {
    log = createLog({ sink: path === undefined ? createStreamSink() : createLogFileSink(path) });
    return log;
  } catch (error) {
    throw logFileError(path ?? 'standard error', error);
  }
}

/** What became of the log's lines; zeros in a process that serves without one, as the demo does. */
export const readLogStats = (): LogStats => log?.stats() ?? { written: 0, suppressed: 0, lost: 0 };
