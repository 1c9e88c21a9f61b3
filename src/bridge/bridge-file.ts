// run/bridge.json: how Python and notebooks find a running daemon. Owner only, replaced atomically.
import { readFile } from 'node:fs/promises';
import { adviseOnReading, isAlive, readStartTicks } from '../core/index.ts';
import { writeDurably } from '../files/index.ts';
import type { Endpoints } from '../sockets/index.ts';
import { noDaemonError } from './errors.ts';

/** The content of run/bridge.json. */
export interface BridgeFile {
  readonly endpoints: Endpoints;
  readonly token: string;
  /** The daemon's process. */
  readonly pid: number;
  /** When it started, in clock ticks since boot: a pid is given again. Left out where that cannot be told. */
  readonly startTicks?: number;
  /** Protocol version it speaks. */
  readonly protocol: number;
}

/** Writes the file, mode 0600: readers see it whole or not at all. */
export async function writeBridgeFile(path: string, file: BridgeFile): Promise<void> {
  const { endpoints, token, pid, protocol } = file;
  const startTicks = file.startTicks ?? readStartTicks(pid) ?? undefined;
  const { control, data } = endpoints;
  const json = JSON.stringify({ endpoints: { control, data }, token, pid, startTicks, protocol }, null, 2);
  await writeDurably(path, `${json}\n`);
}

/**
 * Reads the file of a running daemon.
 * @throws RuvectorError `ERR_WIRE_NO_DAEMON` when there is no file, it cannot be read, or its process is dead
 */
export async function readBridgeFile(path: string): Promise<BridgeFile> {
  const file = parseBridgeFile(path, await readText(path));
  if (!isRunning(file)) throw noDaemonError(path, `process ${file.pid} that wrote it is dead`);
  return file;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw noDaemonError(path, adviseOnReading(error).state, error);
  }
}

function parseBridgeFile(path: string, text: string): BridgeFile {
  const file = parseObject(path, text) as Partial<BridgeFile>;
  const { endpoints, token, pid, startTicks, protocol } = file;
  const isComplete =
    typeof endpoints?.control === 'string' &&
    typeof endpoints.data === 'string' &&
    typeof token === 'string' &&
    typeof pid === 'number' &&
    typeof protocol === 'number';
  if (!isComplete) throw noDaemonError(path, 'endpoints, token, pid or protocol are missing');
  const start = typeof startTicks === 'number' ? { startTicks } : {};
  return { endpoints, token, pid, ...start, protocol };
}

function parseObject(path: string, text: string): object {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null) return value;
  } catch (error) {
    throw noDaemonError(path, 'it is not JSON', error);
  }
  throw noDaemonError(path, 'it is not a JSON object');
}

function isRunning({ pid, startTicks }: BridgeFile): boolean {
  if (!isAlive(pid)) return false;
  const nowTicks = readStartTicks(pid);
  return startTicks === undefined || nowTicks === null || nowTicks === startTicks;
}
