// Runs a program for each event, with the event as one line of JSON on its standard input. No shell: the path is
// the whole command. Its own process group, so that what it started ends with it when it takes too long.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { messageOf } from '../../core/index.ts';
import type { DaemonEvent } from './daemon-event.ts';
import type { EventSink } from './event-sink.ts';

/** Then the whole group is killed. */
const TIME_LIMIT_MS = 10_000;
/** Kept of what it writes to its standard error. */
const MAX_STDERR_BYTES = 500;

/** Builds the sink. */
export function createCommandSink(path: string, timeLimitMs: number = TIME_LIMIT_MS): EventSink {
  return {
    kind: 'command',
    target: path,
    deliver: (event, signal) =>
      runProgram(path, [], `${JSON.stringify(event)}\n`, {
        timeLimitMs,
        signal,
        env: environmentOf(event),
      }),
  };
}

function environmentOf(event: DaemonEvent): NodeJS.ProcessEnv {
  return { ...process.env, RUVECTOR_EVENT: event.kind, RUVECTOR_EVENT_SCHEMA: String(event.schema) };
}

/** How a program is run. */
export interface RunOptions {
  readonly timeLimitMs: number;
  readonly signal: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program in its own process group until it ends; rejects when it fails or takes too long. */
export function runProgram(
  path: string,
  args: readonly string[],
  input: string,
  options: RunOptions,
): Promise<void> {
  const { timeLimitMs, signal, env } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { stdio: ['pipe', 'ignore', 'pipe'], detached: true, cwd: '/', env });
    let stderr = '';
    let cut: string | null = null;
    const end = (why: string): void => {
      cut ??= why;
      killGroup(child);
    };
    const timer = setTimeout(
      () => end(`it took longer than ${timeLimitMs / 1000} s and was killed`),
      timeLimitMs,
    );
    const onAbort = (): void => end('the daemon stopped and it was killed');
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = (problem: string | null, cause?: unknown): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      // What it left running may hold its pipes open for ever.
      child.stdin?.destroy();
      child.stderr?.destroy();
      if (problem === null) resolve();
      else reject(new Error(`${problem}${stderr.trim() === '' ? '' : `: ${stderr.trim()}`}`, { cause }));
    };
    child.on('error', (error) => settle(messageOf(error), error));
    child.on('exit', (code, by) => settle(cut ?? (code === 0 ? null : `it ended with ${by ?? code}`)));
    // A program may end without having read.
    child.stdin.on('error', () => {});
    child.stderr
      .on('error', () => {})
      .on('data', (chunk: Buffer) => {
        stderr = (stderr + chunk.toString()).slice(0, MAX_STDERR_BYTES);
      });
    child.stdin.end(input);
    if (signal.aborted) onAbort();
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}
