// What a ROUTER and a DEALER have in common: options, sending in order, reading fairly. Frames in, frames out; nothing
// here knows messages.
// Traps obeyed here: one send in flight per socket; heartbeats run in ZeroMQ's own thread, so a busy event loop or a
// held GIL does not end a lease; and a connection that is not read for a receive mark aborts the process when its peer
// goes and a heartbeat falls due, or one of the peer is still to be read (libzmq 4364): no socket has such a mark.
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as zmq from 'zeromq';

/** One thread moves control frames, the other bulk, so that a large batch never delays a reply. */
const IO_THREADS = 2;
const affinityOf = { control: 0b01, data: 0b10 } as const;
/** Undelivered goodbyes get this long at exit; the DRAIN handshake is what keeps data. */
const LINGER_MS = 250;
const DATA_BUFFER_BYTES = 2 ** 20;
/** Between two turns of the event loop. */
export const MESSAGES_A_TURN = 32;
/** A peer that is not heard of for so long is gone, unless an endpoint says otherwise. */
export const DEFAULT_LEASE_MS = 10_000;
/** A peer that connects and does not speak ZeroMQ is cut after this. */
export const HANDSHAKE_MS = 10_000;

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
}

/** Options of both. */
export function commonOptions({ plane, leaseMs, maxMessageBytes }: SocketOptions): Record<string, unknown> {
  return {
    context: context(),
    affinity: affinityOf[plane],
    linger: LINGER_MS,
    maxMessageSize: maxMessageBytes,
    heartbeatInterval: Math.max(50, Math.floor(leaseMs / 3)),
    heartbeatTimeout: leaseMs,
    heartbeatTimeToLive: leaseMs,
    // Credits bound what a DEALER queues; a ROUTER has a mark.
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
export class SendQueue {
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

/** Messages of a socket until it is closed. */
export async function* receiveAll(socket: zmq.Router | zmq.Dealer): AsyncGenerator<Buffer[]> {
  while (!socket.closed) {
    try {
      yield await socket.receive();
    } catch (error) {
      if (!socket.closed) throw error;
    }
  }
}

/**
 * Messages that are here already arrive without a turn of the event loop: a peer that never pauses
 * would starve timers and every other socket, so a turn is taken now and then.
 */
export async function* readFairly(
  messages: AsyncIterable<Buffer[]> | Iterable<Buffer[]>,
): AsyncGenerator<Buffer[]> {
  let count = 0;
  for await (const frames of messages) {
    yield frames;
    if (++count % MESSAGES_A_TURN === 0) await nextTurn();
  }
}
