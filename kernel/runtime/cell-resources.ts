// What cells declare with `using`: disposed of when the cell ends, as at the end of a module, the last first.
import type { Evaluator } from './evaluator.ts';
import { AsyncDisposableStack, Map, Object, SuppressedError, Symbol, TypeError } from './primordials.ts';

/** The resources of running cells, by the number that each was compiled with. */
export class CellResources {
  readonly #evaluator: Pick<Evaluator, 'call'>;
  readonly #stacks = new Map<number, AsyncDisposableStack>();

  /** Defines `$using`, which compiled cells call. */
  constructor(evaluator: Pick<Evaluator, 'call'>) {
    this.#evaluator = evaluator;
    const value = <T>(cell: number, isAsync: boolean, held: T): T => this.#use(cell, isAsync, held);
    Object.defineProperty(globalThis, '$using', { value, configurable: true });
  }

  /** Runs a cell, then disposes of what it declared. Null: it declares nothing so. */
  async within<T>(cell: number | null, run: () => Promise<T>): Promise<T> {
    if (cell === null) return await run();
    const stack = new AsyncDisposableStack();
    this.#stacks.set(cell, stack);
    const outcome = await settle(run);
    this.#stacks.delete(cell);
    try {
      await this.#evaluator.call(() => stack.disposeAsync());
    } catch (error) {
      throw 'error' in outcome ? new SuppressedError(error, outcome.error) : error;
    }
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }

  #use<T>(cell: number, isAsync: boolean, value: T): T {
    const stack = this.#stacks.get(cell)!;
    if (value === null || value === undefined) return value;
    if (isAsync) return stack.use(value as T & AsyncDisposable);
    const dispose = (value as Partial<Disposable>)[Symbol.dispose];
    if (typeof dispose !== 'function') throw new TypeError('Property [Symbol.dispose] is not a function.');
    stack.defer(() => dispose.call(value));
    return value;
  }
}

async function settle<T>(
  run: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly error: unknown }> {
  try {
    return { value: await run() };
  } catch (error) {
    return { error };
  }
}
