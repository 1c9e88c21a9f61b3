// How far a command is with a recording: a bar where there is a terminal, and Ctrl-C that ends it.
import type { EventProgress } from '../../events/index.ts';
import { startProgress } from '../../client/index.ts';
import { recordingCancelledError } from './errors.ts';
import { abortOnSignals, formatBytes, formatSeconds } from '../terminal.ts';

/** What the work is given. */
export interface Following {
  readonly signal: AbortSignal;
  readonly progress: (progress: EventProgress) => void;
}

/** Runs work with a bar on standard error and a signal that Ctrl-C fires. */
export async function followReading<T>(
  title: string,
  work: (following: Following) => Promise<T>,
): Promise<T> {
  using stop = abortOnSignals();
  using bar = startProgress(title, 1);
  try {
    return await work({
      signal: stop.signal,
      progress: (progress) => bar.update(progress.share ?? 0, describeProgress(progress)),
    });
  } catch (error) {
    throw stop.signal.aborted ? recordingCancelledError(title) : error;
  }
}

/** `12,345,678 events, 210.4 M/s, 3 s left` */
function describeProgress({ events, bytesRead, share, eventsPerSecond, etaSeconds }: EventProgress): string {
  const rate = `${(eventsPerSecond / 1e6).toFixed(1)} M/s`;
  const left = etaSeconds === null ? '' : `, ${formatSeconds(etaSeconds)} left`;
  const read = share === null ? `, ${formatBytes(bytesRead)} read` : '';
  return `${events.toLocaleString('en')} events, ${rate}${read}${left}`;
}
