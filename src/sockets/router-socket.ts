// The daemon's side of an endpoint: a ROUTER that no peer can fill or end.
// Traps obeyed here: a ROUTER drops silently unless `mandatory`; ZeroMQ can end no single connection; and a socket that
// is unbound keeps its connections, unread and with their heartbeats, until all that they have sent is read. So where
// too many connections or messages come, the socket is closed and another one listens a little later.
import { setTimeout as sleep } from 'node:timers/promises';
import * as zmq from 'zeromq';
import { isRuvectorError, systemCodeOf } from '../core/index.ts';
import type { RuvectorError } from '../core/index.ts';
import { readConnectionShare } from './connection-share.ts';
import { createCurveContext } from './curve.ts';
import type { CurveContext, CurveServer } from './curve.ts';
import { bindEndpoint } from './endpoint.ts';
import {
  WireErrorCode,
  bindError,
  endpointFloodedError,
  peerGoneError,
  socketClosedError,
} from './errors.ts';
import {
  HANDSHAKE_MS,
  MESSAGES_A_TURN,
  SendQueue,
  commonOptions,
  readFairly,
  receiveAll,
} from './zmq-socket.ts';
import type { SocketOptions } from './zmq-socket.ts';

/** Messages that may wait for one peer that does not read. Credits of well-behaved ones are far below. */
const SEND_MARK = 4096;
/** How long an endpoint that had too many connections or messages listens to nobody. */
const REST_MS = 1000;
/** Where so many came without a pause, it is counted how many more wait. */
const MESSAGES_A_COUNT = 1024;
/** More than that do not wait unless somebody sends without end: clients wait for answers and credits. */
const MOST_WAITING = 16_384;

/** What a ROUTER is given. */
export interface RouterOptions extends SocketOptions {
  /** Messages that may wait for a peer that does not read; more are refused. @default 4096 */
  readonly sendMark?: number;
  /** Where other hosts reach it: only these may connect, and all is encrypted. @default none */
  readonly curveServer?: CurveServer | undefined;
  /** Told when all connections had to end, because too many or too many messages came. Must not throw. @default nothing */
  readonly onFlooded?: (problem: RuvectorError) => void;
}

/** The daemon's side of one endpoint. */
export class RouterSocket implements AsyncDisposable {
  /** The bound address with its real port. */
  readonly endpoint: string;
  readonly #options: RouterOptions;
  readonly #curve: CurveContext | null;
  readonly #mostConnections = readConnectionShare();
  readonly #listeners: (() => void)[] = [];
  readonly #closing = new AbortController();
  #socket!: zmq.Router;
  #queue!: SendQueue;
  #connections = 0;
  #failures = 0;
  #resting: Promise<void> | null = null;

  private constructor(socket: zmq.Router, options: RouterOptions, curve: CurveContext | null) {
    this.endpoint = socket.lastEndpoint ?? options.endpoint;
    this.#options = { ...options, endpoint: this.endpoint };
    this.#curve = curve;
    this.#adopt(socket);
  }

  /** @throws RuvectorError `ERR_WIRE_ENDPOINT` when the address is taken or not usable */
  static async open(options: RouterOptions): Promise<RouterSocket> {
    const curve = options.curveServer ? await createCurveContext(options.curveServer) : null;
    try {
      return new RouterSocket(await bindRouter(options, curve), options, curve);
    } catch (error) {
      curve?.close();
      if (isRuvectorError(error)) throw error;
      throw bindError(options.endpoint, systemCodeOf(error) ?? String(error), error);
    }
  }

  /** Received messages until close; they begin with the peer's routing id. */
  get messages(): AsyncIterable<Buffer[]> {
    return this.#read();
  }

  /** Connections that never came to speak ZeroMQ or could not be accepted, and times that all had to end. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * @throws RuvectorError `ERR_WIRE_DISCONNECTED` when the peer is gone or does not read ({@link isUnread}),
   *   `ERR_WIRE_CLOSED` after close
   */
  async send(peer: Uint8Array, frames: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#queue.send([peer, ...frames]);
    } catch (error) {
      throw this.#closing.signal.aborted ? socketClosedError(error) : peerGoneError(error);
    }
  }

  /** Calls back when any peer's connection ends; ZeroMQ does not say whose. */
  onDisconnect(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    await this.#queue.flush();
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#socket.close();
    this.#curve?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #adopt(socket: zmq.Router): void {
    this.#socket = socket;
    this.#queue = new SendQueue(socket);
    this.#connections = 0;
    const { events } = socket;
    for (const type of ['handshake:error:protocol', 'handshake:error:auth', 'handshake:error:other'] as const)
      events.on(type, () => this.#failures++);
    events.on('disconnect', () => {
      this.#connections--;
      this.#tellDisconnect();
    });
    events.on('accept', () => {
      if (++this.#connections > this.#mostConnections) this.#rest();
    });
    events.on('accept:error', () => this.#rest());
  }

  #tellDisconnect(): void {
    for (const listener of this.#listeners) listener();
  }

  async *#read(): AsyncGenerator<Buffer[]> {
    while (!this.#closing.signal.aborted) {
      yield* this.#readUntilRest(this.#socket);
      await this.#resting;
    }
  }

  async *#readUntilRest(socket: zmq.Router): AsyncGenerator<Buffer[]> {
    let unpaused = 0;
    for await (const frames of readFairly(receiveAll(socket))) {
      yield frames;
      if (++unpaused % MESSAGES_A_TURN !== 0) continue;
      if (socket.closed || !socket.readable) unpaused = 0;
      if (unpaused < MESSAGES_A_COUNT) continue;
      unpaused = 0;
      const waiting = await takeWaiting(socket);
      if (!waiting) {
        this.#rest();
        return;
      }
      yield* readFairly(waiting);
    }
  }

  /**
   * Ends every connection, because ZeroMQ can end no single one, and would spin without descriptors. Clients connect
   * again; strangers have at most the limit once more.
   */
  #rest(): void {
    if (this.#resting || this.#socket.closed) return;
    this.#failures++;
    this.#options.onFlooded?.(endpointFloodedError(this.endpoint));
    // Else what waits to be sent would keep connections.
    this.#socket.linger = 0;
    this.#socket.close();
    this.#resting = this.#listenAgain().finally(() => (this.#resting = null));
    this.#tellDisconnect();
  }

  async #listenAgain(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await sleep(REST_MS, undefined, { ref: false, signal });
        const socket = await bindRouter(this.#options, this.#curve);
        if (signal.aborted) socket.close();
        else return this.#adopt(socket);
      } catch {
        // Closed meanwhile; or no descriptor is left yet.
      }
    }
  }
}

async function bindRouter(options: RouterOptions, curve: CurveContext | null): Promise<zmq.Router> {
  const socket = new zmq.Router({
    ...commonOptions(options),
    // Its context has one thread.
    ...(curve && { ...curve.options, affinity: 0 }),
    mandatory: true,
    // Each peer has a mark of its own: what it does not read is bounded and blocks nobody.
    sendHighWaterMark: options.sendMark ?? SEND_MARK,
    handshakeInterval: HANDSHAKE_MS,
  });
  try {
    await bindEndpoint(options.endpoint, (endpoint) => socket.bind(endpoint));
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket;
}

/** Everything that is here, taken at once so that nobody is answered and asks for more; null when it is too much. */
async function takeWaiting(socket: zmq.Router): Promise<Buffer[][] | null> {
  const waiting: Buffer[][] = [];
  while (!socket.closed && socket.readable) {
    if (waiting.length === MOST_WAITING) return null;
    waiting.push(await socket.receive());
  }
  return waiting;
}

/** Whether a message was not sent because as many as may wait for the peer do. */
export function isUnread(error: unknown): boolean {
  return isRuvectorError(error, WireErrorCode.DISCONNECTED) && systemCodeOf(error.cause) === 'EAGAIN';
}
