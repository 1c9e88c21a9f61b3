// What ends a command from outside. SIGTERM, SIGINT and, with a terminal, SIGHUP ask it to end in order; the next of
// them ends it at once. Node forgets that nohup ignored SIGHUP, so what nohup leaves is looked at: no terminal at all.
import { isatty } from 'node:tty';

/** What to do. */
export interface StopHandlers {
  readonly onStop: (signal: NodeJS.Signals) => void;
  /** Asked again before the end. @default dies of the signal */
  readonly onAgain?: (signal: NodeJS.Signals) => void;
  /** SIGHUP to a command that no terminal holds. @default it goes on */
  readonly onReload?: () => void;
  /** SIGHUP is for `onReload` in any case. @default only without a terminal */
  readonly reloads?: boolean;
}

/** A launcher that waits for us hands on what a terminal sent to us as well. */
const SAME_SIGNAL_MS = 500;

/** Handles the signals until disposed. */
export function watchStopSignals({ onStop, onAgain, onReload, reloads = false }: StopHandlers): Disposable {
  const hasTerminal = [0, 1, 2].some((fd) => isatty(fd));
  let firstMs: number | null = null;
  const stop = (signal: NodeJS.Signals): void => {
    const nowMs = performance.now();
    if (firstMs === null) {
      firstMs = nowMs;
      onStop(signal);
    } else if (nowMs - firstMs >= SAME_SIGNAL_MS) (onAgain ?? die)(signal);
  };
  const hangUp = (): void => (hasTerminal && !reloads ? stop('SIGHUP') : onReload?.());
  const dispose = (): void => {
    process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGHUP', hangUp);
  };
  const die = (signal: NodeJS.Signals): void => {
    dispose();
    process.kill(process.pid, signal);
  };
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', hangUp);
  return { [Symbol.dispose]: dispose };
}
