// Starts wire-consumer.py and the server process of the wire tests, and ends them for certain.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROTOCOL_VERSION, writeBridgeFile } from '../../../src/bridge/index.ts';
import type { BatchMemoryOptions } from '../../../src/bridge/index.ts';
import { createIpcEndpoints } from '../../../src/sockets/index.ts';
import type { Endpoints } from '../../../src/sockets/index.ts';
import { LineProcess } from '../line-process.ts';
import { python } from '../python.ts';
import { startTestServer } from './wire-server.ts';
import type { TestServer } from './wire-server.ts';

/** Starts the Python client of the tests. */
export function startConsumer(command: string, home: string, job: unknown = {}, env = {}): LineProcess {
  const script = join(import.meta.dirname, 'wire-consumer.py');
  return new LineProcess(python, [script, command, home, JSON.stringify(job)], env);
}

/** Starts the test server as a process of its own. */
export function startServerProcess(
  home: string,
  transport: 'ipc' | 'tcp' = 'ipc',
  memoryFolder?: string,
): LineProcess {
  const script = join(import.meta.dirname, 'wire-server.ts');
  return new LineProcess(process.execPath, [
    script,
    home,
    transport,
    ...(memoryFolder ? [memoryFolder] : []),
  ]);
}

/** A home with a bridge file whose server runs in this process. */
export interface BridgeHome extends AsyncDisposable {
  readonly path: string;
  readonly own: TestServer;
}

const loopback: Endpoints = { control: 'tcp://127.0.0.1:0', data: 'tcp://127.0.0.1:0' };

/** Starts the test server in this process and writes its bridge file. */
export async function createBridgeHome(
  transport: 'ipc' | 'tcp' = 'ipc',
  leaseMs = 1000,
  sharedMemory: BatchMemoryOptions | null = {},
): Promise<BridgeHome> {
  const path = await mkdtemp(join(tmpdir(), 'ruvector-wire-'));
  const run = join(path, 'run');
  const ipc = await createIpcEndpoints(run);
  const own = await startTestServer(transport === 'ipc' ? ipc : loopback, leaseMs, sharedMemory);
  const { endpoints } = own.server;
  const file = { endpoints, token: own.token, pid: process.pid, protocol: PROTOCOL_VERSION };
  await writeBridgeFile(join(run, 'bridge.json'), file);
  return {
    path,
    own,
    async [Symbol.asyncDispose]() {
      await own.server.close(1000);
      await rm(path, { recursive: true, force: true });
    },
  };
}
