// Keeps a fault that repeats from filling a log: the first problem of a code goes through at once, those
// that follow within a minute are counted and told together.
import type { RuvectorError } from '../core/index.ts';
import { repeatedError } from './errors.ts';

/** How often a code may come through. */
const WINDOW_MS = 60_000;

/** Passes problems on. */
export interface ProblemLimiter {
  report(problem: RuvectorError): void;
  /** Tells what is still held back; nothing comes afterwards. */
  close(): void;
}

interface Held {
  readonly timer: NodeJS.Timeout;
  latest: RuvectorError | null;
  count: number;
}

/** Builds a limiter in front of a listener, which must not throw. */
export function createProblemLimiter(listener: (problem: RuvectorError) => void): ProblemLimiter {
  const windows = new Map<string, Held>();
  const startWindow = (code: string): void => {
    const timer = setTimeout(() => closeWindow(code), WINDOW_MS).unref();
    windows.set(code, { timer, latest: null, count: 0 });
  };
  const closeWindow = (code: string): void => {
    const { timer, latest, count } = windows.get(code)!;
    clearTimeout(timer);
    windows.delete(code);
    if (latest === null) return;
    startWindow(code); // what is told now counts as the first of the next minute
    listener(repeatedError(latest, count));
  };
  return {
    report(problem) {
      const held = windows.get(problem.code);
      if (held) {
        held.latest = problem;
        held.count++;
        return;
      }
      startWindow(problem.code);
      listener(problem);
    },
    close() {
      const codes = [...windows.keys()];
      for (const code of codes) {
        closeWindow(code);
        clearTimeout(windows.get(code)?.timer);
        windows.delete(code);
      }
    },
  };
}
