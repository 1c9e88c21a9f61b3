// A daemon as a child of this process: it writes to a log file in the home, and ends when this process
// ends, however that ends: it holds the other end of the child's standard input.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../core/index.ts';
import type { Home } from '../core/index.ts';
import { makeFolderSync } from '../files/index.ts';
import { findDaemon } from '../bridge/index.ts';
import type { BridgeClient } from '../bridge/index.ts';
import { startError } from './errors.ts';

/** How a daemon that this process starts samples and labels. */
export interface DaemonOptions {
  /** Samples a second, 0.1 to 50. @default 1 */
  readonly hz?: number | undefined;
  /** How far ahead a label looks. @default 60_000 */
  readonly horizonMs?: number | undefined;
  /** Time between scans of all processes. @default 10_000 */
  readonly processIntervalMs?: number | undefined;
}

/** A daemon that this process started. */
export interface DaemonProcess {
  readonly pid: number;
  readonly logFile: string;
  readonly hasEnded: boolean;
  /** SIGTERM; resolves when it has drained and ended. */
  stop(): Promise<void>;
}

/** How long a daemon may take until it answers: it opens its history first. */
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 20;
/** Exit code of `serve` where another one has the home (src/app/serve/serve-life.ts). */
const ALREADY_RUNNING = 3;
const TAIL_BYTES = 4096;
const bin = fileURLToPath(new URL('../../bin/ruvector-memopt.mjs', import.meta.url));

/**
 * Starts a daemon and connects to it; when another process was faster, to that one (`process` is null then).
 * @throws RuvectorError `ERR_CLIENT_START` with the end of the log
 */
export async function startDaemon(
  home: Home,
  options: DaemonOptions,
): Promise<{ client: BridgeClient; process: DaemonProcess | null }> {
  const logFile = join(home.run, 'daemon.log');
  const { child, logStart } = spawnDaemon(home, options, logFile);
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadlineMs) {
    const client = await findDaemon(home.bridgeFile);
    const hasEnded = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
    if (client) return { client, process: hasEnded ? null : wrapChild(child, logFile) };
    // Another process was faster, and its daemon does not answer yet.
    const isBeaten = child.exitCode === ALREADY_RUNNING;
    if (hasEnded && !isBeaten) throw startError(home.root, await readTail(logFile, logStart), logFile);
    await sleep(POLL_MS);
  }
  child.kill('SIGKILL');
  throw startError(home.root, `it did not answer within ${START_TIMEOUT_MS / 1000} s`, logFile);
}

function spawnDaemon(
  home: Home,
  options: DaemonOptions,
  logFile: string,
): { child: ChildProcess; logStart: number } {
  const log = openLog(home, logFile);
  try {
    const logStart = fstatSync(log).size;
    const args = [bin, '--home', home.root, 'serve', '--stop-with-stdin', ...flagsOf(options)];
    // A session of its own: Ctrl-C on this terminal is for this process.
    const child = spawn(process.execPath, args, { stdio: ['pipe', log, log], detached: true });
    child.on('error', () => {});
    child.stdin?.on('error', () => {});
    child.unref();
    (child.stdin as { unref?: () => void } | null)?.unref?.();
    return { child, logStart };
  } finally {
    closeSync(log);
  }
}

function openLog(home: Home, logFile: string): number {
  try {
    makeFolderSync(home.run, 0o700);
    return openSync(logFile, 'a', 0o600);
  } catch (error) {
    throw startError(home.root, `its log cannot be written (${messageOf(error)})`, logFile, error);
  }
}

function flagsOf({ hz, horizonMs, processIntervalMs }: DaemonOptions): string[] {
  return [
    ...(hz === undefined ? [] : ['--hz', String(hz)]),
    ...(horizonMs === undefined ? [] : ['--horizon', String(horizonMs / 1000)]),
    ...(processIntervalMs === undefined ? [] : ['--process-interval', String(processIntervalMs / 1000)]),
  ];
}

function wrapChild(child: ChildProcess, logFile: string): DaemonProcess {
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid!,
    logFile,
    get hasEnded() {
      return hasEnded();
    },
    stop: async () => {
      if (hasEnded()) return;
      child.ref();
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** What it said since it was started, as one line. */
async function readTail(logFile: string, from: number): Promise<string> {
  await using file = await open(logFile, 'r');
  const { size } = await file.stat();
  const start = Math.max(from, size - TAIL_BYTES);
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(TAIL_BYTES), position: start });
  const text = buffer.subarray(0, bytesRead).toString().trim();
  return text === '' ? 'it ended without a word' : `it ended: ${text.split('\n').at(-1)}`;
}
