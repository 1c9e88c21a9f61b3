// V8's inspector of the user's thread, from the protocol thread: what is posted is read while that thread runs, waits
// or is paused.
import { Session } from 'node:inspector';
import type { Runtime } from 'node:inspector';
import { DEBUG_SLOT } from '../protocol/thread-messages.ts';
import { DebugError } from './dap-messages.ts';

/** How long an expression of a client may run: nothing else reaches the user's thread meanwhile. */
export const EVALUATE_MS = 3000;

/** A connection. */
export class InspectorClient {
  readonly #session = new Session();
  readonly #pending = new Set<(error: Error) => void>();
  #isOpen = true;

  constructor() {
    this.#session.connectToMainThread();
  }

  /** Resolves to the answer. @throws Error that V8 answers with; DebugError once this is closed */
  post<T = object>(method: string, params: object = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.#isOpen) {
        reject(new DebugError('The debugger has ended'));
        return;
      }
      this.#pending.add(reject);
      this.#session.post(method, params, (error: Error | null, answer?: object) => {
        this.#pending.delete(reject);
        if (error) reject(error);
        else resolve(answer as T);
      });
    });
  }

  on(event: string, listener: (params: never) => void): void {
    this.#session.on(event, ({ params }: { params: unknown }) => listener(params as never));
  }

  /** Evaluates without a breakpoint that stops. @throws DebugError with what was thrown */
  async evaluate(expression: string, options: object = {}): Promise<Runtime.RemoteObject> {
    const params = { expression, disableBreaks: true, silent: true, timeout: EVALUATE_MS, ...options };
    return resultOrThrow(await this.post<Runtime.EvaluateReturnType>('Runtime.evaluate', params));
  }

  /** Asks runtime/debug-point.ts; resolves to its text, parsed. */
  async ask<T>(call: string, ...args: readonly unknown[]): Promise<T> {
    const list = args.map((one) => JSON.stringify(one)).join(', ');
    const { value } = await this.evaluate(`${DEBUG_SLOT}.${call}(${list})`);
    return JSON.parse(value as string) as T;
  }

  /** Lets the thread go, if it is paused. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#session.disconnect();
    for (const reject of this.#pending) reject(new DebugError('The debugger has ended'));
    this.#pending.clear();
  }
}

/** The value of an evaluation. @throws DebugError with what was thrown */
export function resultOrThrow({
  result,
  exceptionDetails,
}: {
  result: Runtime.RemoteObject;
  exceptionDetails?: Runtime.ExceptionDetails | undefined;
}): Runtime.RemoteObject {
  if (!exceptionDetails) return result;
  const { exception, text } = exceptionDetails;
  throw new DebugError(exception?.description?.split('\n    at ')[0] ?? String(exception?.value ?? text));
}
