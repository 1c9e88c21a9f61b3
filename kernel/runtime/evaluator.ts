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

const guardScript = `globalThis[Symbol.for('ruvector.kernel.guard')]()`;
const keepValue = `function (value) { globalThis[Symbol.for('ruvector.kernel.value')] = value; }`;

/** Runs scripts one after another; several may be awaiting at once. */
export class Evaluator {
  readonly #session = new Session();
  readonly #words: Int32Array;
  readonly #slots = globalThis as unknown as Record<symbol, unknown>;
  readonly #guarded = new vm.Script(guardScript, { filename: 'ruvector-kernel-guard' });
  readonly #waiting = new Set<(error: Error) => void>();

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
      const fail = (error: unknown): void => {
        this.#waiting.delete(reject);
        reject(isInterruption(error) ? new InterruptError() : (error as Error));
      };
      this.#waiting.add(reject);
      // In a turn of its own: terminating a cell drops the microtasks of its turn, also those of our callers.
      setImmediate(() => {
        if (!this.#waiting.has(reject)) return;
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
                  this.#waiting.delete(reject);
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

  /** A promise that an interrupt rejects: what compiled cells await. */
  readonly until = <T>(value: PromiseLike<T> | T): Promise<T> => {
    if (!isThenable(value)) return Promise.resolve(value);
    const { promise, reject } = Promise.withResolvers<never>();
    this.#waiting.add(reject);
    return Promise.race([value, promise]).finally(() => this.#waiting.delete(reject));
  };

  /** Rejects everything that waits; inner awaits first, so that a cell's own `finally` blocks run. */
  interruptWaiting(): void {
    const rejections = [...this.#waiting];
    this.#waiting.clear();
    for (const reject of rejections.toReversed()) reject(new InterruptError());
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

/** Both ways in which Node tells that SIGINT ended a guarded frame. */
function isInterruption(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    (error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED' ||
    error.message.endsWith('Execution was terminated')
  );
}
