// Promises that a notebook's first interrupt ends in an orderly way. The kernel calls the method that it
// finds under this symbol instead of rejecting the await; scripts call `stop`.

/** The contract with the kernel: a promise with this method is ended by calling it. */
export const interruptSymbol: unique symbol = Symbol.for('ruvector.kernel.interrupt') as never;

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
