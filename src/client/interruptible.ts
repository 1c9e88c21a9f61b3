// Promises that a notebook's first interrupt ends in an orderly way. The kernel calls the method that it
// finds under this symbol instead of rejecting the await; scripts call `stop`.

import { interruptedError } from './errors.ts';

/** The contract with the kernel: a promise with this method is ended by calling it. */
const interruptSymbol: unique symbol = Symbol.for('ruvector.kernel.interrupt') as never;

/** A promise that can be told to end. */
export interface Interruptible<T> extends Promise<T> {
  /** Ends the work; what the promise then does is said where it is made. */
  stop(): void;
  [interruptSymbol](): void;
}

/** Runs work with a way to end it. */
export function makeInterruptible<T>(stop: () => void, run: () => Promise<T>): Interruptible<T> {
  return Object.assign(run(), { stop, [interruptSymbol]: stop });
}

/**
 * Runs work that is cancelled by an interrupt or `stop()`: it rejects with `ERR_CLIENT_INTERRUPTED` then, and with
 * the reason of `signal` when that aborts.
 */
export function makeCancellable<T>(
  call: string,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Interruptible<T> {
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([stop.signal, signal]) : stop.signal;
  return makeInterruptible(
    () => stop.abort(interruptedError(call)),
    () => run(either),
  );
}
