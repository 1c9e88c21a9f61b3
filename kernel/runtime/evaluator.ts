// Runs scripts in V8's REPL mode through the in-process inspector: top-level await, `let` that later
// cells see, and redeclaration. A guard frame lets SIGINT stop synchronous code and keep all state.
import { Session } from 'node:inspector';
import type { Runtime } from 'node:inspector';
import vm from 'node:vm';
import { shared } from '../transport/thread-messages.ts';

/** Thrown into a cell that was interrupted. */
export class InterruptError extends Error {
  override readonly name = 'KeyboardInterrupt';
  constructor() {
    super('the cell was interrupted');
  }
}

const GUARD_SLOT = Symbol.for('ruvector.kernel.guard');
const VALUE_SLOT = Symbol.for('ruvector.kernel.value');

/**
 * A promise with a method of this name is asked to stop when its cell is interrupted, instead of being
 * rejected: the cell goes on with what it resolves to.
 */
const INTERRUPT_METHOD = Symbol.for('ruvector.kernel.interrupt');
/** How long a promise that was asked to stop may take. */
const STOP_MS = 2000;

/** Somebody who waits for user code. */
interface Waiter {
  readonly reject: (error: Error) => void;
  /** Asks what is waited for to stop; null when it cannot be asked, or was asked already. */
  stop: (() => unknown) | null;
}

const guardScript = `globalThis[Symbol.for('ruvector.kernel.guard')]()`;
const keepValue = `function (value) { globalThis[Symbol.for('ruvector.kernel.value')] = value; }`;

/** Runs scripts one after another; several may be awaiting at once. */
export class Evaluator {
  readonly #session = new Session();
  readonly #words: Int32Array;
  readonly #slots = globalThis as unknown as Record<symbol, unknown>;
  readonly #guarded = new vm.Script(guardScript, { filename: 'ruvector-kernel-guard' });
  readonly #waiting = new Set<Waiter>();

  /** @param words memory shared with the protocol thread */
  constructor(words: Int32Array) {
    this.#words = words;
    this.#session.connect();
  }

  /**
   * Runs a script and resolves to its completion value.
   * @throws what the script throws; InterruptError
   */
  evaluate(source: string, url: string): Promise<unknown> {
    const expression = `${source}\n//# sourceURL=${url}`;
    return new Promise((resolve, reject) => {
      const waiter = { reject, stop: null };
      const fail = (error: unknown): void => {
        this.#waiting.delete(waiter);
        reject(isInterruption(error) ? new InterruptError() : (error as Error));
      };
      this.#waiting.add(waiter);
      // In a turn of its own: terminating a cell drops the microtasks of its turn, also those of our callers.
      setImmediate(() => {
        if (!this.#waiting.has(waiter)) return;
        try {
          this.#runGuarded(() =>
            this.#session.post(
              'Runtime.evaluate',
              { expression, replMode: true, awaitPromise: true },
              (error: Error | null, params?: object) => {
                const reply = params as Runtime.EvaluateReturnType;
                if (error) fail(error);
                else if (reply.exceptionDetails) fail(this.#thrownBy(reply.exceptionDetails));
                else {
                  this.#waiting.delete(waiter);
                  resolve(this.#valueOf(reply.result));
                }
              },
            ),
          );
        } catch (error) {
          fail(error);
        }
      });
    });
  }

  /** A promise that an interrupt rejects, or asks to stop where it can be asked: what compiled cells await. */
  readonly until = <T>(value: PromiseLike<T> | T): Promise<T> => {
    if (!isThenable(value)) return Promise.resolve(value);
    const { promise, reject } = Promise.withResolvers<never>();
    const waiter: Waiter = { reject, stop: stopOf(value) };
    this.#waiting.add(waiter);
    return Promise.race([value, promise]).finally(() => this.#waiting.delete(waiter));
  };

  /**
   * Asks what can be asked to stop, and lets it settle; a second call, or two seconds, end its patience.
   * Where nothing can be asked, rejects everything that waits.
   */
  interruptWaiting(): void {
    const asked = [...this.#waiting].filter(({ stop }) => stop !== null);
    if (asked.length === 0) {
      this.#rejectWaiting();
      return;
    }
    for (const waiter of asked) {
      const { stop, reject } = waiter;
      waiter.stop = null;
      try {
        stop!();
      } catch (error) {
        reject(error as Error);
      }
    }
    setTimeout(() => {
      if (asked.some((waiter) => this.#waiting.has(waiter))) this.#rejectWaiting();
    }, STOP_MS).unref();
  }

  /** Inner awaits first, so that a cell's own `finally` blocks run. */
  #rejectWaiting(): void {
    const waiting = [...this.#waiting].toReversed();
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new InterruptError());
  }

  /** SIGINT ends whatever runs below this frame and throws here. */
  #runGuarded(run: () => void): void {
    this.#slots[GUARD_SLOT] = run;
    Atomics.store(this.#words, shared.GUARD, 1);
    try {
      this.#guarded.runInThisContext({ breakOnSigint: true });
    } finally {
      Atomics.store(this.#words, shared.GUARD, 0);
    }
  }

  #thrownBy({ exception, text }: Runtime.ExceptionDetails): unknown {
    return exception ? this.#valueOf(exception) : new Error(text);
  }

  /** The value behind a remote object: this thread's own. */
  #valueOf({ objectId, unserializableValue, value }: Runtime.RemoteObject): unknown {
    if (objectId === undefined && unserializableValue === undefined) return value;
    this.#session.post('Runtime.callFunctionOn', {
      functionDeclaration: keepValue,
      executionContextId: 1,
      arguments: [objectId === undefined ? { unserializableValue: unserializableValue! } : { objectId }],
    });
    if (objectId !== undefined) this.#session.post('Runtime.releaseObject', { objectId });
    const kept = this.#slots[VALUE_SLOT];
    this.#slots[VALUE_SLOT] = undefined;
    return kept;
  }
}

function isThenable<T>(value: PromiseLike<T> | T): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null)?.then === 'function';
}

function stopOf(value: object): (() => unknown) | null {
  const method = (value as { [INTERRUPT_METHOD]?: unknown })[INTERRUPT_METHOD];
  return typeof method === 'function' ? (method.bind(value) as () => unknown) : null;
}

/** Both ways in which Node tells that SIGINT ended a guarded frame. */
function isInterruption(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    (error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED' ||
    error.message.endsWith('Execution was terminated')
  );
}
