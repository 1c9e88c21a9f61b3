// Live streams of a host: what it appends to the history goes to the hubs, and each endpoint that was
// started serves one of them. Hubs: anonymised (the default) and, once somebody asks for it, plain; and one of
// rows as they are stored, while a reader inside this process follows them.
import { once } from 'node:events';
import type { AnyRow, HistoryKind, HistoryReader } from '../../core/index.ts';
import { createStreamHub, serveStream } from '../../stream/index.ts';
import type {
  HubSubscription,
  StreamFormat,
  StreamHandle,
  StreamHub,
  StreamRequest,
  StreamStats,
  StreamTable,
  StreamTransport,
} from '../../stream/index.ts';
import { decideStreamAccess } from '../remote/stream-access.ts';
import type { StreamNetwork } from '../remote/stream-access.ts';
import { createAnonymousViews, createPlainViews, readViews, storedViews } from './stream-views.ts';
import type { StreamViews } from './stream-views.ts';
import { unknownStreamEndpointError } from '../errors.ts';

/** What is started. */
export interface StreamOptions {
  /** `ws://127.0.0.1:9999`, `wss://host:9999`, `ipc:///path`, `tcp://127.0.0.1:0` or `pipe:/path`. */
  readonly endpoint: string;
  /** @default "jsonlines" */
  readonly format?: StreamFormat | undefined;
  /** What a subscriber gets that asks for nothing, and a pipe carries. @default everything */
  readonly request?: StreamRequest | undefined;
  /** False sends process names and error texts as they are. @default true */
  readonly anonymize?: boolean | undefined;
  /** Subscribers must show it. @default none */
  readonly token?: string | undefined;
  /** Origins of web pages, besides this machine's own, that may read. @default none */
  readonly origins?: readonly string[] | undefined;
}

/** A stream that runs. */
export interface StreamInfo extends StreamStats {
  readonly endpoint: string;
  readonly transport: StreamTransport;
  readonly format: StreamFormat;
  readonly anonymized: boolean;
}

/** Sums over all streams of one transport and format since the start, closed ones too. */
export type StreamTotals = Pick<StreamInfo, 'transport' | 'format' | 'subscribers' | 'records' | 'dropped'>;

/** Rows as they are stored, at the moment they are appended: for readers inside this process. */
export interface AppendedRows {
  /** Subscribes from this very moment on. What left the hub's memory unread is read from the history again. */
  subscribe(table: StreamTable, signal: AbortSignal): HubSubscription;
  /** Timestamp of what was appended last; undefined before the first. */
  lastMs(table: StreamTable): number | undefined;
}

/** Live streams of one host. */
export interface StreamService extends AppendedRows, AsyncDisposable {
  /** Runs a stream until the signal aborts, it is stopped or the host closes. @returns its last figures */
  run(options: StreamOptions, signal: AbortSignal, onStart: (info: StreamInfo) => void): Promise<StreamInfo>;
  /** Rows as {@link AppendedRows.subscribe} gives them, of several tables: who does not keep up loses the oldest. */
  follow(tables: readonly StreamTable[], signal: AbortSignal): HubSubscription;
  /** Hands rows that were just appended to the history to every subscriber. Never waits, never throws. */
  publish(table: HistoryKind, rows: readonly AnyRow[]): void;
  /** @throws RuvectorError `ERR_WIRE_ENDPOINT`, `ERR_WIRE_STREAM_REQUEST` */
  start(options: StreamOptions): Promise<StreamInfo>;
  /** Lets subscribers take what is left, then closes. @throws RuvectorError `ERR_APP_NO_STREAM` */
  stop(endpoint: string): Promise<void>;
  list(): StreamInfo[];
  totals(): StreamTotals[];
}

/** How the rows of a hub look. */
type HubLook = 'anonymous' | 'plain' | 'stored';

const buildViewsOf: Readonly<Record<HubLook, () => StreamViews>> = {
  anonymous: createAnonymousViews,
  plain: createPlainViews,
  stored: () => storedViews,
};

interface Running {
  readonly handle: StreamHandle;
  readonly anonymized: boolean;
  readonly stopped: AbortController;
}

/**
 * Creates the streams of a host.
 * @param onLog told of problems that subscribers see as gaps
 * @param network whether and how other hosts may be served. @default null, not at all
 */
export function createStreamService(
  history: HistoryReader,
  onLog: (text: string) => void,
  network: StreamNetwork | null = null,
): StreamService {
  return new Service(history, onLog, network);
}

class Service implements StreamService {
  readonly #history: HistoryReader;
  readonly #onLog: (text: string) => void;
  readonly #network: StreamNetwork | null;
  readonly #hubs = new Map<HubLook, { hub: StreamHub; views: StreamViews }>();
  readonly #lastMs: Partial<Record<StreamTable, number>> = {};
  readonly #running = new Map<string, Running>();
  /** Last figures of streams that ended. */
  #ended: StreamTotals[] = [];

  constructor(history: HistoryReader, onLog: (text: string) => void, network: StreamNetwork | null) {
    this.#network = network;
    this.#history = history;
    this.#onLog = onLog;
    // From the first record on, so that a subscriber can continue at any of them.
    this.#hubFor('anonymous');
  }

  publish(table: StreamTable, rows: readonly AnyRow[]): void {
    const last = rows.at(-1);
    if (last) this.#lastMs[table] = Number(last['timestamp']);
    // Its memory is worth having only while somebody follows.
    if (this.#hubs.get('stored')?.hub.stats().subscribers === 0) this.#hubs.delete('stored');
    for (const { hub, views } of this.#hubs.values())
      hub.publish(
        table,
        rows.map((row) => views[table].toRow(row)),
      );
  }

  subscribe(table: StreamTable, signal: AbortSignal): HubSubscription {
    return this.#hubFor('stored').open({ tables: [table], overflow: 'block' }, signal);
  }

  follow(tables: readonly StreamTable[], signal: AbortSignal): HubSubscription {
    return this.#hubFor('stored').open({ tables, overflow: 'drop-oldest' }, signal);
  }

  lastMs(table: StreamTable): number | undefined {
    return this.#lastMs[table];
  }

  #hubFor(look: HubLook): StreamHub {
    const found = this.#hubs.get(look);
    if (found) return found.hub;
    const views = buildViewsOf[look]();
    const hub = createStreamHub({
      kinds: {
        memory: views.memory.kind,
        process: views.process.kind,
        optimization: views.optimization.kind,
      },
      anonymized: look === 'anonymous',
      history: readViews(this.#history, views),
      onProblem: (problem) => this.#onLog(`${problem.code}: ${problem.message}`),
    });
    this.#hubs.set(look, { hub, views });
    return hub;
  }

  async start(options: StreamOptions): Promise<StreamInfo> {
    const { endpoint, format, request, anonymize = true, token, origins } = options;
    const handle = await serveStream({
      hub: this.#hubFor(anonymize ? 'anonymous' : 'plain'),
      endpoint,
      ...(format && { format }),
      ...(request && { request }),
      ...(await decideStreamAccess(endpoint, token, this.#network)),
      ...(origins && { origins }),
      onProblem: (problem) => this.#onLog(`${problem.code}: ${problem.message}`),
    });
    const running = { handle, anonymized: anonymize, stopped: new AbortController() };
    this.#running.set(handle.endpoint, running);
    return infoOf(running);
  }

  async run(
    options: StreamOptions,
    signal: AbortSignal,
    onStart: (info: StreamInfo) => void,
  ): Promise<StreamInfo> {
    const { endpoint } = await this.start(options);
    const running = this.#running.get(endpoint)!;
    onStart(infoOf(running));
    const ended = AbortSignal.any([signal, running.stopped.signal]);
    if (!ended.aborted) await once(ended, 'abort');
    // Somebody may have stopped it and started another one there.
    if (this.#running.get(endpoint) === running) await this.stop(endpoint);
    return infoOf(running);
  }

  async stop(endpoint: string): Promise<void> {
    const running = this.#running.get(endpoint);
    if (!running) throw unknownStreamEndpointError(endpoint, [...this.#running.keys()]);
    this.#running.delete(endpoint);
    await this.#close(running);
  }

  list(): StreamInfo[] {
    return [...this.#running.values()].map(infoOf);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(running.map((one) => this.#close(one)));
  }

  totals(): StreamTotals[] {
    return sumByFormat([...this.#ended, ...this.list()]);
  }

  async #close(running: Running): Promise<void> {
    const figures = (): StreamTotals => ({ ...infoOf(running), subscribers: 0 });
    // While it drains it counts with what it had; sums never fall.
    const before = figures();
    this.#ended.push(before);
    try {
      await running.handle.close();
    } finally {
      this.#ended = sumByFormat([...this.#ended.filter((one) => one !== before), figures()]);
      running.stopped.abort();
    }
  }
}

function sumByFormat(all: readonly StreamTotals[]): StreamTotals[] {
  const sums = new Map<string, StreamTotals>();
  for (const { transport, format, subscribers, records, dropped } of all) {
    const key = `${transport} ${format}`;
    const sum = sums.get(key) ?? { transport, format, subscribers: 0, records: 0, dropped: 0 };
    sums.set(key, {
      ...sum,
      subscribers: sum.subscribers + subscribers,
      records: sum.records + records,
      dropped: sum.dropped + dropped,
    });
  }
  return [...sums.values()];
}

function infoOf({ handle, anonymized }: Running): StreamInfo {
  const { endpoint, transport, format } = handle;
  return { endpoint, transport, format, anonymized, ...handle.stats() };
}
