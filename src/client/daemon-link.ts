// The way from a client to the daemon of its home: finds one or starts one, connects when something is
// asked and lets go when nothing is, so that a script ends with its work and a new daemon is found.
import { setTimeout as sleep } from 'node:timers/promises';
import { isRuvectorError, resolveHome } from '../core/index.ts';
import type { Home } from '../core/index.ts';
import { connectRemoteDaemon, findDaemon } from '../bridge/index.ts';
import { WireErrorCode } from '../sockets/index.ts';
import type { BridgeClient, RemoteDaemon, RequestOptions } from '../bridge/index.ts';
import type { DaemonStatus } from './answers.ts';
import { startDaemon } from './daemon-process.ts';
import type { DaemonOptions, DaemonProcess } from './daemon-process.ts';
import { runningError } from './errors.ts';
import { say } from './progress.ts';

/** Calls that follow each other share one connection; an open one would keep the process from ending. */
const IDLE_MS = 50;
const RETRY_MS = 50;
const MAX_TRIES = 40;

/** One client's daemon. */
export class DaemonLink {
  readonly #directory: string | undefined;
  readonly #base: DaemonOptions;
  readonly #remote: RemoteDaemon | undefined;
  /** Of the daemon in use: one that was killed comes back as it was. */
  #options: DaemonOptions;
  #client: BridgeClient | null = null;
  #connecting: Promise<BridgeClient> | null = null;
  #users = 0;
  #idle: NodeJS.Timeout | undefined;
  #own: DaemonProcess | null = null;

  /**
   * @param directory @default $RUVECTOR_HOME or the XDG data folder, looked up at each connection
   * @param remote a daemon of another host instead
   */
  constructor(directory: string | undefined, options: DaemonOptions, remote?: RemoteDaemon) {
    this.#directory = directory;
    this.#remote = remote;
    this.#base = options;
    this.#options = options;
  }

  get home(): Home {
    return resolveHome(this.#directory);
  }

  /** The daemon that this process started, while it lives. */
  get own(): DaemonProcess | null {
    return this.#own?.hasEnded === false ? this.#own : null;
  }

  /** Asks the daemon. @throws RuvectorError with the daemon's code; `ERR_CLIENT_START`; the signal's reason */
  request<T>(name: string, params?: unknown, options: RequestOptions = {}): Promise<T> {
    return this.use(async (client) => (await client.request(name, params, options)).result as T);
  }

  /** Works with a connection. */
  async use<T>(work: (client: BridgeClient) => Promise<T>): Promise<T> {
    clearTimeout(this.#idle);
    this.#users++;
    try {
      const client = await this.#connect();
      try {
        return await work(client);
      } catch (error) {
        if (isLost(error)) this.#drop(client);
        throw error;
      }
    } finally {
      if (--this.#users === 0) this.#idle = setTimeout(() => this.#letGo(), IDLE_MS);
    }
  }

  /** The status of a running daemon; null without one: this starts none. */
  async status(): Promise<DaemonStatus | null> {
    await using client = await this.#find();
    return client && ((await client.request('status')).result as DaemonStatus);
  }

  /**
   * Makes sure that a daemon runs in this way.
   * @throws RuvectorError `ERR_CLIENT_RUNNING` when one runs in another way
   */
  async ensure(wanted: DaemonOptions): Promise<DaemonStatus> {
    this.#options = { ...this.#options, ...withoutUndefined(wanted) };
    const status = await this.request<DaemonStatus>('status');
    const problems = Object.entries(withoutUndefined(wanted)).flatMap(([name, value]) => {
      const has = status.config[name as keyof DaemonOptions];
      return has === value ? [] : [`its ${name} is ${has}, wanted ${value}`];
    });
    if (problems.length > 0) throw runningError(problems, status.pid, this.own?.pid === status.pid);
    return status;
  }

  /** Ends the daemon that this process started. @returns false when it started none */
  async stop(): Promise<boolean> {
    this.#letGo();
    const { own } = this;
    this.#own = null;
    this.#options = this.#base;
    await own?.stop();
    return own !== null;
  }

  #connect(): Promise<BridgeClient> {
    if (this.#client) return Promise.resolve(this.#client);
    this.#connecting ??= this.#open().finally(() => (this.#connecting = null));
    return this.#connecting;
  }

  async #open(): Promise<BridgeClient> {
    return (this.#client = (await this.#find()) ?? (await this.#start()));
  }

  /** A daemon that dies may take the connection and hang up: nothing was asked yet, so it is looked for again. */
  async #find(): Promise<BridgeClient | null> {
    for (let tries = 1; ; tries++) {
      try {
        if (this.#remote) return await connectRemoteDaemon(this.#remote);
        return await findDaemon(this.home.bridgeFile);
      } catch (error) {
        if (!isLost(error) || tries === MAX_TRIES) throw error;
      }
      await sleep(RETRY_MS);
    }
  }

  async #start(): Promise<BridgeClient> {
    const { home } = this;
    const { client, process: own } = await startDaemon(home, this.#options);
    if (own) {
      this.#own = own;
      const rate = `${this.#options.hz ?? 1} Hz`;
      say(
        `ruvector: started a daemon on ${home.root} at ${rate}, pid ${own.pid}; it ends with this process; log: ${own.logFile}`,
      );
    }
    return client;
  }

  #drop(client: BridgeClient): void {
    if (this.#client === client) this.#client = null;
    void client.close();
  }

  #letGo(): void {
    clearTimeout(this.#idle);
    if (this.#client) this.#drop(this.#client);
  }
}

const isLost = (error: unknown): boolean =>
  isRuvectorError(error, WireErrorCode.DISCONNECTED) || isRuvectorError(error, WireErrorCode.CLOSED);

function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
