// Shell commands of cells: output as it comes, an end when the cell is interrupted.
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { setImmediate } from 'node:timers';
import { Promise, clearTimeout, process, setTimeout } from '../primordials.ts';

/** Output that is still in the pipe when a command ends is read until none came for so long. */
const QUIET_MS = 50;
const LONGEST_READ_MS = 500;

/** How a command runs. */
export interface ShellOptions {
  readonly onText: (name: 'stdout' | 'stderr', text: string) => void;
  /** Rejects with InterruptError when the cell is interrupted. */
  readonly until: <T>(value: Promise<T>) => Promise<T>;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Runs a command, of a shell when it is one text.
 * @returns its exit code, 128 and more when a signal ended it
 * @throws InterruptError once the command and what it started are told to end
 */
export async function runCommand(
  command: string | readonly string[],
  options: ShellOptions,
): Promise<number> {
  const [program, ...args] = typeof command === 'string' ? [command] : command;
  const child = spawn(program!, args, {
    shell: typeof command === 'string',
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, to be ended as a whole.
    detached: process.platform !== 'win32',
    cwd: options.cwd,
    env: options.env,
  });
  const inCell = AsyncLocalStorage.snapshot();
  for (const name of ['stdout', 'stderr'] as const) {
    const decoder = new StringDecoder('utf8');
    child[name].on('data', (chunk: Buffer) => inCell(options.onText, name, decoder.write(chunk)));
  }
  const ended = whenEnded(child);
  try {
    return await options.until(ended);
  } catch (error) {
    if (child.pid !== undefined && child.exitCode === null) endGroup(child.pid);
    throw error;
  }
}

/**
 * Resolves to the exit code once the command ended and its output was read. What it left running (`server &`) keeps
 * the output open: it goes on writing to the cell, which ends.
 */
function whenEnded(child: ChildProcessByStdio<null, Readable, Readable>): Promise<number> {
  const ended = new Promise<number>((resolve, reject) => {
    const codeOf = (code: number | null, signal: string | null): number =>
      code ?? (signal === 'SIGKILL' ? 137 : 130);
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(codeOf(code, signal)));
    child.once('exit', (code, signal) => {
      let reads = 0;
      const end = (): void => resolve(codeOf(code, signal));
      const longest = setTimeout(end, LONGEST_READ_MS);
      const quiet = setTimeout(() => {
        const before = reads;
        // What came meanwhile is read before this.
        setImmediate(() => (reads === before ? end() : quiet.refresh()));
      }, QUIET_MS);
      const onData = (): void => {
        reads++;
        quiet.refresh();
      };
      const streams = [child.stdout, child.stderr];
      for (const stream of streams) stream.on('data', onData);
      void ended.finally(() => {
        clearTimeout(longest);
        clearTimeout(quiet);
        for (const stream of streams) stream.off('data', onData);
      });
    });
  });
  return ended;
}

function endGroup(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGINT');
    setTimeout(() => killGroup(pid), 2000).unref();
  } catch {
    // Ended meanwhile.
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // Ended by the first signal.
  }
}
