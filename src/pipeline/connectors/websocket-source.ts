// What a WebSocket server sends: JSON Lines, or messages of Arrow IPC. Messages wait here up to a bound; then the socket
// is not read, and TCP stops the sender.
import { WebSocket } from 'ws';
import { guardSocket } from '../../sockets/index.ts';
import type { Batch, Source } from '../contract.ts';
import { connectionError, messageError } from './errors.ts';
import { createArrivalQueue, mapArrivals } from './arrival-queue.ts';
import type { Arrivals } from './arrival-queue.ts';
import { decodeBatches } from './arrow-message.ts';
import { BUFFER_BYTES, createBatchFeed, createRowFeed } from './live-source.ts';
import type { LiveLimits, Row } from './live-source.ts';
import { inferColumns, parseRowColumns } from './row-columns.ts';
import type { RowColumn } from './row-columns.ts';

/** What is read. */
export interface WebSocketSourceOptions extends LiveLimits {
  /** `ws://host:port/path` or `wss://…`. */
  readonly url: string;
  /** @default "jsonlines" */
  readonly format?: 'jsonlines' | 'arrow';
  /** `name:type` of the fields of a line that are read. @default those of the first message */
  readonly columns?: readonly string[];
  /** A text that is sent first, as a request to subscribe. */
  readonly send?: string | undefined;
  /** Sent as `Authorization: Bearer …`. */
  readonly token?: string | undefined;
}

const HANDSHAKE_MS = 10_000;
const MAX_MESSAGE_BYTES = 64 * 2 ** 20;
/** A connection on which nothing is heard is asked, and given up when that is not answered. */
const PING_MS = 15_000;
const SILENT_PINGS = 3;
/** Normal closure, going away, and no code at all: the server has said all it had to say. */
const ENDS = new Set([1000, 1001, 1005]);

interface Connection {
  readonly queue: Arrivals<Buffer>;
  readonly close: () => Promise<void>;
}

/**
 * Connects and waits for the first message, from which it knows the columns.
 * @throws RuvectorError `ERR_PIPELINE_CONNECTION`, `ERR_PIPELINE_MESSAGE`; the signal's reason
 */
export async function openWebSocketSource(
  options: WebSocketSourceOptions,
  signal: AbortSignal = new AbortController().signal,
): Promise<Source> {
  const connection = await connect(options, signal);
  try {
    return options.format === 'arrow'
      ? await readArrow(options, connection, signal)
      : await readLines(options, connection, signal);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function connect(
  { url, send, token }: WebSocketSourceOptions,
  signal: AbortSignal,
): Promise<Connection> {
  const what = `WebSocket "${url}"`;
  const ws = createSocket(url, token);
  const queue = createArrivalQueue<Buffer>(BUFFER_BYTES, (isFull) => {
    if (isFull) ws.pause();
    else ws.resume();
  });
  const opened = Promise.withResolvers<void>();
  let hasOpened = false;
  ws.on('open', () => {
    hasOpened = true;
    opened.resolve();
  });
  guardSocket(ws, (cause) => {
    opened.reject(connectionError('reach', what, cause));
    queue.end(connectionError('read', what, cause));
  });
  ws.on('message', (data: Buffer) => queue.push(data, data.length));
  ws.on('close', (code: number, reason: Buffer) => {
    const state = new Error(
      `it was closed with code ${code}${reason.length > 0 ? `, "${reason.toString()}"` : ''}`,
    );
    opened.reject(connectionError('reach', what, state));
    queue.end(hasOpened && ENDS.has(code) ? undefined : connectionError('read', what, state));
  });
  const timer = watchSilence(ws);
  const stop = (): void => {
    clearInterval(timer);
    ws.terminate();
  };
  signal.addEventListener('abort', () => opened.reject(signal.reason as Error), { once: true });
  try {
    await opened.promise;
  } catch (error) {
    stop();
    throw error;
  }
  if (send !== undefined) ws.send(send);
  return { queue, close: async () => stop() };
}

function createSocket(url: string, token: string | undefined): WebSocket {
  try {
    return new WebSocket(url, {
      handshakeTimeout: HANDSHAKE_MS,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    });
  } catch (cause) {
    throw connectionError('reach', `WebSocket "${url}"`, cause);
  }
}

/** A socket that is paused hears nothing, and is not silent. */
function watchSilence(ws: WebSocket): NodeJS.Timeout {
  let silent = 0;
  for (const event of ['message', 'pong', 'ping']) ws.on(event, () => (silent = 0));
  return setInterval(() => {
    if (ws.isPaused || ws.readyState !== WebSocket.OPEN) return;
    if (silent++ >= SILENT_PINGS) ws.terminate();
    else ws.ping();
  }, PING_MS).unref();
}

async function readArrow(
  { url, rows, forMs }: WebSocketSourceOptions,
  { queue, close }: Connection,
  signal: AbortSignal,
): Promise<Source> {
  const batches = mapArrivals(queue, (message): readonly Batch[] => decodeBatches(url, message));
  let first: readonly Batch[] = [];
  while (first.length === 0) first = (await batches.take(signal)) ?? nothingCame(url, 'an Arrow IPC stream');
  return createBatchFeed(url, batches, first, { limits: { rows, forMs }, close });
}

async function readLines(
  { url, columns, rows, forMs }: WebSocketSourceOptions,
  { queue, close }: Connection,
  signal: AbortSignal,
): Promise<Source> {
  const objects = mapArrivals(queue, (message) => parseLines(url, message.toString()));
  let first: readonly LineObject[] = [];
  if (columns === undefined) {
    while (first.length === 0) first = (await objects.take(signal)) ?? nothingCame(url, 'JSON Lines');
  }
  const named = columns === undefined ? namesOf(first) : parseRowColumns(columns);
  const toRow = (object: LineObject): Row => named.map(({ name }) => object[name]);
  const firstRows = first.map(toRow);
  return createRowFeed(
    `WebSocket "${url}"`,
    mapArrivals(objects, (some) => some.map(toRow)),
    {
      columns: inferColumns(named, firstRows),
      first: firstRows,
      limits: { rows, forMs },
      close,
    },
  );
}

function nothingCame(url: string, format: string): never {
  throw messageError(url, format, new Error('it ended before the first message'));
}

type LineObject = Readonly<Record<string, unknown>>;

const namesOf = (objects: readonly LineObject[]): RowColumn[] =>
  [...new Set(objects.flatMap((object) => Object.keys(object)))].map((name) => ({ name, type: null }));

function parseLines(url: string, text: string): LineObject[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as LineObject;
      throw new Error(`"${line.slice(0, 80)}" is no object`);
    } catch (cause) {
      throw messageError(url, 'JSON Lines', cause);
    }
  });
}
