// Starts the real daemon as its users do, and talks to it through its bridge file.
import { resolveHome } from '../../src/core/index.ts';
import type { Home } from '../../src/core/index.ts';
import { connectDaemon } from '../../src/bridge/index.ts';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import type { BridgeClient } from '../../src/bridge/index.ts';
import { python } from './python.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'bin', 'ruvector-memopt.mjs');

/** A finished command. */
export interface CommandResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary home, removed with the test. */
export async function createTestHome(): Promise<Home & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'rvm-'));
  return {
    ...resolveHome(directory),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Starts `ruvector-memopt --home <home> <args>`. */
export function startCommand(
  home: Home,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  return spawn(process.execPath, [bin, '--home', home.root, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, RUVECTOR_PYTHON: python, ...env },
  });
}

/** Runs a command to its end. */
export async function runCommand(home: Home, args: readonly string[]): Promise<CommandResult> {
  return finished(startCommand(home, args));
}

/** Collects what a started command prints until it ends. */
export async function finished(child: ChildProcess): Promise<CommandResult> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout, stderr };
}

/** A running daemon. */
export interface Daemon extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly client: BridgeClient;
  /** What it has written to standard error so far. */
  log(): string;
  /** SIGTERM, then waits for the end. */
  stop(): Promise<CommandResult>;
  /** SIGKILL, then waits for the end. */
  kill(): Promise<void>;
}

/** Starts `serve` and connects; throws what the daemon printed when it does not come up. */
export async function startDaemon(
  home: Home,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Daemon> {
  const child = startCommand(home, ['serve', ...args], env);
  const end = finished(child);
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const client = await connectWhenUp(home, child, end);
  const stopWith = async (signal: NodeJS.Signals): Promise<CommandResult> => {
    await client.close();
    child.kill(signal);
    const result = await end;
    // The daemon's last net keeps it alive; it shall hide nothing from a test.
    const fault = /unexpected error, going on: .*/.exec(result.stderr);
    if (fault) throw new Error(`the daemon had an error that nobody caught: ${fault[0]}`);
    return result;
  };
  return {
    child,
    client,
    log: () => log,
    stop: () => stopWith('SIGTERM'),
    kill: async () => void (await stopWith('SIGKILL')),
    [Symbol.asyncDispose]: async () => void (await stopWith('SIGKILL')),
  };
}

async function connectWhenUp(
  home: Home,
  child: ChildProcess,
  end: Promise<CommandResult>,
): Promise<BridgeClient> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the daemon ended: ${(await end).stderr}`);
    try {
      const client = await connectDaemon(home.bridgeFile);
      const { result } = await client.request('status');
      if ((result as { pid: number }).pid === child.pid) return client;
      await client.close();
    } catch {
      // not up yet: its file is written last
    }
    await sleep(50);
  }
}

/** A test that waits for ever would only say that its time is over. */
const POLL_MS = 100_000;

/**
 * Asks until the answer satisfies `isDone`.
 * @throws Error with the last answer after 100 s
 */
export async function poll<T>(ask: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
  const endMs = performance.now() + POLL_MS;
  for (;;) {
    const value = await ask();
    if (isDone(value)) return value;
    if (performance.now() > endMs) throw new Error(`asked for 100 s; the last answer: ${inspect(value)}`);
    await sleep(50);
  }
}
