// Live streams of a host: what it appends to the history goes to the hubs, and each endpoint that was
// started serves one of them. Two hubs: anonymised (the default) and, once somebody asks for it, plain.
import { once } from 'node:events';
import type { AnyRow } from '../../core/index.ts';
import type { HistoryKind } from '../../store/index.ts';
import { createStreamHub, serveStream } from '../../stream/index.ts';
import type {
  StreamFormat,
  StreamHandle,
  StreamHub,
  StreamRequest,
  StreamStats,
  StreamTable,
  StreamTransport,
} from '../../stream/index.ts';
import { createAnonymousViews, createPlainViews, readViews } from './stream-views.ts';
import type { StreamViews, ViewedHistory } from './stream-views.ts';
import { unknownStreamEndpointError } from '../errors.ts';

/** What is started. */
export interface StreamOptions {
  /** `ws://127.0.0.1:9999`, `ipc:///path`, `tcp://127.0.0.1:0` or `pipe:/path`. */
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

/** Live streams of one host. */
export interface StreamService extends AsyncDisposable {
  /** Runs a stream until the signal aborts, it is stopped or the host closes. @returns its last figures */
  run(options: StreamOptions, signal: AbortSignal, onStart: (info: StreamInfo) => void): Promise<StreamInfo>;
  /** Hands rows that were just appended to the history to every subscriber. Never waits, never throws. */
  publish(table: HistoryKind, rows: readonly AnyRow[]): void;
  /** @throws RuvectorError `ERR_WIRE_ENDPOINT`, `ERR_WIRE_STREAM_REQUEST` */
  start(options: StreamOptions): Promise<StreamInfo>;
  /** Lets subscribers take what is left, then closes. @throws RuvectorError `ERR_APP_NO_STREAM` */
  stop(endpoint: string): Promise<void>;
  list(): StreamInfo[];
  totals(): StreamTotals[];
}

interface Running {
  readonly handle: StreamHandle;
  readonly anonymized: boolean;
  readonly stopped: AbortController;
}

/**
 * Creates the streams of a host.
 * @param onLog told of problems that subscribers see as gaps
 */
export function createStreamService(history: ViewedHistory, onLog: (text: string) => void): StreamService {
  return new Service(history, onLog);
}

class Service implements StreamService {
  readonly #history: ViewedHistory;
  readonly #onLog: (text: string) => void;
  readonly #hubs = new Map<boolean, { hub: StreamHub; views: StreamViews }>();
  readonly #running = new Map<string, Running>();
  /** Last figures of streams that ended. */
  #ended: StreamTotals[] = [];

  constructor(history: ViewedHistory, onLog: (text: string) => void) {
    this.#history = history;
    this.#onLog = onLog;
    // From the first record on, so that a subscriber can continue at any of them.
    this.#hubFor(true);
  }

  publish(table: StreamTable, rows: readonly AnyRow[]): void {
    for (const { hub, views } of this.#hubs.values())
      hub.publish(
        table,
        rows.map((row) => views[table].toRow(row)),
      );
  }

  #hubFor(anonymized: boolean): StreamHub {
    const found = this.#hubs.get(anonymized);
    if (found) return found.hub;
    const views = anonymized ? createAnonymousViews() : createPlainViews();
    const hub = createStreamHub({
      kinds: {
        memory: views.memory.kind,
        process: views.process.kind,
        optimization: views.optimization.kind,
      },
      anonymized,
      history: readViews(this.#history, views),
      onProblem: (problem) => this.#onLog(`${problem.code}: ${problem.message}`),
    });
    this.#hubs.set(anonymized, { hub, views });
    return hub;
  }

  async start(options: StreamOptions): Promise<StreamInfo> {
    const { endpoint, format, request, anonymize = true, token, origins } = options;
    const handle = await serveStream({
      hub: this.#hubFor(anonymize),
      endpoint,
      ...(format && { format }),
      ...(request && { request }),
      ...(token !== undefined && { token }),
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
