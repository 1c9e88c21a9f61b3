// The only file that knows ZeroMQ. A ROUTER for the daemon, a DEALER for a client: frames in, frames
// out, and the news that a peer is gone. It knows nothing of messages.
// Traps obeyed here: one send in flight per socket; a ROUTER drops silently unless `mandatory`;
// heartbeats run in ZeroMQ's own thread, so a busy event loop or a held GIL does not end a lease.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import * as zmq from 'zeromq';
import { isRuvectorError, systemCodeOf } from '../core/index.ts';
import { readConnectionShare } from './connection-share.ts';
import { createCurveContext, curveClientOptions } from './curve.ts';
import type { CurveClient, CurveContext, CurveServer } from './curve.ts';
import { restrictEndpoint } from './endpoint.ts';
import { WireErrorCode, bindError, peerGoneError, socketClosedError } from './errors.ts';

/** One thread moves control frames, the other bulk, so that a large batch never delays a reply. */
const IO_THREADS = 2;
const affinityOf = { control: 0b01, data: 0b10 } as const;
/** Undelivered goodbyes get this long at exit; the DRAIN handshake is what keeps data. */
const LINGER_MS = 250;
const DATA_BUFFER_BYTES = 2 ** 20;
const MESSAGES_A_TURN = 32;
/** A peer that is not heard of for so long is gone, unless an endpoint says otherwise. */
export const DEFAULT_LEASE_MS = 10_000;
/** A peer that connects and does not speak ZeroMQ is cut after this. */
const HANDSHAKE_MS = 10_000;
/** Messages of one peer that may wait here unread; then its connection is not read either. */
const RECEIVE_MARK = 1024;
/** Messages that may wait for one peer that does not read. Credits of well-behaved ones are far below. */
const SEND_MARK = 4096;
/** How long an endpoint that had too many connections listens to nobody. */
const REST_MS = 1000;
/** While an endpoint is unbound or bound, its socket answers EBUSY. */
const BUSY_MS = 5;
/** Long enough to mean never; -1 would throw away what arrived before the connection ended. */
const HOUR_MS = 3_600_000;

let sharedContext: zmq.Context | undefined;
function context(): zmq.Context {
  sharedContext ??= new zmq.Context({ ioThreads: IO_THREADS });
  return sharedContext;
}

export type PlaneName = keyof typeof affinityOf;

export interface SocketOptions {
  readonly plane: PlaneName;
  readonly endpoint: string;
  /** A peer silent for this long on the ZeroMQ level is gone. */
  readonly leaseMs: number;
  /** A larger frame makes ZeroMQ drop its sender. */
  readonly maxMessageBytes: number;
  /** Of a ROUTER: messages that may wait for a peer that does not read; more are refused. @default 4096 */
  readonly sendMark?: number;
  /** Of a ROUTER that other hosts reach: only these may connect, and all is encrypted. @default none */
  readonly curveServer?: CurveServer | undefined;
  /** Of a DEALER that connects to one. @default none */
  readonly curve?: CurveClient | undefined;
}

/**
 * Why a connection is of no more use: nothing listens there; it ended; the other side takes no peer with this key; or
 * it did not prove to have the key that was expected.
 */
export type ConnectionLoss = 'absent' | 'lost' | 'refused' | 'unproven';

function commonOptions({ plane, leaseMs, maxMessageBytes }: SocketOptions): Record<string, unknown> {
  return {
    context: context(),
    affinity: affinityOf[plane],
    linger: LINGER_MS,
    maxMessageSize: maxMessageBytes,
    heartbeatInterval: Math.max(50, Math.floor(leaseMs / 3)),
    heartbeatTimeout: leaseMs,
    heartbeatTimeToLive: leaseMs,
    // Of a DEALER: credits bound what is queued.
    sendHighWaterMark: 0,
    receiveHighWaterMark: 0,
    // Try at once: a mandatory ROUTER without any peer counts as not writable and would wait for ever
    // instead of saying EHOSTUNREACH.
    sendTimeout: 0,
    // The kernel caps this at net.core.wmem_max; each wake-up of the peer then moves more.
    ...(plane === 'data' ? { sendBufferSize: DATA_BUFFER_BYTES } : {}),
  };
}

/** Sends in order, one at a time. */
class SendQueue {
  readonly #socket: zmq.Router | zmq.Dealer;
  #last: Promise<unknown> = Promise.resolve();
  #pending = 0;

  constructor(socket: zmq.Router | zmq.Dealer) {
    this.#socket = socket;
  }

  send(frames: Uint8Array[]): Promise<void> {
    const send = (): Promise<void> => this.#socket.send(frames);
    // Nothing waits: skip one turn of the microtask queue.
    const sent = this.#pending === 0 ? send() : this.#last.then(send);
    this.#pending++;
    this.#last = sent.then(this.#settle, this.#settle);
    return sent;
  }

  readonly #settle = (): void => {
    this.#pending--;
  };

  /** Resolves when everything queued so far was handed to ZeroMQ. */
  async flush(): Promise<void> {
    await this.#last;
  }
}

/** What both sides do alike. */
class FrameSocket<S extends zmq.Router | zmq.Dealer> implements AsyncDisposable {
  protected readonly socket: S;
  protected readonly queue: SendQueue;

  protected constructor(socket: S) {
    this.socket = socket;
    this.queue = new SendQueue(socket);
  }

  /** Received messages until close; those of a ROUTER begin with the peer's routing id. */
  get messages(): AsyncIterable<Buffer[]> {
    return readFairly(this.socket);
  }

  async close(): Promise<void> {
    if (this.socket.closed) return;
    await this.queue.flush();
    this.socket.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The daemon's side of one endpoint. */
export class RouterSocket extends FrameSocket<zmq.Router> {
  /** The bound address with its real port. */
  readonly endpoint: string;
  readonly #mostConnections = readConnectionShare();
  readonly #curve: CurveContext | null;
  #connections = 0;
  #failures = 0;
  #isResting = false;

  private constructor(socket: zmq.Router, endpoint: string, curve: CurveContext | null) {
    super(socket);
    this.endpoint = endpoint;
    this.#curve = curve;
    this.#watch();
  }

  override async close(): Promise<void> {
    await super.close();
    this.#curve?.close();
  }

  /** Connections that never came to speak ZeroMQ, or could not be accepted. */
  get failures(): number {
    return this.#failures;
  }

  #watch(): void {
    const { events } = this.socket;
    for (const type of ['handshake:error:protocol', 'handshake:error:auth', 'handshake:error:other'] as const)
      events.on(type, () => this.#failures++);
    events.on('disconnect', () => this.#connections--);
    events.on('accept', () => {
      if (++this.#connections > this.#mostConnections) void this.#rest();
    });
    events.on('accept:error', () => void this.#rest());
  }

  /**
   * Ends every connection, because ZeroMQ can end no single one and would spin without descriptors, and
   * listens again a little later. Clients connect again; strangers have at most the limit once more.
   */
  async #rest(): Promise<void> {
    if (this.#isResting) return;
    this.#isResting = true;
    this.#failures++;
    try {
      await this.socket.unbind(this.endpoint);
    } catch {
      // Closed meanwhile.
    }
    this.#connections = 0;
    while (!this.socket.closed) {
      await sleep(REST_MS, undefined, { ref: false });
      if (await this.#bindAgain()) break;
    }
    this.#isResting = false;
  }

  async #bindAgain(): Promise<boolean> {
    try {
      if (!this.socket.closed) await this.socket.bind(this.endpoint);
      await restrictEndpoint(this.endpoint);
      return true;
    } catch {
      return false;
    }
  }

  /** @throws RuvectorError `ERR_WIRE_ENDPOINT` when the address is taken or not usable */
  static async open(options: SocketOptions): Promise<RouterSocket> {
    const curve = options.curveServer ? await createCurveContext(options.curveServer) : null;
    const socket = new zmq.Router({
      ...commonOptions(options),
      // Its context has one thread.
      ...(curve && { ...curve.options, affinity: 0 }),
      mandatory: true,
      // Each peer has marks of its own: what a stranger sends, or does not read, is bounded and blocks nobody.
      receiveHighWaterMark: RECEIVE_MARK,
      sendHighWaterMark: options.sendMark ?? SEND_MARK,
      handshakeInterval: HANDSHAKE_MS,
    });
    try {
      await socket.bind(options.endpoint);
    } catch (error) {
      socket.close();
      curve?.close();
      throw bindError(options.endpoint, error);
    }
    return new RouterSocket(socket, socket.lastEndpoint ?? options.endpoint, curve);
  }

  /**
   * @throws RuvectorError `ERR_WIRE_DISCONNECTED` when the peer is gone or does not read ({@link isUnread}),
   *   `ERR_WIRE_CLOSED` after close
   */
  async send(peer: Uint8Array, frames: readonly Uint8Array[]): Promise<void> {
    try {
      await this.queue.send([peer, ...frames]);
    } catch (error) {
      throw this.socket.closed ? socketClosedError(error) : peerGoneError(error);
    }
  }

  /** Calls back when any peer's connection ends; ZeroMQ does not say whose. */
  onDisconnect(listener: () => void): void {
    this.socket.events.on('disconnect', listener);
  }
}

/** A client's side of one connection. It never reconnects: a new daemon knows nothing of this client. */
export class DealerSocket extends FrameSocket<zmq.Dealer> {
  readonly #endpoint: string;

  constructor(options: SocketOptions) {
    super(
      new zmq.Dealer({
        ...commonOptions(options),
        ...(options.curve && curveClientOptions(options.curve)),
        reconnectInterval: HOUR_MS,
        handshakeInterval: HANDSHAKE_MS,
      }),
    );
    this.#endpoint = options.endpoint;
  }

  /** Starts to connect; `onGone` is called when nothing listens there or the connection ends. */
  connect(onGone: (why: ConnectionLoss) => void): void {
    const { events } = this.socket;
    let end: ConnectionLoss = 'absent';
    const gone = (): void => onGone(end);
    // Until both sides have proven their keys, an end means that one of them did not.
    events.on('connect', () => (end = 'unproven'));
    events.on('handshake', () => (end = 'lost'));
    events.on('handshake:error:auth', () => (end = 'refused'));
    for (const type of ['disconnect', 'close', 'connect:retry'] as const) events.on(type, gone);
    this.socket.connect(this.#endpoint);
  }

  /** @throws RuvectorError `ERR_WIRE_CLOSED` */
  async send(frames: readonly Uint8Array[]): Promise<void> {
    try {
      await this.queue.send([...frames]);
    } catch (error) {
      throw socketClosedError(error);
    }
  }
}

/**
 * Messages that are here already arrive without a turn of the event loop: a peer that never pauses
 * would starve timers and every other socket, so a turn is taken now and then.
 */
async function* readFairly(socket: zmq.Router | zmq.Dealer): AsyncGenerator<Buffer[]> {
  for (let count = 1; ; count++) {
    const frames = await receive(socket);
    if (frames === null) return;
    yield frames;
    if (count % MESSAGES_A_TURN === 0) await nextTurn();
  }
}

/** The next message, null once the socket is closed. */
async function receive(socket: zmq.Router | zmq.Dealer): Promise<Buffer[] | null> {
  while (!socket.closed) {
    try {
      return await socket.receive();
    } catch (error) {
      if (socket.closed) return null;
      if (systemCodeOf(error) !== 'EBUSY') throw error;
    }
    await sleep(BUSY_MS);
  }
  return null;
}

/** Whether a message was not sent because as many as may wait for the peer do. */
export function isUnread(error: unknown): boolean {
  return isRuvectorError(error, WireErrorCode.DISCONNECTED) && systemCodeOf(error.cause) === 'EAGAIN';
}
