// One listener for a socket and one for a server, set before anything is written or accepted: an 'error'
// event that nobody hears ends a Node process, and a peer may reset its connection in any state.
import type { EventEmitter } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import type { Server } from 'node:net';

/** How a server of this process is kept from being held by strangers. */
export interface ServerGuard {
  /** Connections at once; those beyond are closed as they come. */
  readonly maxConnections: number;
  /** A connection beyond them, or one that could not be accepted. Must not throw. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Hears every error of a connection. The 'close' that follows ends what belongs to it.
 * @param onError told of each error. Must not throw. @default nothing
 */
export function guardSocket(socket: EventEmitter, onError: (error: unknown) => void = () => {}): void {
  socket.on('error', onError);
}

/** Hears errors of a server that listens (accept(2) fails without descriptors) and bounds its connections. */
export function guardServer(server: Server, { maxConnections, onFailure }: ServerGuard): void {
  server.maxConnections = maxConnections;
  server.on('error', onFailure);
  server.on('drop', () => onFailure(new Error(`more than ${maxConnections} connections`)));
}

/**
 * Guards every connection of an HTTP server, and cuts those that speak no HTTP, ask for a tunnel or stop in the middle.
 * @param idleMs how long one may say and take nothing
 */
export function guardHttp(http: HttpServer, idleMs: number): void {
  http.timeout = idleMs;
  http.on('connection', (socket) => guardSocket(socket));
  http.on('clientError', (_error, socket) => socket.destroy());
  http.on('connect', (_request, socket) => socket.destroy());
}
