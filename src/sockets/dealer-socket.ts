// A client's side of one connection: a DEALER that tells why its connection ended.
import * as zmq from 'zeromq';
import { curveClientOptions } from './curve.ts';
import type { CurveClient } from './curve.ts';
import { socketClosedError } from './errors.ts';
import { HANDSHAKE_MS, SendQueue, commonOptions, readFairly, receiveAll } from './zmq-socket.ts';
import type { SocketOptions } from './zmq-socket.ts';

/** Long enough to mean never; -1 would throw away what arrived before the connection ended. */
const HOUR_MS = 3_600_000;

/** What a DEALER is given. */
export interface DealerOptions extends SocketOptions {
  /** Encrypt, and prove who both sides are. @default none */
  readonly curve?: CurveClient | undefined;
}

/**
 * Why a connection is of no more use: nothing listens there; it ended; the other side takes no peer with this key; or
 * it did not prove to have the key that was expected.
 */
export type ConnectionLoss = 'absent' | 'lost' | 'refused' | 'unproven';

/** A client's side of one connection. It never reconnects: a new daemon knows nothing of this client. */
export class DealerSocket implements AsyncDisposable {
  readonly #endpoint: string;
  readonly #socket: zmq.Dealer;
  readonly #queue: SendQueue;

  constructor(options: DealerOptions) {
    this.#socket = new zmq.Dealer({
      ...commonOptions(options),
      ...(options.curve && curveClientOptions(options.curve)),
      reconnectInterval: HOUR_MS,
      handshakeInterval: HANDSHAKE_MS,
    });
    this.#queue = new SendQueue(this.#socket);
    this.#endpoint = options.endpoint;
  }

  /** Received messages until close. */
  get messages(): AsyncIterable<Buffer[]> {
    return readFairly(receiveAll(this.#socket));
  }

  /** Starts to connect; `onGone` is called when nothing listens there or the connection ends. */
  connect(onGone: (why: ConnectionLoss) => void): void {
    const { events } = this.#socket;
    let end: ConnectionLoss = 'absent';
    const gone = (): void => onGone(end);
    // Until both sides have proven their keys, an end means that one of them did not.
    events.on('connect', () => (end = 'unproven'));
    events.on('handshake', () => (end = 'lost'));
    events.on('handshake:error:auth', () => (end = 'refused'));
    for (const type of ['disconnect', 'close', 'connect:retry'] as const) events.on(type, gone);
    this.#socket.connect(this.#endpoint);
  }

  /** @throws RuvectorError `ERR_WIRE_CLOSED` */
  async send(frames: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#queue.send([...frames]);
    } catch (error) {
      throw socketClosedError(error);
    }
  }

  async close(): Promise<void> {
    if (this.#socket.closed) return;
    await this.#queue.flush();
    this.#socket.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
