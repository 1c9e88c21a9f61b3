// `setImmediate`, `setTimeout` and `setInterval` of cells. Node's queue of immediates breaks for good when one of
// them is terminated, so each runs where a termination ends; timers, ticks and microtasks survive it without help.
// What a cell had started when it was interrupted no longer runs.
import * as timers from 'node:timers';
import type { Evaluator } from './evaluator.ts';
import { Object, Reflect } from './primordials.ts';

type Callback = (...args: unknown[]) => unknown;
type Start = (callback: unknown, ...rest: unknown[]) => unknown;

const { apply } = Reflect;

/** Replaces the globals. */
export function guardTimers(evaluator: Pick<Evaluator, 'enclose' | 'runs'>): void {
  const { isStopped, mark } = evaluator.runs;
  const guard = (name: 'setTimeout' | 'setInterval', stop: (timer: never) => void): void => {
    const start = globalThis[name] as unknown as Start;
    replace(name, start, (callback, ...rest) => {
      if (typeof callback !== 'function') return start(callback, ...rest);
      const since = mark();
      const run = function (this: unknown, ...args: unknown[]): unknown {
        return isStopped(since) ? stop(this as never) : apply(callback as Callback, this, args);
      };
      return start(run, ...rest);
    });
  };
  guard('setTimeout', timers.clearTimeout);
  guard('setInterval', timers.clearInterval);
  const start = globalThis.setImmediate as unknown as Start;
  replace('setImmediate', start, (callback, ...args) => {
    // Node's own says what is wrong with it.
    if (typeof callback !== 'function') return start(callback, ...args);
    const since = mark();
    return start(() => {
      if (!isStopped(since)) evaluator.enclose(() => apply(callback as Callback, undefined, args));
    });
  });
}

/** With the properties of the function it replaces: its promise form belongs to it. */
function replace(name: 'setImmediate' | 'setTimeout' | 'setInterval', start: Start, guarded: Start): void {
  Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(start));
  globalThis[name] = guarded as never;
}
