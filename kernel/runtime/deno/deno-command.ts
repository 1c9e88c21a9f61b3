// `Deno.Command` (https://docs.deno.com/api/deno/~/Deno.Command) on Node's child processes.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Promise, Symbol, TypeError, URL, Uint8Array, process } from '../primordials.ts';

/** What a stream of a child is connected to. */
type Connection = 'piped' | 'inherit' | 'null';

/** Options of a command, as Deno names them. */
export interface DenoCommandOptions {
  readonly args?: readonly (string | URL)[];
  readonly cwd?: string | URL;
  /** Without this process's environment. @default false */
  readonly clearEnv?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  readonly signal?: AbortSignal;
  readonly stdin?: Connection;
  readonly stdout?: Connection;
  readonly stderr?: Connection;
}

/** How a child ended. */
export interface CommandStatus {
  readonly success: boolean;
  /** 128 and more when a signal ended it. */
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
}

/** How a child ended, and what it wrote where that was piped. */
export interface CommandOutput extends CommandStatus {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** Where each stream goes when the options do not say it. */
type Defaults = readonly [stdin: Connection, stdout: Connection, stderr: Connection];

const COLLECTED: Defaults = ['null', 'piped', 'piped'];
const SHOWN: Defaults = ['inherit', 'inherit', 'inherit'];
const connections = { piped: 'pipe', inherit: 'inherit', null: 'ignore' } as const;
const SIGNAL_CODE = 128;

/** A command that is run as often as one of its methods is called. */
export class DenoCommand {
  readonly #program: string;
  readonly #options: DenoCommandOptions;

  constructor(command: string | URL, options: DenoCommandOptions = {}) {
    this.#program = pathOf(command);
    this.#options = options;
  }

  /** Runs it to its end. @throws what Node throws when it cannot be started (`code` is "ENOENT") */
  async output(): Promise<CommandOutput> {
    if (this.#options.stdin === 'piped') throw pipedInputError();
    return outputOf(await this.#start(COLLECTED));
  }

  /** Runs it to its end, and the thread waits. */
  outputSync(): CommandOutput {
    if (this.#options.stdin === 'piped') throw pipedInputError();
    const { error, status, signal, stdout, stderr } = spawnSync(this.#program, this.#args(), {
      ...this.#processOptions(),
      stdio: this.#stdio(COLLECTED),
    });
    if (error && status === null && signal === null) throw error;
    return { ...statusOf(status, signal), stdout: bytesOf(stdout), stderr: bytesOf(stderr) };
  }

  /** Starts it. */
  spawn(): DenoChild {
    return new DenoChild(spawn(this.#program, this.#args(), this.#spawnOptions(SHOWN)));
  }

  async #start(defaults: Defaults): Promise<ChildProcess> {
    const child = spawn(this.#program, this.#args(), this.#spawnOptions(defaults));
    await once(child, 'spawn');
    return child;
  }

  #args(): string[] {
    return (this.#options.args ?? []).map(pathOf);
  }

  #spawnOptions(defaults: Defaults): { stdio: StdioOptions; signal?: AbortSignal } {
    const { signal } = this.#options;
    return { ...this.#processOptions(), stdio: this.#stdio(defaults), ...(signal && { signal }) };
  }

  #processOptions(): { cwd?: string; env: NodeJS.ProcessEnv; uid?: number; gid?: number } {
    const { cwd, clearEnv = false, env = {}, uid, gid } = this.#options;
    return {
      env: clearEnv ? { ...env } : { ...process.env, ...env },
      ...(cwd !== undefined && { cwd: pathOf(cwd) }),
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
    };
  }

  #stdio([stdin, stdout, stderr]: Defaults): ('pipe' | 'inherit' | 'ignore')[] {
    const options = this.#options;
    return [
      connections[options.stdin ?? stdin],
      connections[options.stdout ?? stdout],
      connections[options.stderr ?? stderr],
    ];
  }
}

/** A child that runs. */
export class DenoChild {
  readonly #child: ChildProcess;
  /** Resolves when it has ended; rejects when it could not be started. */
  readonly status: Promise<CommandStatus>;
  readonly #stdin: WritableStream | null;
  readonly #stdout: ReadableStream | null;
  readonly #stderr: ReadableStream | null;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.status = whenClosed(child);
    // Who does not ask how it ended gets no unhandled rejection.
    this.status.catch(() => {});
    this.#stdin = child.stdin && Writable.toWeb(child.stdin);
    this.#stdout = child.stdout && (Readable.toWeb(child.stdout) as ReadableStream);
    this.#stderr = child.stderr && (Readable.toWeb(child.stderr) as ReadableStream);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stdin(): WritableStream {
    return piped(this.#stdin, 'stdin');
  }

  get stdout(): ReadableStream {
    return piped(this.#stdout, 'stdout');
  }

  get stderr(): ReadableStream {
    return piped(this.#stderr, 'stderr');
  }

  /** Waits for its end and for what it writes. */
  async output(): Promise<CommandOutput> {
    const [status, stdout, stderr] = await Promise.all([
      this.status,
      collect(this.#stdout),
      collect(this.#stderr),
    ]);
    return { ...status, stdout, stderr };
  }

  /** @default "SIGTERM" */
  kill(signal: NodeJS.Signals | number = 'SIGTERM'): void {
    this.#child.kill(signal);
  }

  ref(): void {
    this.#child.ref();
  }

  unref(): void {
    this.#child.unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.status.catch(() => {});
  }
}

async function outputOf(child: ChildProcess): Promise<CommandOutput> {
  const [status, stdout, stderr] = await Promise.all([
    whenClosed(child),
    child.stdout ? buffer(child.stdout) : Uint8Array.of(),
    child.stderr ? buffer(child.stderr) : Uint8Array.of(),
  ]);
  return { ...status, stdout: bytesOf(stdout), stderr: bytesOf(stderr) };
}

async function whenClosed(child: ChildProcess): Promise<CommandStatus> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return statusOf(code, signal);
}

function statusOf(code: number | null, signal: NodeJS.Signals | null): CommandStatus {
  const whole = code ?? SIGNAL_CODE + signalNumber(signal);
  return { success: whole === 0, code: whole, signal };
}

const signalNumber = (signal: NodeJS.Signals | null): number =>
  signal === null ? 0 : (constants.signals[signal] ?? 0);

async function collect(stream: ReadableStream | null): Promise<Uint8Array> {
  return stream === null ? Uint8Array.of() : bytesOf(await buffer(stream));
}

/** Bytes as Deno gives them: no Buffer, whose `toString` is another. */
const bytesOf = (bytes: Uint8Array | null): Uint8Array =>
  bytes === null ? Uint8Array.of() : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function piped<T>(stream: T | null, name: string): T {
  if (stream === null)
    throw new TypeError(`Cannot get "${name}": it is not piped; start with ${name}: "piped"`);
  return stream;
}

const pipedInputError = (): Error =>
  new TypeError('Cannot pipe into output(): nobody could write; use spawn() and its stdin');

function pathOf(path: string | URL): string {
  return path instanceof URL ? fileURLToPath(path) : path;
}
