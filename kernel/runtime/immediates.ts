// `setImmediate` of cells. Node's queue of immediates breaks for good when one of them is terminated, so
// each runs where a termination ends. Timers, ticks and microtasks survive it without help.
import type { Evaluator } from './evaluator.ts';
import { Object } from './primordials.ts';

/** Replaces the global. */
export function encloseImmediates(evaluator: Pick<Evaluator, 'enclose'>): void {
  const start = globalThis.setImmediate;
  const enclosed = <Args extends unknown[]>(
    callback: (...args: Args) => void,
    ...args: Args
  ): NodeJS.Immediate => {
    // Node's own says what is wrong with it.
    if (typeof callback !== 'function') return start(callback, ...args);
    return start(() => evaluator.enclose(() => callback(...args)));
  };
  // Its promise form belongs to it.
  Object.defineProperties(enclosed, Object.getOwnPropertyDescriptors(start));
  globalThis.setImmediate = enclosed as typeof setImmediate;
}
