// Errors of the client room: a daemon that does not come up, one with another rate, wrong options, an
// interrupted call. What the daemon itself answers keeps the daemon's own code.
import { RuvectorError, isRuvectorError } from '../core/index.ts';

/** All mistakes of one call in one report, code `ERR_CLIENT_OPTIONS`. */
export function optionsError(call: string, problems: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_CLIENT_OPTIONS',
    `Cannot call "${call}": ${problems.join('; ')}; correct the options and call again`,
    { details: { problems } },
  );
}

/** The daemon that was started ended or never answered, code `ERR_CLIENT_START`. */
export function startError(home: string, state: string, logFile: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_CLIENT_START',
    `Cannot start a daemon on "${home}": ${state}; see "${logFile}"`,
    { cause, details: { home, logFile } },
  );
}

/** A daemon runs, but not as it was asked for, code `ERR_CLIENT_RUNNING`. */
export function runningError(problems: readonly string[], pid: number, isOwn: boolean): RuvectorError {
  const next = isOwn
    ? 'call stop() first and the next call starts one as wanted, or leave the option out'
    : `leave the option out, or stop process ${pid} and call again`;
  return new RuvectorError(
    'ERR_CLIENT_RUNNING',
    `Cannot use the running daemon (pid ${pid}): ${problems.join('; ')}; ${next}`,
    { details: { problems, pid } },
  );
}

/** The first interrupt of a notebook ended a call that keeps nothing, code `ERR_CLIENT_INTERRUPTED`. */
export function interruptedError(call: string): RuvectorError {
  return new RuvectorError(
    'ERR_CLIENT_INTERRUPTED',
    `Cannot finish "${call}": it was interrupted and undone; call it again`,
  );
}

/** What a trainer raised, by its own code instead of the daemon's `ERR_TRAINER_FAILED`. */
export function unwrapTrainerError(error: unknown): unknown {
  if (!isRuvectorError(error, 'ERR_TRAINER_FAILED')) return error;
  const { trainerCode } = error.details;
  if (typeof trainerCode !== 'string') return error;
  return new RuvectorError(trainerCode, error.message, { cause: error, details: error.details });
}
