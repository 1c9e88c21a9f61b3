// Runs scripts in V8's REPL mode through the in-process inspector: top-level await, `let` that later
// cells see, and redeclaration. The inspector is also where a termination of synchronous code ends
// (transport/stopper.ts): what called it goes on and all state is kept.
import { Session } from 'node:inspector';
import type { Runtime } from 'node:inspector';
import { setImmediate, setTimeout } from 'node:timers';
import { CellRuns, isPromise, never } from './cell-runs.ts';
import type { Run } from './cell-runs.ts';
import { InterruptError } from './interrupt-error.ts';
import { Error, Object, OwnMap, OwnSet, Promise, Set, Symbol, withOriginals } from './primordials.ts';
import { ShadowedNames } from './shadowed-names.ts';

/**
 * A promise with a method of this name is asked to stop when its cell is interrupted, instead of being
 * rejected: the cell goes on with what it resolves to.
 */
const INTERRUPT_METHOD = Symbol.for('ruvector.kernel.interrupt');
/** How long a promise that was asked to stop may take. */
const STOP_MS = 5000;

/** The value that a script ends with. In an object: a promise that is a value is not to be awaited. */
export interface Completion {
  readonly value: unknown;
}

/** Somebody who waits for user code. */
interface Waiter {
  readonly run: Run | undefined;
  readonly reject: (error: Error) => void;
  /** Asks what is waited for to stop; null when it cannot be asked, or was asked already. */
  stop: (() => unknown) | null;
}

/** Where scripts of this class find it: cells can neither replace nor declare these. */
const CALL_SLOT = '$kernelCall';
const KEEP_SLOT = '$kernelKeep';
const DECLARE_SLOT = '$kernelDeclare';

/** Runs scripts one after another; several may be awaiting at once. */
export class Evaluator {
  readonly runs = new CellRuns();
  /** Names of cells that are names of globals. Null until {@link watchGlobals}. */
  #shadowed: ShadowedNames | null = null;
  readonly #session = new Session();
  readonly #waiting = new OwnSet<Waiter>();
  readonly #declaring = new OwnMap<number, Readonly<Record<string, unknown>>>();
  #declarations = 0;
  #enclosed: () => void = () => {};
  #kept: unknown;

  constructor() {
    this.#session.connect();
    Object.defineProperty(globalThis, CALL_SLOT, { value: () => this.#enclosed() });
    Object.defineProperty(globalThis, DECLARE_SLOT, { value: (place: number) => this.#declaring.get(place) });
    Object.defineProperty(globalThis, KEEP_SLOT, { value: (value: unknown) => void (this.#kept = value) });
  }

  /** From now on cells that declare a name of a global leave the global as it is. */
  watchGlobals(): void {
    this.#shadowed = new ShadowedNames(Object.getOwnPropertyNames(globalThis));
  }

  /**
   * Tells what scripts declare from now on.
   * @returns the names that meant globals before
   */
  claim(names: readonly string[]): string[] {
    return withOriginals(() => this.#shadowed?.add(names) ?? []);
  }

  /** Forgets declarations: the names mean globals again. Without names, all. */
  forget(names?: readonly string[]): void {
    this.#shadowed?.remove(names);
  }

  /** The name under which V8 has a name of cells. */
  scopeName(name: string): string {
    return this.#shadowed?.scopeName(name) ?? name;
  }

  /** A script with the names of cells as V8 has them. */
  rename(script: string): string {
    return withOriginals(() => this.#shadowed?.rename(script) ?? script);
  }

  /**
   * Runs a script and resolves to its completion.
   * @param mapUrl under which a debugger asks where its places are in the cell
   * @throws what the script throws; InterruptError
   */
  evaluate(source: string, url: string, mapUrl?: string): Promise<Completion> {
    const map = mapUrl === undefined ? '' : `\n//# sourceMappingURL=${mapUrl}`;
    const expression = `${this.rename(source)}\n//# sourceURL=${url}${map}`;
    const params = { expression, replMode: true, awaitPromise: true };
    return this.#wait((resolve, reject) =>
      this.#session.post('Runtime.evaluate', params, (error: Error | null, answer?: object) => {
        const reply = answer as Runtime.EvaluateReturnType;
        if (error) reject(isTermination(error) ? new InterruptError() : error);
        else if (reply.exceptionDetails) reject(this.#thrownBy(reply.exceptionDetails));
        else resolve({ value: this.#valueOf(reply.result) });
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
      void settleWith(() => this.enclose(run), resolve, reject);
    });
  }

  /**
   * Calls a function where a termination ends: what called this goes on.
   * @throws what the function throws; InterruptError
   */
  enclose<T>(run: () => T): T {
    let outcome: { readonly value: T } | { readonly error: unknown } | null = null;
    this.#enclosed = () => {
      try {
        outcome = { value: run() };
      } catch (error) {
        outcome = { error };
      }
    };
    this.#session.post('Runtime.evaluate', {
      expression: `${CALL_SLOT}()\n//# sourceURL=${CALL_SLOT}`,
      silent: true,
    });
    outcome = outcome as { readonly value: T } | { readonly error: unknown } | null;
    if (outcome === null) throw new InterruptError();
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }

  /** Names that V8 has of `let` and its like: none of them can be anything else again. See {@link scopeName}. */
  lexicalNames(): Promise<ReadonlySet<string>> {
    return new Promise((resolve, reject) => {
      this.#session.post('Runtime.globalLexicalScopeNames', {}, (error, answer) => {
        if (error) reject(error);
        else resolve(withOriginals(() => new OwnSet(answer.names)));
      });
    });
  }

  /** Declares names for cells, with their values. */
  async declare(values: Readonly<Record<string, unknown>>): Promise<void> {
    const names = withOriginals(() => Object.keys(values));
    if (names.length === 0) return;
    this.claim(names);
    const place = ++this.#declarations;
    this.#declaring.set(place, values);
    const list = withOriginals(() => names.join(', '));
    try {
      await this.evaluate(`let { ${list} } = ${DECLARE_SLOT}(${place}); undefined`, 'kernel.ts');
    } finally {
      this.#declaring.delete(place);
    }
  }

  /** Declares a name at once, also while the thread is paused and nothing can be awaited. */
  declareNow(name: string, value: unknown): void {
    this.claim([name]);
    const place = ++this.#declarations;
    this.#declaring.set(place, { [name]: value });
    const expression = this.rename(`let { ${name} } = ${DECLARE_SLOT}(${place}); undefined`);
    this.#session.post('Runtime.evaluate', { expression, replMode: true });
    this.#declaring.delete(place);
  }

  /**
   * Starts user code in a turn of its own, and goes on after it in another one: a termination drops all that its
   * turn had still to do.
   */
  #wait<T>(start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = this.#enlist<T>(
        (value) => void setImmediate(() => resolve(value)),
        (error) => void setImmediate(() => reject(error)),
        null,
      );
      setImmediate(() => {
        if (settle.isWaiting()) start(settle.resolve, settle.reject);
      });
    });
  }

  /** Notes somebody who waits until one of the two functions is called, which it gets back. */
  #enlist<T>(
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
    stop: Waiter['stop'],
  ): { resolve: (value: T) => void; reject: (error: unknown) => void; isWaiting: () => boolean } {
    const waiter: Waiter = { run: this.runs.current, reject, stop };
    this.#waiting.add(waiter);
    return {
      resolve: (value) => {
        this.#waiting.delete(waiter);
        resolve(value);
      },
      reject: (error) => {
        this.#waiting.delete(waiter);
        reject(error);
      },
      isWaiting: () => this.#waiting.has(waiter),
    };
  }

  /** A promise that an interrupt rejects, or asks to stop where it can be asked. */
  readonly until = <T>(value: PromiseLike<T> | T): Promise<T> => {
    if (!isThenable(value)) return Promise.resolve(value);
    return new Promise<T>((resolve, reject) => {
      const settle = this.#enlist(resolve, reject, stopOf(value));
      try {
        value.then(settle.resolve, settle.reject);
      } catch (error) {
        settle.reject(error);
      }
    });
  };

  /** What cells await: the value itself, unless it can be asked to stop, or the cell has to stand still. */
  readonly awaited = (value: unknown): unknown => {
    if (this.runs.isOver()) return never();
    return isPromise(value) && stopOf(value) !== null ? this.until(value) : value;
  };

  /** What cells await where a `finally` has to run when they are interrupted. */
  readonly awaitedInTry = (value: unknown): unknown => (this.runs.isOver() ? never() : this.until(value));

  /** What awaits of cells compile to: await-guards.ts. */
  readonly awaiting = {
    $mark: this.runs.mark,
    $awaited: this.awaited,
    $awaitedInTry: this.awaitedInTry,
    $resume: this.runs.resume,
    $turn: this.runs.turn,
  };

  /**
   * Asks what can be asked to stop, and lets it settle; a second call, or five seconds, end its patience.
   * Where nothing can be asked, rejects everything that runs waits for.
   */
  interruptWaiting(): void {
    const asked = [...this.#waiting].filter(({ stop, run }) => stop !== null && isInterruptible(run));
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

  /** Inner awaits first, so that a cell's own `finally` blocks run. Those of cells that have ended wait on. */
  #rejectWaiting(): void {
    const waiting = [...this.#waiting].filter(({ run }) => isInterruptible(run)).toReversed();
    this.runs.interrupt(new Set(waiting.flatMap(({ run }) => run ?? [])));
    for (const waiter of waiting) {
      this.#waiting.delete(waiter);
      waiter.reject(new InterruptError());
    }
  }

  #thrownBy({ exception, text }: Runtime.ExceptionDetails): unknown {
    return exception ? this.#valueOf(exception) : new Error(text);
  }

  /** The value behind a remote object: this thread's own. */
  #valueOf({ objectId, unserializableValue, value }: Runtime.RemoteObject): unknown {
    if (objectId === undefined && unserializableValue === undefined) return value;
    this.#session.post('Runtime.callFunctionOn', {
      functionDeclaration: `function (value) { ${KEEP_SLOT}(value); }`,
      executionContextId: 1,
      arguments: [objectId === undefined ? { unserializableValue: unserializableValue! } : { objectId }],
    });
    if (objectId !== undefined) this.#session.post('Runtime.releaseObject', { objectId });
    const kept = this.#kept;
    this.#kept = undefined;
    return kept;
  }
}

const isInterruptible = (run: Run | undefined): boolean => run?.isRunning ?? true;

function isThenable<T>(value: PromiseLike<T> | T): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null)?.then === 'function';
}

/** A promise that is given on settles what it is given to; without `then`, which cells may replace. */
async function settleWith<T>(
  run: () => Promise<T> | T,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): Promise<void> {
  try {
    resolve(await run());
  } catch (error) {
    reject(error);
  }
}

function stopOf(value: object): (() => unknown) | null {
  const method = (value as { [INTERRUPT_METHOD]?: unknown })[INTERRUPT_METHOD];
  return typeof method === 'function' ? (method.bind(value) as () => unknown) : null;
}

/** The two ways in which the inspector tells that a script was stopped. */
function isTermination({ message }: Error): boolean {
  return /(?:Execution was terminated|-32603: Internal error)$/.test(message);
}
