// Streams over WebSocket (RFC 6455). One connection is one subscription: the request is the query string,
// or the first text message at /request. Knows frames and connections, no formats. docs/streams.md
import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { messageOf, systemCodeOf } from '../../core/index.ts';
import { WireErrorCode, toErrorPayload, wireError } from '../errors.ts';
import { endpointError, isLoopbackHost } from './stream-endpoint.ts';
import { parseSubscribeMessage, parseSubscribeQuery } from './stream-request.ts';
import type { SubscribeMessage } from './stream-request.ts';
import type { StreamKinds } from './stream-contract.ts';
import type { StreamSessions } from './stream-sessions.ts';

/** Requests are small. */
const MAX_REQUEST_BYTES = 65_536;
const PING_MS = 15_000;
/** A peer that answers no ping for this long is gone; one that merely stops reading is kept until then. */
const LEASE_MS = 120_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** How long a peer may take to answer a close. */
const CLOSE_MS = 500;
/** Close codes of RFC 6455, section 7.4.1. */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

export interface WebSocketOptions {
  readonly host: string;
  readonly port: number;
  readonly kinds: StreamKinds;
  readonly sessions: StreamSessions;
  readonly token: string | undefined;
  /** Pages of these origins may read the stream, besides those of this machine. */
  readonly origins: readonly string[];
  readonly allowRemote: boolean;
}

/** A bound endpoint. */
export interface ServedEndpoint {
  readonly endpoint: string;
  /** Drains, then closes every connection. */
  close(): Promise<void>;
}

/**
 * Serves subscribers.
 * @throws RuvectorError `ERR_WIRE_ENDPOINT` when the port is taken
 */
export async function serveWebSocket(options: WebSocketOptions): Promise<ServedEndpoint> {
  const http = createServer((_request, response) => {
    response.writeHead(426, { upgrade: 'websocket', 'content-type': 'text/plain' });
    response.end('This is a data stream: connect with a WebSocket.\n');
  });
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_REQUEST_BYTES,
    perMessageDeflate: false,
  });
  http.on('upgrade', (request, socket: Duplex, head) => {
    const refusal = refusalOf(request, options);
    if (refusal !== null) return refuse(socket, refusal);
    server.handleUpgrade(request, socket, head, (ws) => void subscribe(ws, request, options));
  });
  const stopPings = pingAll(server);
  await listen(http, options);
  const { port } = http.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    endpoint: `ws://${host}:${port}`,
    close: async () => {
      http.close();
      await options.sessions.drain();
      stopPings();
      await endConnections(server);
      http.closeAllConnections();
    },
  };
}

/** Lets the close handshakes end, so that nothing sent is thrown away, then cuts what is left. */
async function endConnections(server: WebSocketServer): Promise<void> {
  const connections = [...server.clients].filter((ws) => ws.readyState !== WebSocket.CLOSED);
  const closed = connections.map((ws) => once(ws, 'close'));
  const timer = setTimeout(() => connections.forEach((ws) => ws.terminate()), CLOSE_MS);
  await Promise.all(closed);
  clearTimeout(timer);
}

async function listen(http: Server, { host, port }: WebSocketOptions): Promise<void> {
  try {
    http.listen(port, host);
    await once(http, 'listening');
  } catch (error) {
    throw endpointError(`ws://${host}:${port}`, systemCodeOf(error) ?? messageOf(error), error);
  }
}

/** The status line of a refused upgrade, or null. */
function refusalOf(request: IncomingMessage, options: WebSocketOptions): string | null {
  const { allowRemote, origins, token } = options;
  const { origin, host } = request.headers;
  // A page that was rebound to this address by its DNS name still sends its own Host.
  if (!allowRemote && !isLoopbackHost(hostNameOf(`http://${host ?? ''}`))) return '403 Forbidden';
  const isLocalPage = origin === undefined || isLoopbackHost(hostNameOf(origin));
  if (!isLocalPage && !origins.includes(origin)) return '403 Forbidden';
  if (token !== undefined && !isToken(tokenOf(request), token)) return '401 Unauthorized';
  return null;
}

function hostNameOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}

function tokenOf(request: IncomingMessage): string {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  return bearer ?? urlOf(request).searchParams.get('token') ?? '';
}

/** Compares in constant time. */
export function isToken(given: string, wanted: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function urlOf(request: IncomingMessage): URL {
  return new URL(request.url ?? '/', 'ws://localhost');
}

async function subscribe(ws: WebSocket, request: IncomingMessage, options: WebSocketOptions): Promise<void> {
  // Without a listener a broken frame would end the process; the close that follows says enough.
  ws.on('error', () => {});
  try {
    const message = await readRequest(ws, urlOf(request), options.kinds);
    const { abort, done } = options.sessions.start(message, (bytes, _events, format) =>
      send(ws, bytes, format !== 'jsonlines'),
    );
    ws.on('close', abort);
    await done;
    ws.close(GOING_AWAY, 'the stream ended');
  } catch (error) {
    const payload = { event: 'error', ...toErrorPayload(error) };
    ws.send(JSON.stringify(payload), () => ws.close(POLICY_VIOLATION, payload.code));
  }
}

async function readRequest(ws: WebSocket, url: URL, kinds: StreamKinds): Promise<SubscribeMessage> {
  if (url.pathname !== '/request') return parseSubscribeQuery(url.searchParams, kinds);
  const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const [data] = (await once(ws, 'message', { signal }).catch((cause: unknown) => {
    throw wireError(
      WireErrorCode.STREAM_REQUEST,
      `Cannot subscribe: no request came in ${REQUEST_TIMEOUT_MS / 1000} s; send it as the first text message`,
      { cause },
    );
  })) as [Buffer];
  return parseSubscribeMessage(parseJson(data.toString()), kinds);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Resolves when the bytes are with the kernel: a subscriber that does not read makes this wait. */
function send(ws: WebSocket, bytes: Uint8Array, binary: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    if (ws.readyState !== WebSocket.OPEN) reject(new Error('the connection is closed'));
    else ws.send(bytes, { binary }, (error) => (error ? reject(error) : resolve()));
  });
}

function pingAll(server: WebSocketServer): () => void {
  const heardMs = new WeakMap<WebSocket, number>();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    for (const ws of server.clients) {
      if (!heardMs.has(ws)) {
        heardMs.set(ws, nowMs);
        ws.on('pong', () => heardMs.set(ws, performance.now()));
      }
      if (nowMs - heardMs.get(ws)! > LEASE_MS) ws.terminate();
      else if (ws.readyState === WebSocket.OPEN) ws.ping();
    }
  }, PING_MS);
  timer.unref();
  return () => clearInterval(timer);
}
