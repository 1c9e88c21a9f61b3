// What an interrupt throws into user code.
import { Error } from './primordials.ts';

/** Thrown into a cell that was interrupted. */
export class InterruptError extends Error {
  override readonly name = 'KeyboardInterrupt';
  readonly #isInterrupt = true;
  constructor() {
    super('the cell was interrupted');
    // Thrown from the kernel's own frames, which tell nobody anything.
    this.stack = `${this.name}: ${this.message}`;
  }

  /** Whether anything that was thrown is one; never asks a proxy. */
  static is(thrown: unknown): thrown is InterruptError {
    return typeof thrown === 'object' && thrown !== null && #isInterrupt in thrown && thrown.#isInterrupt;
  }
}
