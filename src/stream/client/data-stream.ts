// Reads live data streams: typed async iterators over any transport and format. A lost connection is made
// again and continues after the last record that came, so that nothing is lost or comes twice while the
// server still holds it; what it does not hold comes as a gap. docs/streams.md
import { isRuvectorError, systemClock } from '../../core/index.ts';
import type {
  AdrMemorySnapshot,
  AdrOptimizationEvent,
  AdrProcessRecord,
  AnyRow,
  Clock,
} from '../../core/index.ts';
import { WireErrorCode } from '../../sockets/index.ts';
import type {
  GapEvent,
  StreamEvent,
  StreamFormat,
  StreamPosition,
  StreamRequest,
  StreamTable,
} from '../stream-contract.ts';
import { parseStreamEndpoint } from '../stream-endpoint.ts';
import { streamDefaults } from '../stream-options.ts';
import type { StreamEndpoint } from '../stream-endpoint.ts';
import { createStreamProgress } from './stream-progress.ts';
import type { StreamProgress } from './stream-progress.ts';
import type { SubscribeMessage } from '../stream-request.ts';
import type { StreamSource } from '../transports/stream-source.ts';

/** A row as it travels: the export document's names first, `timestamp` in ms since the epoch, then the rest. */
type Row<T> = Omit<T, 'timestamp'> & { timestamp: number } & AnyRow;
export type StreamMemoryRow = Row<AdrMemorySnapshot>;
/** `name_hash` in an anonymised stream, `name` in one that is not; the other is null. */
export type StreamProcessRow = Row<Omit<AdrProcessRecord, 'name_hash'>>;
export type StreamOptimizationRow = Row<AdrOptimizationEvent>;

/** Options of {@link openDataStream}. */
export interface DataStreamOptions {
  /** Of a pipe: the one it is served in. @default "jsonlines" */
  readonly format?: StreamFormat;
  /** @default none */
  readonly token?: string;
  /** PEM file of the CAs that the certificate of a `wss://` server may come from. @default those of Node */
  readonly ca?: string;
  /** False ends with the connection: an error when it was lost. @default true */
  readonly reconnect?: boolean;
  /** How long the first connection is tried. @default 5000 */
  readonly connectTimeoutMs?: number;
  /**
   * How long a connection that ended is made again. Then a stream that its server ended is at its end,
   * and one that was lost throws `ERR_WIRE_DISCONNECTED`. @default Infinity
   */
  readonly reconnectTimeoutMs?: number;
  /** Ends every subscription. */
  readonly signal?: AbortSignal;
  /** Called when a connection was lost, before the next try. Must not throw. */
  readonly onReconnect?: (reason: Error | null) => void;
  /** @default systemClock */
  readonly clock?: Clock;
}

/** What a subscription asks for. */
export interface SubscribeOptions extends Omit<StreamRequest, 'tables'> {
  readonly signal?: AbortSignal;
}

/** Options of a subscription to one table. */
export interface TableOptions extends SubscribeOptions {
  /** Called with records that will not come. Must not throw. @default nothing */
  readonly onGap?: (gap: GapEvent) => void;
}

/** Options of {@link DataStream.subscribeAll}. */
export interface AllOptions extends SubscribeOptions {
  /** @default all */
  readonly tables?: readonly StreamTable[];
  /** Called with each position, to be kept for `after`. Must not throw. */
  readonly onPosition?: (position: StreamPosition) => void;
}

/** A stream to subscribe to. Each subscription is a connection of its own. */
export interface DataStream extends AsyncDisposable {
  readonly endpoint: string;
  /** Memory snapshots, from now on or after a position. */
  subscribeMemory(options?: TableOptions): AsyncIterable<StreamMemoryRow>;
  subscribeProcesses(options?: TableOptions): AsyncIterable<StreamProcessRow>;
  subscribeOptimizations(options?: TableOptions): AsyncIterable<StreamOptimizationRow>;
  /** Everything with its table and number; gaps and the hello of each connection are events too. */
  subscribeAll(options?: AllOptions): AsyncIterable<StreamEvent>;
  /** Ends every subscription. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5000;
const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 5000;

/**
 * Opens a stream; connections are made when a subscription is read.
 * @param endpoint `ws://host:port`, `wss://host:port`, `tcp://host:port`, `ipc:///path` or `pipe:/path`
 * @throws RuvectorError `ERR_WIRE_ENDPOINT`; reading throws `ERR_WIRE_STREAM_REQUEST`, `ERR_WIRE_STREAM_FULL`,
 *   `ERR_WIRE_AUTH`, `ERR_WIRE_TLS` for a server that is not trusted, `ERR_WIRE_STREAM_DECODE`, and `ERR_WIRE_DISCONNECTED` when there is no first connection
 * @example
 * await using stream = openDataStream('ws://127.0.0.1:9999');
 * for await (const row of stream.subscribeMemory({ intervalMs: 1000 })) console.log(row.used_percent);
 */
export function openDataStream(endpoint: string, options: DataStreamOptions = {}): DataStream {
  return new Client(endpoint, options);
}

/** A transport is loaded when it is read: only opening a stream must not cost its memory. */
async function loadSource(address: StreamEndpoint, endpoint: string, ca?: string): Promise<StreamSource> {
  if (address.transport === 'pipe')
    return (await import('../transports/read-pipe.ts')).readPipe(address.path);
  if (address.transport === 'websocket')
    return (await import('../transports/read-websocket.ts')).readWebSocket(endpoint, ca);
  return (await import('../transports/read-zeromq.ts')).readZeromq(address.address);
}

class Client implements DataStream {
  readonly endpoint: string;
  readonly #options: DataStreamOptions;
  readonly #address: StreamEndpoint;
  readonly #format: StreamFormat;
  readonly #isPipe: boolean;
  readonly #closed = new AbortController();

  constructor(endpoint: string, options: DataStreamOptions) {
    // The server decides who may connect: a client may read from another machine.
    const parsed = parseStreamEndpoint(endpoint, true);
    this.endpoint = endpoint;
    this.#options = options;
    this.#isPipe = parsed.transport === 'pipe';
    this.#format = options.format ?? streamDefaults.format;
    this.#address = parsed;
  }

  subscribeMemory(options: TableOptions = {}): AsyncIterable<StreamMemoryRow> {
    return this.#rows('memory', options) as AsyncIterable<StreamMemoryRow>;
  }

  subscribeProcesses(options: TableOptions = {}): AsyncIterable<StreamProcessRow> {
    return this.#rows('process', options) as AsyncIterable<StreamProcessRow>;
  }

  subscribeOptimizations(options: TableOptions = {}): AsyncIterable<StreamOptimizationRow> {
    return this.#rows('optimization', options) as AsyncIterable<StreamOptimizationRow>;
  }

  async *#rows(table: StreamTable, { onGap, ...options }: TableOptions): AsyncGenerator<AnyRow> {
    for await (const event of this.subscribeAll({ ...options, tables: [table] })) {
      if (event.type === 'record') yield event.row;
      else if (event.type === 'gap') onGap?.(event);
    }
  }

  async *subscribeAll(options: AllOptions = {}): AsyncGenerator<StreamEvent> {
    const { signal: own, onPosition, ...request } = options;
    const signals = [this.#closed.signal, this.#options.signal, own].filter((signal) => signal !== undefined);
    const signal = AbortSignal.any(signals);
    const progress = createStreamProgress(request.after);
    for await (const events of this.#connections(request, progress, signal)) {
      for (const event of events) {
        if (signal.aborted) return;
        if (!this.#isAsked(event, request.tables) || !progress.note(event)) continue;
        onPosition?.(progress.position!);
        yield event;
      }
    }
  }

  /** A pipe carries what it was served with, whoever reads. */
  #isAsked(event: StreamEvent, tables: readonly StreamTable[] | undefined): boolean {
    return !this.#isPipe || !tables || event.type === 'hello' || tables.includes(event.table);
  }

  /** One connection after the other, each continuing where the last one ended. */
  async *#connections(
    request: StreamRequest,
    progress: StreamProgress,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StreamEvent[]> {
    const { clock = systemClock } = this.#options;
    const { connectTimeoutMs = CONNECT_TIMEOUT_MS, reconnectTimeoutMs = Infinity } = this.#options;
    let deadlineMs = clock.monotonicMs() + connectTimeoutMs;
    const source = await loadSource(this.#address, this.endpoint, this.#options.ca);
    let backoffMs = FIRST_BACKOFF_MS;
    let hasConnected = false;
    /** How the last connection that carried events ended. */
    let ended: Error | null = null;
    while (!signal.aborted) {
      const message = this.#messageFor(request, progress);
      let reason: Error | null = null;
      let hasCarried = false;
      try {
        for await (const events of source({ message, format: this.#format, signal })) {
          hasCarried = true;
          yield events;
        }
      } catch (error) {
        if (!this.#canRetry(error)) throw error;
        reason = error as Error;
      }
      if (signal.aborted || this.#options.reconnect === false) return;
      if (hasCarried) {
        [hasConnected, ended, backoffMs] = [true, reason, FIRST_BACKOFF_MS];
        deadlineMs = clock.monotonicMs() + reconnectTimeoutMs;
      }
      if (clock.monotonicMs() >= deadlineMs) {
        endWith(hasConnected ? ended : reason);
        return;
      }
      this.#options.onReconnect?.(reason);
      await clock.sleep(backoffMs * (0.5 + Math.random()), signal).catch(() => {});
      backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS);
    }
  }

  #messageFor(request: StreamRequest, progress: StreamProgress): SubscribeMessage {
    const { token } = this.#options;
    const after = progress.position ?? request.after;
    return { ...request, ...(after && { after }), ...(token !== undefined && { token }) };
  }

  #canRetry(error: unknown): boolean {
    const isLost =
      isRuvectorError(error, WireErrorCode.DISCONNECTED) || isRuvectorError(error, WireErrorCode.CLOSED);
    return isLost && this.#options.reconnect !== false;
  }

  async close(): Promise<void> {
    this.#closed.abort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A stream that its server ended is at its end; one that was lost is an error. */
function endWith(reason: Error | null): void {
  if (reason !== null) throw reason;
}
