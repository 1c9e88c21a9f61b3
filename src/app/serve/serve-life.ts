// How a serving process goes on and ends: which signals drain, how long a drain may take, what ends at once, and what
// is saved in every case that leaves time for it: the rows of the history, and the bridge file, which must not stay.
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRuvectorError, messageOf } from '../../core/index.ts';
import { guardHome } from './home-guard.ts';
import type { Host } from '../host/host-types.ts';
import { installLastNet } from './last-net.ts';
import type { Log } from './log.ts';
import { watchStopSignals } from './stop-signals.ts';

/** Open outcome windows and subscribers get this long; a service manager's own limit (30 s in our unit) is behind it. */
export const DRAIN_LIMIT_MS = 20_000;
/** Rows that are still buffered are written within this time or lost with the process. */
const SAVE_LIMIT_MS = 3000;

/** Exit codes of `serve` beside 0, 1 (failed) and 2 (wrong use). */
export const exitCodes = {
  /** Another process has the home. */
  alreadyRunning: 3,
  /** Going on would harm: no memory, or the home went away (sysexits.h: EX_SOFTWARE). */
  broken: 70,
} as const;

/** The life of one `serve`. */
export interface ServeLife extends Disposable {
  /** Aborts when it shall drain. */
  readonly signal: AbortSignal;
  /** Begins the drain. */
  stop(): void;
  /** From now on it guards this host's home, and its end saves this host. */
  watch(host: Host): void;
}

/** Options of {@link startLife}. */
export interface LifeOptions {
  readonly log: Log;
  /** Whether SIGHUP has a file to reopen. */
  readonly hasLogFile: boolean;
  /** @default {@link DRAIN_LIMIT_MS} */
  readonly drainLimitMs?: number;
}

/**
 * Begins to listen for signals and to catch what nobody caught; before {@link ServeLife.watch} there is nothing to
 * save.
 */
export function startLife({ log, hasLogFile, drainLimitMs = DRAIN_LIMIT_MS }: LifeOptions): ServeLife {
  const controller = new AbortController();
  const cleanup = new DisposableStack();
  let host: Host | null = null;
  const end = async (isOurs: boolean, leave: () => void): Promise<void> => {
    // Nothing of what follows may keep it alive: not a hung disk, not an error.
    setTimeout(leave, SAVE_LIMIT_MS + 1000);
    if (host) await saveHost(host, isOurs).catch((error) => log.always(messageOf(error)));
    log.close();
    leave();
  };
  const stop = (): void => {
    if (controller.signal.aborted) return;
    controller.abort();
    const late = setTimeout(() => {
      log.always(`not drained within ${drainLimitMs / 1000} s: ending without what still waits`);
      void end(true, () => process.exit(process.exitCode ?? 0));
    }, drainLimitMs).unref();
    cleanup.defer(() => clearTimeout(late));
  };
  const endBroken = (error: unknown): void => {
    log.always(`ending, because going on would harm: ${messageOf(error)}`);
    void end(!isRuvectorError(error, 'ERR_APP_HOME_LOST'), () => process.exit(exitCodes.broken));
  };
  const signals = watchStopSignals({
    onStop: (signal) => {
      log.always(`${signal}: draining; once more ends it at once`);
      stop();
    },
    onAgain: (signal) => {
      log.always(`${signal} again: ending now`);
      signals[Symbol.dispose]();
      void end(true, () => process.kill(process.pid, signal));
    },
    reloads: hasLogFile,
    onReload: () => {
      log.reopen();
      log.line(hasLogFile ? 'SIGHUP: the log was opened again' : 'SIGHUP without a terminal: going on');
    },
  });
  cleanup.use(signals);
  // Before the host, whose doors are open as soon as its bridge file can be read.
  cleanup.use(installLastNet({ log: log.line, onBroken: endBroken }));
  return {
    signal: controller.signal,
    stop,
    watch(watched) {
      host = watched;
      cleanup.use(guardHome(watched.home, endBroken));
    },
    [Symbol.dispose]: () => cleanup.dispose(),
  };
}

/** Writes what is buffered, where the history is still ours, and takes the bridge file away, where it is ours. */
async function saveHost(host: Host, isOurs: boolean): Promise<void> {
  removeBridgeFile(host.home.bridgeFile);
  if (isOurs) await Promise.race([host.history.close(), sleep(SAVE_LIMIT_MS, undefined, { ref: false })]);
}

function removeBridgeFile(path: string): void {
  try {
    const { pid } = JSON.parse(readFileSync(path, 'utf8')) as { pid?: unknown };
    if (pid === process.pid) rmSync(path, { force: true });
  } catch {
    // It is gone already.
  }
}
