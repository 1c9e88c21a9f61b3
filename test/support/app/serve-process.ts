// `serve` as a process among processes: started in another way than by startDaemon(), seen by its bridge file alone.
import type { Home } from '../../../src/core/index.ts';
import { connectDaemon } from '../../../src/bridge/index.ts';
import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostStatus } from '../../../src/app/host/status-types.ts';
import { until } from '../until.ts';

const root = join(import.meta.dirname, '../../..');

/** The command line that serves a home, without models, so that it is up soon. */
export const serveWords = (home: Home, ...args: string[]): string[] => [
  process.execPath,
  join(root, 'bin', 'ruvector-memopt.mjs'),
  '--home',
  home.root,
  'serve',
  '--no-baseline',
  '--hz',
  '10',
  ...args,
];

/** How a command is started. */
export interface StartOptions {
  readonly stdio?: StdioOptions;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts any command line. */
export function start(words: readonly string[], { stdio, env }: StartOptions = {}): ChildProcess {
  const [command, ...args] = words;
  return spawn(command!, args, {
    stdio: stdio ?? ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
}

/** The pid in the bridge file, once there is one. */
export async function servingPid(home: Home, child?: ChildProcess): Promise<number> {
  await until(() => existsSync(home.bridgeFile) || child?.exitCode != null, 'the daemon is up');
  return (JSON.parse(readFileSync(home.bridgeFile, 'utf8')) as { pid: number }).pid;
}

/** The status of whoever serves the home. */
export async function statusOf(home: Home): Promise<HostStatus> {
  await using client = await connectDaemon(home.bridgeFile);
  return (await client.request('status')).result as HostStatus;
}

/** Waits until it takes samples beyond those it has. */
export async function untilSampling(home: Home): Promise<HostStatus> {
  const { samples } = await statusOf(home);
  let status: HostStatus | null = null;
  await until(async () => (status = await statusOf(home)).samples > samples, 'samples are taken');
  return status!;
}
