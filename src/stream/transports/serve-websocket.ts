// Streams over WebSocket (RFC 6455), plain or over TLS. One connection is one subscription: the request is the query string,
// or the first text message at /request. Knows frames and connections, no formats. docs/streams.md
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { isRuvectorError, messageOf, systemCodeOf } from '../../core/index.ts';
import type { RuvectorError } from '../../core/index.ts';
import {
  WireErrorCode,
  guardServer,
  guardSocket,
  readConnectionShare,
  toErrorPayload,
} from '../../sockets/index.ts';
import { endpointError, noRequestError } from '../errors.ts';
import { MAX_REQUEST_BYTES, parseSubscribeMessage, parseSubscribeQuery } from '../stream-request.ts';
import type { SubscribeMessage } from '../stream-request.ts';
import { followCertificate, readCertificate } from './certificate.ts';
import type { TlsFiles } from './certificate.ts';
import type { ServedEndpoint } from './served-endpoint.ts';
import { refusalOf, urlOf } from './websocket-access.ts';
import type { StreamKinds } from '../stream-contract.ts';
import type { StreamSessions } from './stream-sessions.ts';

const PING_MS = 15_000;
/** A peer that answers no ping for this long is gone; one that merely stops reading is kept until then. */
const LEASE_MS = 120_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** How long a handshake may take, from its first byte or from the connection if none comes. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
const HANDSHAKE_CHECK_MS = 1000;
const MAX_HEADER_BYTES = 16_384;
/** Connections besides subscribers: handshakes, and requests that are still to come. */
const MAX_STRANGERS = 256;
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
  /** Serves `wss:`. @default `ws:` */
  readonly tls?: TlsFiles | undefined;
  /** Told of a renewed certificate that cannot be used. Must not throw. */
  readonly onProblem: (problem: RuvectorError) => void;
}

/**
 * Serves subscribers.
 * @throws RuvectorError `ERR_WIRE_ENDPOINT` when the port is taken, `ERR_WIRE_TLS` for a certificate that cannot be used
 */
export async function serveWebSocket(options: WebSocketOptions): Promise<ServedEndpoint> {
  const { sessions, tls } = options;
  const http = tls
    ? createTlsServer({ ...HANDSHAKE, ...TLS, ...readCertificate(tls) }, answerPlainRequest)
    : createServer(HANDSHAKE, answerPlainRequest);
  // A TLS handshake that does not end well.
  http.on('tlsClientError', () => sessions.noteFailed());
  guardServer(http, {
    maxConnections: Math.min(sessions.maxSubscribers + MAX_STRANGERS, readConnectionShare()),
    onFailure: () => sessions.noteFailed(),
  });
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_REQUEST_BYTES,
    perMessageDeflate: false,
    autoPong: false,
  });
  http.on('clientError', (_error, socket) => {
    sessions.noteFailed();
    refuse(socket, '400 Bad Request');
  });
  http.on('upgrade', (request, socket: Duplex, head) => {
    guardSocket(socket, () => sessions.noteFailed());
    const refusal = refusalOf(request, options);
    if (refusal === null) {
      server.handleUpgrade(request, socket, head, (ws) => void subscribe(ws, request, options));
      return;
    }
    sessions.noteRefused();
    refuse(socket, refusal);
  });
  const stopPings = pingAll(server);
  await listen(http, options);
  const onProblem = (error: unknown): void => options.onProblem(error as RuvectorError);
  const stopFollowing = tls ? followCertificate(http as TlsServer, tls, onProblem) : () => {};
  const { port } = http.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    endpoint: `${schemeOf(options)}://${host}:${port}`,
    close: async () => {
      stopFollowing();
      http.close();
      await sessions.drain();
      stopPings();
      await endConnections(server);
      http.closeAllConnections();
    },
  };
}

const HANDSHAKE = {
  headersTimeout: HANDSHAKE_TIMEOUT_MS,
  requestTimeout: HANDSHAKE_TIMEOUT_MS,
  connectionsCheckingInterval: HANDSHAKE_CHECK_MS,
  maxHeaderSize: MAX_HEADER_BYTES,
} as const;

/** TLS 1.2 is the oldest that is sound (RFC 9325). */
const TLS = { minVersion: 'TLSv1.2', handshakeTimeout: HANDSHAKE_TIMEOUT_MS } as const;

const schemeOf = ({ tls }: WebSocketOptions): string => (tls ? 'wss' : 'ws');

function answerPlainRequest(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, { upgrade: 'websocket', connection: 'close', 'content-type': 'text/plain' });
  response.end('This is a data stream: connect with a WebSocket.\n');
}

/** Lets the close handshakes end, so that nothing sent is thrown away, then cuts what is left. */
async function endConnections(server: WebSocketServer): Promise<void> {
  const connections = [...server.clients].filter((ws) => ws.readyState !== WebSocket.CLOSED);
  const closed = connections.map((ws) => once(ws, 'close'));
  const timer = setTimeout(() => connections.forEach((ws) => ws.terminate()), CLOSE_MS);
  await Promise.all(closed);
  clearTimeout(timer);
}

async function listen(http: Server, options: WebSocketOptions): Promise<void> {
  const { host, port } = options;
  try {
    http.listen(port, host);
    await once(http, 'listening');
  } catch (error) {
    throw endpointError(
      `${schemeOf(options)}://${host}:${port}`,
      systemCodeOf(error) ?? messageOf(error),
      error,
    );
  }
}

/** Answers who may have gone, and is not kept waiting by one that neither reads nor goes. */
function refuse(socket: Duplex, status: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const timer = setTimeout(() => socket.destroy(), CLOSE_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.once('end', () => socket.destroy());
  // What still comes is read and forgotten: closing on it would be a reset, and take the answer away.
  socket.resume();
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

async function subscribe(ws: WebSocket, request: IncomingMessage, options: WebSocketOptions): Promise<void> {
  const { kinds, sessions } = options;
  // The close that follows a broken frame says enough.
  guardSocket(ws, () => sessions.noteFailed());
  answerPings(ws);
  try {
    const message = await readRequest(ws, request, kinds);
    if (ws.readyState !== WebSocket.OPEN) return;
    const { abort, done } = sessions.start(message, (bytes, _events, format) =>
      send(ws, bytes, format !== 'jsonlines'),
    );
    ws.on('close', abort);
    await done;
    ws.close(GOING_AWAY, 'the stream ended');
  } catch (error) {
    if (ws.readyState !== WebSocket.OPEN) return;
    if (!isRuvectorError(error, WireErrorCode.DISCONNECTED)) sessions.noteRefused();
    const payload = { event: 'error', ...toErrorPayload(error) };
    ws.send(JSON.stringify(payload), () => ws.close(POLICY_VIOLATION, payload.code));
    setTimeout(() => ws.terminate(), CLOSE_MS).unref();
  }
}

async function readRequest(
  ws: WebSocket,
  request: IncomingMessage,
  kinds: StreamKinds,
): Promise<SubscribeMessage> {
  const url = urlOf(request)!;
  if (url.pathname !== '/request') return parseSubscribeQuery(url.searchParams, kinds);
  const closed = new AbortController();
  const close = (): void => closed.abort();
  ws.once('close', close);
  const signal = AbortSignal.any([AbortSignal.timeout(REQUEST_TIMEOUT_MS), closed.signal]);
  const [data] = (await once(ws, 'message', { signal }).catch((cause: unknown) => {
    throw noRequestError(REQUEST_TIMEOUT_MS, cause);
  })) as [Buffer];
  ws.off('close', close);
  return parseSubscribeMessage(parseJson(data.toString()), kinds);
}

/** One pong at a time, the newest (RFC 6455, section 5.5.3): a peer that pings and never reads costs nothing. */
function answerPings(ws: WebSocket): void {
  let asked: Buffer | null = null;
  let isAnswering = false;
  const answer = (): void => {
    isAnswering = asked !== null && ws.readyState === WebSocket.OPEN;
    const data = asked;
    asked = null;
    if (isAnswering) ws.pong(data, false, answer);
  };
  ws.on('ping', (data: Buffer) => {
    asked = data;
    if (!isAnswering) answer();
  });
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
