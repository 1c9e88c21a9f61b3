// Asking the user: `prompt`, `confirm`, `alert` and their like stop the cell until the client answers. The
// user's thread waits without spinning; the protocol thread goes on.
import { shared } from '../protocol/thread-messages.ts';
import { InterruptError } from './interrupt-error.ts';
import type { Output, Post } from './output.ts';
import { Atomics, Error, Set, TextDecoder } from './primordials.ts';

/** Questions of a cell. */
export interface Input {
  /**
   * Asks for one line. Blocks.
   * @throws InputError when the client takes no questions (`allow_stdin` is false)
   * @throws InterruptError
   */
  ask(prompt: string, password?: boolean): string;
  /** Whether the running cell's client takes questions. */
  setAllowed(parent: string, isAllowed: boolean): void;
}

/** The client runs this cell without anybody to ask. */
export class InputError extends Error {
  override readonly name = 'StdinNotImplementedError';
}

/** @param words @param bytes memory shared with the protocol thread */
export function createInput(words: Int32Array, bytes: Uint8Array, output: Output, post: Post): Input {
  const allowed = new Set<string>();
  const input: Input = {
    setAllowed: (parent, isAllowed) => {
      if (isAllowed) allowed.add(parent);
      else allowed.delete(parent);
    },
    ask: (prompt, password = false) => {
      const { parent } = output;
      if (!allowed.has(parent)) {
        throw new InputError(
          'Cannot ask for input: this client runs the cell without a user to ask; run it in a notebook or a console',
        );
      }
      output.flush();
      Atomics.store(words, shared.INPUT, 1);
      post({ type: 'input', parent, prompt, password });
      Atomics.wait(words, shared.INPUT, 1);
      const isAnswered = Atomics.exchange(words, shared.INPUT, 0) === 2;
      if (!isAnswered) throw new InterruptError();
      const length = Atomics.load(words, shared.INPUT_LENGTH);
      return new TextDecoder().decode(bytes.slice(0, length));
    },
  };
  current = input;
  return input;
}

let current: Input | null = null;

/** The input of this process's kernel, for the languages it hosts. Null before it is created. */
export const currentInput = (): Input | null => current;

/** The web's three questions, as browsers and Deno define them. */
export function createDialogs(input: Input): {
  prompt(message?: string, defaultValue?: string): string | null;
  confirm(message?: string): boolean;
  alert(message?: string): void;
} {
  return {
    prompt: (message = 'Prompt', defaultValue = '') => {
      const suffix = defaultValue === '' ? '' : ` [${defaultValue}]`;
      return input.ask(`${message}${suffix} `) || defaultValue || null;
    },
    confirm: (message = 'Confirm') => /^\s*y/i.test(input.ask(`${message} [y/N] `)),
    alert: (message = 'Alert') => void input.ask(`${message} [Enter] `),
  };
}
