// A child process that prints lines of JSON. One that answers questions is a JsonChild.
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A running child. Disposing kills it. */
export class LineProcess implements AsyncDisposable {
  readonly process: ChildProcessWithoutNullStreams;
  readonly exited: Promise<unknown>;
  readonly #lines: AsyncIterator<string>;
  #stderr = '';

  constructor(command: string, args: readonly string[], env: Record<string, string> = {}) {
    this.process = spawn(command, args, { env: { ...process.env, ...env } });
    this.exited = once(this.process, 'exit');
    this.process.stderr.on('data', (text: Buffer) => (this.#stderr += text.toString()));
    this.#lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  /** The next JSON line. */
  async next<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the process ended without an answer: ${this.#stderr}`);
    return JSON.parse(value) as T;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.process.kill(signal);
    await this.exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.process.exitCode === null && this.process.signalCode === null
      ? this.kill()
      : Promise.resolve();
  }
}
