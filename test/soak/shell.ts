// Command lines of a shell, each in a process group of its own: npx, its shell and the product end together.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** A line that has not ended by then is killed. */
export const LINE_LIMIT_MS = 900_000;

/** Where a line runs. */
export interface ShellOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Starts a line. */
export function start(text: string, { cwd, env }: ShellOptions): ChildProcess {
  return spawn('bash', ['-c', text], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs a line to its end. */
export async function run(
  text: string,
  options: ShellOptions,
): Promise<{ code: number | null; said: string }> {
  const child = start(text, options);
  let said = '';
  child.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const limit = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), LINE_LIMIT_MS);
  const code = await new Promise<number | null>((done) => child.once('close', done));
  clearTimeout(limit);
  return { code, said };
}

/** Ends it in order, or by force. */
export async function end(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  process.kill(-child.pid!, 'SIGTERM');
  await Promise.race([gone, sleep(20_000, undefined, { ref: false })]);
  if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL');
}
