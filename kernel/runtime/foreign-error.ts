// An error told in its own words: of another language or program, or about a magic. It is shown as it is,
// without the frames of the kernel.
import type { ErrorContent } from './traceback.ts';
import { Error } from './primordials.ts';

export class ForeignError extends Error {
  override readonly name: string = 'ForeignError';
  readonly content: ErrorContent;
  /** Marks what this class made. */
  readonly #isForeign = true;

  /** @param traceback lines below which nothing else is shown */
  constructor(ename: string, evalue: string, traceback: readonly string[] = [`${ename}: ${evalue}`]) {
    super(evalue);
    this.content = { ename, evalue, traceback };
  }

  /** Whether anything that was thrown is one. `instanceof` would ask a proxy, which may throw. */
  static is(thrown: unknown): thrown is ForeignError {
    return typeof thrown === 'object' && thrown !== null && #isForeign in thrown && thrown.#isForeign;
  }
}

/** A magic that does not exist, or whose words are wrong. */
export class UsageError extends ForeignError {
  override readonly name = 'UsageError';

  constructor(message: string) {
    super('UsageError', message);
  }
}
