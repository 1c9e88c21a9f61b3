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

/** Runs scripts one after another; several may be awaiting at once. */
export interface Evaluator {
  /**
   * Runs a script and resolves to its completion value.
   * @throws what the script throws; InterruptError
   */
  evaluate(source: string, url: string): Promise<unknown>;
  /** Rejects everything that waits in `$until`. */
  interruptWaiting(): void;
  /** A promise that an interrupt rejects: what compiled cells await. */
  until<T>(value: PromiseLike<T> | T): Promise<T>;
}

const GUARD_SLOT = Symbol.for('ruvector.kernel.guard');
const VALUE_SLOT = Symbol.for('ruvector.kernel.value');

/** @param words memory shared with the protocol thread */
export function createEvaluator(words: Int32Array): Evaluator {
  const session = new Session();
  session.connect();
  const slots = globalThis as unknown as Record<symbol, unknown>;
  const waiting = new Set<(error: Error) => void>();
  const guarded = new vm.Script(`globalThis[Symbol.for('ruvector.kernel.guard')]()`, {
    filename: 'ruvector-kernel-guard',
  });

  const runGuarded = (run: () => void): void => {
    slots[GUARD_SLOT] = run;
    Atomics.store(words, shared.GUARD, 1);
    try {
      guarded.runInThisContext({ breakOnSigint: true });
    } finally {
      Atomics.store(words, shared.GUARD, 0);
    }
  };

  const valueOf = (result: Runtime.RemoteObject): unknown => {
    if (!result.objectId && !result.unserializableValue) return result.value;
    slots[VALUE_SLOT] = undefined;
    session.post('Runtime.callFunctionOn', {
      functionDeclaration: `function (value) { globalThis[Symbol.for('ruvector.kernel.value')] = value; }`,
      executionContextId: 1,
      arguments: [
        result.objectId
          ? { objectId: result.objectId }
          : { unserializableValue: result.unserializableValue! },
      ],
    });
    if (result.objectId) session.post('Runtime.releaseObject', { objectId: result.objectId });
    const value = slots[VALUE_SLOT];
    slots[VALUE_SLOT] = undefined;
    return value;
  };

  const evaluate: Evaluator['evaluate'] = (source, url) =>
    new Promise((resolve, reject) => {
      waiting.add(reject);
      const settle = (error: Error | null, reply?: Runtime.EvaluateReturnType): void => {
        waiting.delete(reject);
        if (error) reject(/terminated/.test(error.message) ? new InterruptError() : error);
        else if (reply!.exceptionDetails) {
          const { exception, text } = reply!.exceptionDetails;
          reject(exception ? (valueOf(exception) as Error) : new Error(text));
        } else resolve(valueOf(reply!.result));
      };
      try {
        runGuarded(() =>
          session.post(
            'Runtime.evaluate',
            { expression: `${source}\n//# sourceURL=${url}`, replMode: true, awaitPromise: true },
            settle as never,
          ),
        );
      } catch (error) {
        waiting.delete(reject);
        reject(isInterruption(error) ? new InterruptError() : (error as Error));
      }
    });

  return {
    evaluate,
    interruptWaiting: () => {
      const rejections = [...waiting];
      waiting.clear();
      for (const reject of rejections.reverse()) reject(new InterruptError());
    },
    until: (value) => {
      if (!isThenable(value)) return Promise.resolve(value);
      return new Promise((resolve, reject) => {
        waiting.add(reject);
        value.then(
          (result) => {
            waiting.delete(reject);
            resolve(result);
          },
          (error: unknown) => {
            waiting.delete(reject);
            reject(error as Error);
          },
        );
      });
    },
  };
}

function isThenable<T>(value: PromiseLike<T> | T): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null)?.then === 'function';
}

function isInterruption(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED';
}
