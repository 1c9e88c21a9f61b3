// A child process that answers each line it is sent with one line of JSON, and never outlives its owner.
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';

/** A running child. */
export interface JsonChild extends AsyncDisposable {
  readonly pid: number;
  /** Sends one line and parses the answer; lines are answered in order. */
  ask<T>(line: string): Promise<T>;
  /** The next line it prints by itself. */
  read<T>(): Promise<T>;
  /** SIGKILL, then waits for the end. */
  kill(): Promise<void>;
}

/** Starts it. An answer with `error` rejects, and so does every question after it has ended. */
export function startJsonChild(command: string, args: readonly string[]): JsonChild {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    // No locale archive: it would be a mapped file of its own.
    env: { ...process.env, LC_ALL: 'C', PYTHONCOERCECLOCALE: '0' },
  });
  const name = basename(args[0] ?? command);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let failure: Error | null = null;
  child.once('error', (error) => (failure = error));
  child.stdin.on('error', () => {}); // it ended: the read that follows says so
  const read = async <T>(): Promise<T> => {
    const { value, done } = await lines.next();
    if (done === true) throw failure ?? new Error(`"${name}" ended early with code ${child.exitCode}`);
    const answer = JSON.parse(value) as T & { error?: string };
    if (answer.error !== undefined) throw new Error(`"${name}": ${answer.error}`);
    return answer;
  };
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  return {
    pid: child.pid ?? -1,
    read,
    ask(line) {
      child.stdin.write(`${line}\n`);
      return read();
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
