// Publishes a host's history: rows → batches → outbox → NATS. Nothing here makes the one who collects wait: rows are
// followed in the history, as fast as they can be stored, and sent as fast as a server takes them.
import { setTimeout as sleep } from 'node:timers/promises';
import { isRuvectorError, messageOf } from '../../core/index.ts';
import type { NatsConnection } from '@nats-io/transport-node';
import { DEFAULT_TIMEOUT_MS, checkServers, connectNats } from '../connect.ts';
import type { NatsAccess } from '../connect.ts';
import { fleetOptionError } from '../errors.ts';
import { isHostName } from '../subjects.ts';
import { maskUrl } from '../../sockets/index.ts';
import { openOutbox } from './outbox.ts';
import type { BatchCount, RowOutbox } from './outbox.ts';
import { RowBatches } from './row-batches.ts';
import type { PublishedKind } from './row-batches.ts';
import { sendBatches } from './send-batches.ts';

/** Options of {@link openPublisher}. */
export interface PublisherOptions {
  readonly access: NatsAccess;
  /** The outbox's. */
  readonly folder: string;
  /** By what name the fleet knows this host: letters, digits, `_` and `-`. */
  readonly host: string;
  readonly kinds: Readonly<Record<string, PublishedKind>>;
  /** Whether the rows of `kinds` are anonymised when they leave. */
  readonly isAnonymized: boolean;
  /** Longest time a row waits for others. @default 30_000 */
  readonly batchMs?: number;
  /** Rows that make a batch at once. @default 1024 */
  readonly batchRows?: number;
  /** Most bytes of the outbox; its oldest batches go first. @default 256 MiB */
  readonly outboxBytes?: number;
  /** How far back rows of the history are sent that were not sent before. @default 24 h */
  readonly catchUpMs?: number;
  /** Shortest and longest time between two attempts to connect. @default 500 and 30_000 */
  readonly retryMs?: { readonly least: number; readonly most: number };
  readonly onLog?: (text: string) => void;
}

/** How publishing goes. Plain JSON. */
export interface PublisherStatus {
  readonly host: string;
  /** Without secrets. */
  readonly servers: string;
  readonly isAnonymized: boolean;
  readonly isConnected: boolean;
  readonly sentRows: number;
  readonly sentBytes: number;
  /** On disk, not yet with a server. */
  readonly waiting: BatchCount;
  /** Rows not on the outbox's disk yet. */
  readonly gatheredRows: number;
  readonly outboxBytes: number;
  /** Given up because the outbox was full. */
  readonly dropped: BatchCount;
  /** Code and text of what went wrong last; null while nothing is wrong. */
  readonly lastError: { readonly code: string | null; readonly message: string } | null;
}

/** Publishes until it is closed. */
export interface FleetPublisher extends AsyncDisposable {
  readonly status: PublisherStatus;
  /** Puts everything that was gathered into the outbox. @throws RuvectorError `ERR_FLEET_OUTBOX` */
  flush(): Promise<void>;
  /** Resolves when everything that was gathered is with a server. */
  drain(signal?: AbortSignal): Promise<void>;
}

export const DEFAULT_OUTBOX_MIB = 256;
export const DEFAULT_BATCH_MS = 30_000;
const DAY_MS = 86_400_000;
/** How long the end waits for a server that answers. */
const LAST_SEND_MS = 2000;

/**
 * Opens the outbox and begins. A server that is away, or refuses, is `status.lastError` and is tried again.
 * @throws RuvectorError `ERR_FLEET_OPTION`, `ERR_FLEET_OUTBOX`
 */
export async function openPublisher(options: PublisherOptions): Promise<FleetPublisher> {
  checkServers(options.access.servers);
  if (!isHostName(options.host))
    throw fleetOptionError('host', options.host, 'up to 64 letters, digits, _ and -');
  const budgetBytes = options.outboxBytes ?? DEFAULT_OUTBOX_MIB * 2 ** 20;
  const outbox = await openOutbox(options.folder, {
    budgetBytes,
    kinds: Object.keys(options.kinds),
    onProblem: (problem) => options.onLog?.(`${problem.code}: ${problem.message}`),
  });
  return new RunningPublisher(options, outbox);
}

class RunningPublisher implements FleetPublisher {
  readonly #options: PublisherOptions;
  readonly #outbox: RowOutbox;
  readonly #batches: readonly RowBatches[];
  readonly #stopped = new AbortController();
  readonly #sendingEnded = new AbortController();
  readonly #following: Promise<unknown>;
  readonly #sending: Promise<void>;
  readonly #timer: NodeJS.Timeout;
  #wakers: (() => void)[] = [];
  #connection: NatsConnection | null = null;
  #sentRows = 0;
  #sentBytes = 0;
  #sendError: unknown = null;
  #storeError: unknown = null;

  constructor(options: PublisherOptions, outbox: RowOutbox) {
    const { kinds, batchMs = DEFAULT_BATCH_MS, batchRows = 1024 } = options;
    this.#options = options;
    this.#outbox = outbox;
    const gather = {
      batchMs,
      batchRows,
      onStored: () => {
        this.#storeError = null;
        this.#wake();
      },
      onProblem: (error: unknown) => {
        this.#storeError = this.#say(this.#storeError, error);
      },
    };
    const entries = Object.entries(kinds);
    this.#batches = entries.map(([name, kind]) => new RowBatches(name, kind, outbox, gather));
    this.#following = Promise.all(entries.map(([name], i) => this.#follow(name, this.#batches[i]!)));
    this.#sending = this.#send();
    const storeOld = (): void => {
      for (const batches of this.#batches) void batches.storeOld();
    };
    this.#timer = setInterval(storeOld, Math.min(1000, batchMs)).unref();
  }

  get status(): PublisherStatus {
    const { waiting, dropped, sizeBytes } = this.#outbox.stats;
    return {
      host: this.#options.host,
      servers: maskUrl(this.#options.access.servers),
      isAnonymized: this.#options.isAnonymized,
      isConnected: this.#connection !== null,
      sentRows: this.#sentRows,
      sentBytes: this.#sentBytes,
      waiting,
      gatheredRows: this.#batches.reduce((sum, { waitingRows }) => sum + waitingRows, 0),
      outboxBytes: sizeBytes,
      dropped,
      lastError: describeError(this.#storeError ?? this.#sendError),
    };
  }

  async flush(): Promise<void> {
    await Promise.all(this.#batches.map((batches) => batches.store()));
  }

  async drain(signal?: AbortSignal): Promise<void> {
    await this.flush();
    const isOver = (): boolean => signal?.aborted === true || this.#outbox.stats.waiting.batches === 0;
    while (!isOver()) {
      await Promise.race([this.#changed(), sleep(LAST_SEND_MS / 10)]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#stopped.abort();
    await this.#following;
    await this.flush().catch((error: unknown) => this.#say(null, error));
    if (this.#connection) await this.drain(AbortSignal.timeout(LAST_SEND_MS)).catch(() => undefined);
    this.#sendingEnded.abort();
    this.#wake();
    await this.#sending;
    await this.#outbox[Symbol.asyncDispose]();
  }

  /** A source that fails begins again behind what is stored. */
  async #follow(name: string, batches: RowBatches): Promise<void> {
    const { signal } = this.#stopped;
    const { catchUpMs = DAY_MS } = this.#options;
    while (!signal.aborted) {
      const lastMs = this.#outbox.lastMs(name);
      const fromMs = lastMs === null ? null : Math.max(lastMs + 1, Date.now() - catchUpMs);
      try {
        await batches.run(fromMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#storeError = this.#say(this.#storeError, error);
        await batches.store().catch(() => this.#forgetGathered(name, batches));
      }
      await sleep(1000, undefined, { signal }).catch(() => undefined);
    }
  }

  /** What cannot be stored is read from the history again, where it is known from when. */
  #forgetGathered(name: string, batches: RowBatches): void {
    if (this.#outbox.lastMs(name) !== null) batches.clear();
  }

  async #send(): Promise<void> {
    const { signal } = this.#sendingEnded;
    const { least, most } = this.#options.retryMs ?? { least: 500, most: 30_000 };
    for (let waitMs = least; !signal.aborted; waitMs = Math.min(most, waitMs * 2)) {
      const before = this.#sentRows;
      try {
        await this.#sendOnce(signal);
      } catch (error) {
        this.#sendError = this.#say(this.#sendError, error);
      }
      this.#outbox.putBack();
      if (this.#sentRows > before) waitMs = least;
      // Hosts that lost one server must not all come back at one moment.
      const jitterMs = waitMs * (0.5 + Math.random());
      await sleep(jitterMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #sendOnce(signal: AbortSignal): Promise<void> {
    const { access, host, isAnonymized } = this.#options;
    const connection = await connectNats(access, { name: `ruvector-publish ${host}` });
    this.#connection = connection;
    try {
      const options = {
        host,
        isAnonymized,
        servers: access.servers,
        timeoutMs: access.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        onSent: (rows: number, sizeBytes: number) => {
          this.#sentRows += rows;
          this.#sentBytes += sizeBytes;
          this.#sendError = null;
          this.#wake();
        },
      };
      await sendBatches(connection, this.#outbox, options, { signal, changed: () => this.#changed() });
    } finally {
      this.#connection = null;
      await connection.close().catch(() => undefined);
    }
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#wakers.push(resolve));
  }

  #wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }

  /** Says what is new and returns it. */
  #say(before: unknown, error: unknown): unknown {
    const { onLog } = this.#options;
    if (before === null || messageOf(before) !== messageOf(error)) {
      onLog?.(isRuvectorError(error) ? `${error.code}: ${error.message}` : messageOf(error));
    }
    return error;
  }
}

function describeError(error: unknown): PublisherStatus['lastError'] {
  if (error === null) return null;
  return { code: isRuvectorError(error) ? error.code : null, message: messageOf(error) };
}
