// Starts wire-consumer.py and the server process of the wire tests, and ends them for certain.
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROTOCOL_VERSION, writeBridgeFile } from '../../../src/bridge/index.ts';
import { createIpcEndpoints } from '../../../src/sockets/index.ts';
import type { Endpoints } from '../../../src/sockets/index.ts';
import { startTestServer } from './wire-server.ts';
import type { TestServer } from './wire-server.ts';

const root = join(import.meta.dirname, '../../..');
/** The Python that has ruvector and its packages. */
export const python: string = process.env['RUVECTOR_PYTHON'] ?? join(root, '.venv', 'bin', 'python');

/** A child that prints JSON lines. Disposing kills it. */
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

/** Starts the Python client of the tests. */
export function startConsumer(command: string, home: string, job: unknown = {}, env = {}): LineProcess {
  const script = join(import.meta.dirname, 'wire-consumer.py');
  return new LineProcess(python, [script, command, home, JSON.stringify(job)], env);
}

/** Starts the test server as a process of its own. */
export function startServerProcess(home: string, transport: 'ipc' | 'tcp' = 'ipc'): LineProcess {
  return new LineProcess(process.execPath, [join(import.meta.dirname, 'wire-server.ts'), home, transport]);
}

/** A home with a bridge file whose server runs in this process. */
export interface TestHome extends AsyncDisposable {
  readonly path: string;
  readonly own: TestServer;
}

const loopback: Endpoints = { control: 'tcp://127.0.0.1:0', data: 'tcp://127.0.0.1:0' };

/** Starts the test server in this process and writes its bridge file. */
export async function createTestHome(transport: 'ipc' | 'tcp' = 'ipc', leaseMs = 1000): Promise<TestHome> {
  const path = await mkdtemp(join(tmpdir(), 'ruvector-wire-'));
  const run = join(path, 'run');
  const ipc = await createIpcEndpoints(run);
  const own = await startTestServer(transport === 'ipc' ? ipc : loopback, leaseMs);
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

/** Waits until a condition holds. */
export async function until(condition: () => boolean, timeoutMs = 10_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('the condition did not come true in time');
    await sleep(5);
  }
}
