// A few at a time, a bounded number waiting: a page that asks faster than plans run costs its own answers only.
import { pageBusyError } from './errors.ts';

/** Runs a task in its turn. @throws RuvectorError `ERR_PAGE_BUSY` at once when too many wait */
export type Limit = <T>(task: () => Promise<T>) => Promise<T>;

/** Creates a limit. */
export function createLimit(atOnce: number, mostWaiting: number): Limit {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (running >= atOnce) {
      if (waiting.length >= mostWaiting) throw pageBusyError(waiting.length);
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running++;
    }
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
