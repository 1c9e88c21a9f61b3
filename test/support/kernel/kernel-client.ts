// A small Jupyter client for tests: starts a kernel process, signs and sends requests, collects replies and
// output by the request they belong to. Written from the messaging specification, without the kernel's code.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zmq from 'zeromq';

export type Json = Record<string, unknown>;
export type RequestChannel = 'shell' | 'control' | 'stdin';

/** A received message. */
export interface Received {
  readonly channel: RequestChannel | 'iopub';
  readonly header: Json & { readonly msg_type: string; readonly msg_id: string };
  readonly parentHeader: Json;
  readonly metadata: Json;
  readonly content: Json;
  readonly buffers: readonly Buffer[];
}

/** Everything that answers one request. */
export interface Exchange {
  readonly id: string;
  readonly reply: Received;
  readonly iopub: readonly Received[];
}

export interface SendOptions {
  readonly header?: Json;
  readonly parentHeader?: Json;
  readonly metadata?: Json;
  readonly buffers?: readonly Uint8Array[];
}

/** How a kernel is started. */
export interface KernelCommand {
  /** @default this kernel from its sources */
  readonly command?: (connectionFile: string) => readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** @default ipc: no port can be taken */
  readonly transport?: 'ipc' | 'tcp';
  /** How often a socket retries to connect. */
  readonly reconnectMs?: number;
  /** @default a fresh key; empty: messages are not signed */
  readonly key?: string;
}

const DELIMITER = Buffer.from('<IDS|MSG>');
const main = new URL('../../../kernel/main.ts', import.meta.url).pathname;
/** Command line of this kernel from its sources. */
export const kernelCommand = (connectionFile: string): readonly string[] => [
  process.execPath,
  '--no-force-async-hooks-checks',
  main,
  connectionFile,
];

/** A running kernel and a client connected to it. */
export class KernelClient {
  readonly session = randomUUID();
  readonly process: ChildProcess;
  readonly connection: Readonly<Record<string, string | number>>;
  readonly connectionFile: string;
  /** Everything that arrived, in order; iopub in its own order. */
  readonly received: Received[] = [];
  /** What the process itself wrote to its standard error. */
  stderr = '';
  readonly #key: string;
  readonly #sockets: Record<RequestChannel, zmq.Dealer>;
  readonly #iopub = new zmq.Subscriber({ receiveHighWaterMark: 0, linger: 0 });
  readonly #directory: string;
  readonly #waiting = new Set<() => void>();

  constructor(
    child: ChildProcess,
    connection: Readonly<Record<string, string | number>>,
    directory: string,
    reconnectMs: number,
  ) {
    this.process = child;
    this.connection = connection;
    this.connectionFile = join(directory, 'connection.json');
    this.#directory = directory;
    this.#key = String(connection['key']);
    const routingId = randomUUID();
    const options = {
      linger: 0,
      reconnectInterval: reconnectMs,
      routingId,
      sendHighWaterMark: 0,
      receiveHighWaterMark: 0,
    };
    this.#sockets = {
      shell: new zmq.Dealer(options),
      control: new zmq.Dealer(options),
      stdin: new zmq.Dealer(options),
    };
    this.#iopub.reconnectInterval = reconnectMs;
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
  }

  /** Resolves once the kernel answers and its output arrives: subscriptions come late, requests do not. */
  async subscribed(): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      const id = await this.send('shell', 'kernel_info_request');
      const idle = this.wait((message) => isChildOf(message, id) && isStatus(message, 'idle'), 100);
      if (
        await idle.then(
          () => true,
          () => false,
        )
      )
        return;
    }
    throw new Error(`the kernel does not answer: ${this.stderr}`);
  }

  /** Connects the sockets. */
  connect(): void {
    for (const channel of ['shell', 'control', 'stdin'] as const) {
      this.#sockets[channel].connect(this.address(channel));
      void this.#read(channel, this.#sockets[channel]);
    }
    this.#iopub.connect(this.address('iopub'));
    this.#iopub.subscribe('');
    void this.#read('iopub', this.#iopub);
  }

  address(channel: string): string {
    const { transport, ip } = this.connection;
    const port = this.connection[`${channel}_port`];
    return transport === 'ipc' ? `ipc://${ip}-${port}` : `tcp://${ip}:${port}`;
  }

  /** The frames of a signed message. */
  encode(msgType: string, content: unknown, options: SendOptions = {}): { id: string; frames: Uint8Array[] } {
    const id = randomUUID();
    const header = {
      msg_id: id,
      msg_type: msgType,
      session: this.session,
      username: 'tester',
      date: new Date().toISOString(),
      version: '5.5',
      ...options.header,
    };
    const parts = [header, options.parentHeader ?? {}, options.metadata ?? {}, content].map((part) =>
      Buffer.from(JSON.stringify(part)),
    );
    return {
      id: header.msg_id,
      frames: [DELIMITER, Buffer.from(this.sign(parts)), ...parts, ...(options.buffers ?? [])],
    };
  }

  sign(parts: readonly Uint8Array[]): string {
    if (this.#key === '') return '';
    const hmac = createHmac('sha256', this.#key);
    parts.forEach((part) => hmac.update(part));
    return hmac.digest('hex');
  }

  /** Sends frames as they are. */
  async sendFrames(channel: RequestChannel, frames: readonly Uint8Array[]): Promise<void> {
    await this.#sockets[channel].send(frames as Buffer[]);
  }

  /** Sends a message; resolves to its msg_id. */
  async send(
    channel: RequestChannel,
    msgType: string,
    content: unknown = {},
    options: SendOptions = {},
  ): Promise<string> {
    const { id, frames } = this.encode(msgType, content, options);
    await this.sendFrames(channel, frames);
    return id;
  }

  /** Sends a request and resolves once its reply and its idle status have arrived. */
  async request(
    msgType: string,
    content: unknown = {},
    options: SendOptions & { readonly channel?: RequestChannel; readonly timeoutMs?: number } = {},
  ): Promise<Exchange> {
    const id = await this.send(options.channel ?? 'shell', msgType, content, options);
    return this.exchange(id, options.timeoutMs);
  }

  /** Sends a cell; resolves to its msg_id. */
  sendCell(code: string, flags: Json = {}, options: SendOptions = {}): Promise<string> {
    const content = {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: false,
      stop_on_error: true,
      ...flags,
    };
    return this.send('shell', 'execute_request', content, options);
  }

  /** Runs a cell. */
  async execute(code: string, flags: Json = {}, options: SendOptions = {}): Promise<Exchange> {
    return this.exchange(await this.sendCell(code, flags, options));
  }

  /** Resolves to the whole exchange of a request that was sent. */
  async exchange(id: string, timeoutMs = 20_000): Promise<Exchange> {
    const reply = await this.wait(
      (message) => message.channel !== 'iopub' && message.channel !== 'stdin' && isChildOf(message, id),
      timeoutMs,
      `reply to ${id}`,
    );
    await this.wait(
      (message) => isChildOf(message, id) && isStatus(message, 'idle'),
      timeoutMs,
      `idle of ${id}`,
    );
    return { id, reply, iopub: this.iopubOf(id) };
  }

  iopubOf(id: string): readonly Received[] {
    return this.received.filter((message) => message.channel === 'iopub' && isChildOf(message, id));
  }

  /** Resolves to the first message, past or coming, for which `test` holds. */
  async wait(
    test: (message: Received) => boolean,
    timeoutMs = 20_000,
    what = 'a message',
  ): Promise<Received> {
    let from = 0;
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      for (; from < this.received.length; from++) {
        if (test(this.received[from]!)) return this.received[from]!;
      }
      const leftMs = this.#hasExited ? 0 : deadline - performance.now();
      if (leftMs <= 0) {
        const seen = this.received.slice(-8).map(({ channel, header }) => `${channel}:${header.msg_type}`);
        throw new Error(
          `${what} did not come within ${timeoutMs} ms; last: ${seen.join(' ')}; ${this.stderr}`,
        );
      }
      await this.#arrival(Math.min(leftMs, 250));
    }
  }

  get #hasExited(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** Interrupts on the control channel. */
  interrupt(): Promise<Exchange> {
    return this.request('interrupt_request', {}, { channel: 'control' });
  }

  /** Resolves to exit code or signal of the kernel. */
  async exited(timeoutMs = 10_000): Promise<number | string> {
    const { process: child } = this;
    if (this.#hasExited) return child.exitCode ?? child.signalCode!;
    const { promise, resolve, reject } = Promise.withResolvers<number | string>();
    const timer = setTimeout(
      () => reject(new Error(`the kernel runs still after ${timeoutMs} ms`)),
      timeoutMs,
    );
    child.once('exit', (code, signal) => resolve(code ?? signal!));
    return promise.finally(() => clearTimeout(timer));
  }

  /** Ends the kernel and removes its files. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of [...Object.values(this.#sockets), this.#iopub]) socket.close();
    if (!this.#hasExited) {
      this.process.kill('SIGKILL');
      await this.exited();
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #read(channel: Received['channel'], socket: AsyncIterable<Buffer[]>): Promise<void> {
    for await (const frames of socket) {
      const at = frames.findIndex((frame) => frame.equals(DELIMITER));
      const parts = frames.slice(at + 2, at + 6);
      if (this.sign(parts) !== frames[at + 1]!.toString()) throw new Error('the kernel signed wrongly');
      const [header, parentHeader, metadata, content] = parts.map(
        (part) => JSON.parse(part.toString()) as Json,
      );
      this.received.push({
        channel,
        header: header as Received['header'],
        parentHeader: parentHeader!,
        metadata: metadata!,
        content: content!,
        buffers: frames.slice(at + 6),
      });
      this.#waiting.forEach((wake) => wake());
    }
  }

  #arrival(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      this.#waiting.add(wake);
    });
  }
}

/** Starts a kernel and a client; resolves once the kernel has answered and its output is subscribed to. */
export async function startKernel(options: KernelCommand = {}): Promise<KernelClient> {
  const client = await spawnKernel(options);
  try {
    client.connect();
    await client.subscribed();
    return client;
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}

/** Starts the process only. */
export async function spawnKernel(options: KernelCommand = {}): Promise<KernelClient> {
  const { command = kernelCommand, reconnectMs = 5 } = options;
  const directory = mkdtempSync(join(tmpdir(), 'rvk-'));
  const connection = await buildConnection(directory, options);
  const file = join(directory, 'connection.json');
  writeFileSync(file, JSON.stringify(connection));
  const [program, ...args] = command(file);
  const child = spawn(program!, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      // As jupyter_client starts a kernel that is to end with it.
      JPY_PARENT_PID: String(process.pid),
      RUVECTOR_KERNEL_HISTORY: join(directory, 'history.sqlite'),
      ...options.env,
    },
  });
  return new KernelClient(child, connection, directory, reconnectMs);
}

const portNames = ['shell_port', 'iopub_port', 'stdin_port', 'control_port', 'hb_port'];

async function buildConnection(
  directory: string,
  { transport = 'ipc', key = randomUUID() }: KernelCommand,
): Promise<Record<string, string | number>> {
  const ports = transport === 'ipc' ? [1, 2, 3, 4, 5] : await findFreePorts(portNames.length);
  return {
    transport,
    ip: transport === 'ipc' ? join(directory, 's') : '127.0.0.1',
    key,
    signature_scheme: 'hmac-sha256',
    kernel_name: '',
    ...Object.fromEntries(portNames.map((name, i) => [name, ports[i]!])),
  };
}

async function findFreePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Whether a message answers that request. */
export function isChildOf(message: Received, id: string): boolean {
  return message.parentHeader['msg_id'] === id;
}

/** Whether a message tells that state. */
export function isStatus(message: Received, state: string): boolean {
  return message.header.msg_type === 'status' && message.content['execution_state'] === state;
}

/** Text a cell wrote to a stream. */
export function streamOf(exchange: Exchange, name: 'stdout' | 'stderr' = 'stdout'): string {
  return exchange.iopub
    .filter(({ header, content }) => header.msg_type === 'stream' && content['name'] === name)
    .map(({ content }) => String(content['text']))
    .join('');
}

/** text/plain of a cell's result; undefined when it has none. */
export function resultOf(exchange: Exchange): string | undefined {
  const result = exchange.iopub.find(({ header }) => header.msg_type === 'execute_result');
  return (result?.content['data'] as Record<string, string> | undefined)?.['text/plain'];
}

/** Types of a cell's output messages in order. */
export function typesOf(exchange: Exchange): string[] {
  return exchange.iopub.map(({ header, content }) =>
    header.msg_type === 'status' ? String(content['execution_state']) : header.msg_type,
  );
}
