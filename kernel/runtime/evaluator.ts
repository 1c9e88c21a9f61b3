// Runs scripts in V8's REPL mode through the in-process inspector: top-level await, `let` that later
// cells see, and redeclaration. The inspector is also where a termination of synchronous code ends
// (transport/stopper.ts): what called it goes on and all state is kept.
import { Session } from 'node:inspector';
import type { Runtime } from 'node:inspector';
import { setImmediate } from 'node:timers';

/** Thrown into a cell that was interrupted. */
export class InterruptError extends Error {
  override readonly name = 'KeyboardInterrupt';
  constructor() {
    super('the cell was interrupted');
    // Thrown from the kernel's own frames, which tell nobody anything.
    this.stack = `${this.name}: ${this.message}`;
  }
}

const VALUE_SLOT = Symbol.for('ruvector.kernel.value');

/**
 * A promise with a method of this name is asked to stop when its cell is interrupted, instead of being
 * rejected: the cell goes on with what it resolves to.
 */
const INTERRUPT_METHOD = Symbol.for('ruvector.kernel.interrupt');
/** How long a promise that was asked to stop may take. */
const STOP_MS = 5000;

/** Somebody who waits for user code. */
interface Waiter {
  readonly reject: (error: Error) => void;
  /** Asks what is waited for to stop; null when it cannot be asked, or was asked already. */
  stop: (() => unknown) | null;
}

const DECLARE_SLOT = 'ruvector.kernel.declare';
const CALL_SLOT = Symbol.for('ruvector.kernel.call');

const callSlot = `globalThis[Symbol.for('ruvector.kernel.call')]()`;
const keepValue = `function (value) { globalThis[Symbol.for('ruvector.kernel.value')] = value; }`;

/** Runs scripts one after another; several may be awaiting at once. */
export class Evaluator {
  readonly #session = new Session();
  readonly #slots = globalThis as unknown as Record<symbol, unknown>;
  readonly #waiting = new Set<Waiter>();
  #declarations = 0;

  constructor() {
    this.#session.connect();
  }

  /**
   * Runs a script and resolves to its completion value.
   * @throws what the script throws; InterruptError
   */
  evaluate(source: string, url: string): Promise<unknown> {
    const params = { expression: `${source}\n//# sourceURL=${url}`, replMode: true, awaitPromise: true };
    return this.#wait((resolve, reject) =>
      this.#session.post('Runtime.evaluate', params, (error: Error | null, answer?: object) => {
        const reply = answer as Runtime.EvaluateReturnType;
        if (error) reject(isTermination(error) ? new InterruptError() : error);
        else if (reply.exceptionDetails) reject(this.#thrownBy(reply.exceptionDetails));
        else resolve(this.#valueOf(reply.result));
      }),
    );
  }

  /**
   * Calls a function of the user's that the kernel calls by itself (a display method, a handler), so that it
   * can be interrupted as a cell can.
   * @throws what the function throws; InterruptError
   */
  call<T>(run: () => Promise<T> | T): Promise<T> {
    return this.#wait((resolve, reject) => {
      Promise.try(() => this.enclose(run)).then(resolve, reject);
    });
  }

  /**
   * Calls a function where a termination ends: what called this goes on.
   * @throws what the function throws; InterruptError
   */
  enclose<T>(run: () => T): T {
    let outcome: { readonly value: T } | { readonly error: unknown } | null = null;
    this.#slots[CALL_SLOT] = () => {
      try {
        outcome = { value: run() };
      } catch (error) {
        outcome = { error };
      }
    };
    this.#session.post('Runtime.evaluate', { expression: callSlot, silent: true });
    outcome = outcome as { readonly value: T } | { readonly error: unknown } | null;
    if (outcome === null) throw new InterruptError();
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }

  /** Names that cells declared with `let` and its like: none of them can be anything else again. */
  lexicalNames(): Promise<ReadonlySet<string>> {
    const { promise, resolve, reject } = Promise.withResolvers<ReadonlySet<string>>();
    this.#session.post('Runtime.globalLexicalScopeNames', {}, (error, answer) => {
      if (error) reject(error);
      else resolve(new Set(answer.names));
    });
    return promise;
  }

  /** Declares names for cells. */
  async declare(values: Readonly<Record<string, unknown>>): Promise<void> {
    const names = Object.keys(values);
    if (names.length === 0) return;
    const place = Symbol.for(`${DECLARE_SLOT}.${++this.#declarations}`);
    this.#slots[place] = values;
    const slot = `globalThis[Symbol.for(${JSON.stringify(Symbol.keyFor(place))})]`;
    try {
      await this.evaluate(`let { ${names.join(', ')} } = ${slot}; undefined`, 'kernel.ts');
    } finally {
      delete this.#slots[place];
    }
  }

  /** Starts user code in a turn of its own: terminating it drops what else its turn had to do. */
  #wait<T>(start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const waiter: Waiter = { reject, stop: null };
    this.#waiting.add(waiter);
    setImmediate(() => {
      if (this.#waiting.has(waiter)) start(resolve, reject);
    });
    return promise.finally(() => this.#waiting.delete(waiter));
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
   * Asks what can be asked to stop, and lets it settle; a second call, or five seconds, end its patience.
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

/** The two ways in which the inspector tells that a script was stopped. */
function isTermination({ message }: Error): boolean {
  return /(?:Execution was terminated|-32603: Internal error)$/.test(message);
}
