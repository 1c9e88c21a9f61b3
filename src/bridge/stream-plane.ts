// Streams on the data endpoint: HELLO opens one, CREDIT and ACK move it, BYE ends it.
// A connection may hold many streams; they end with it. It knows no requests.
import type { BatchPool } from './batch-pool.ts';
import { MessageType } from './message.ts';
import type { WireMessage } from './message.ts';
import { Plane } from './plane.ts';
import type { Peer, PlaneHandlers, PlaneOptions } from './plane.ts';
import { StreamSession } from './stream-session.ts';
import type { StreamSource } from './stream-session.ts';
import {
  leaseEndedError,
  notOnDataError,
  repeatedStreamError,
  streamsClosingError,
  unknownStreamError,
} from './errors.ts';

export interface StreamPlaneOptions extends Omit<PlaneOptions, 'handlers'> {
  readonly streams: Readonly<Record<string, StreamSource>>;
  readonly pool: BatchPool;
  readonly onEvent: PlaneHandlers['onEvent'];
  /** Heartbeats of a data connection queue behind its bulk, so the lease is the control connection. */
  readonly hasLease: (clientId: string) => boolean;
}

interface Session {
  readonly peer: Peer;
  readonly stream: StreamSession;
}

export class StreamPlane {
  readonly #options: StreamPlaneOptions;
  readonly #plane: Plane;
  readonly #sessions = new Map<string, Session>();
  #isDraining = false;
  #batchesSent = 0;

  constructor(options: StreamPlaneOptions) {
    this.#options = options;
    this.#plane = new Plane({
      ...options,
      handlers: {
        onHello: (peer, message) => this.#hello(peer, message),
        onMessage: (peer, message) => this.#message(peer, message),
        onLost: (peer) => this.#lost(peer),
        onEvent: options.onEvent,
      },
    });
  }

  stats(): {
    clients: number;
    openStreams: number;
    batchesSent: number;
    malformed: number;
    refused: number;
    failed: number;
  } {
    const open = [...this.#sessions.values()].reduce((sum, { stream }) => sum + stream.sent, 0);
    return {
      clients: this.#plane.clientCount,
      openStreams: this.#sessions.size,
      batchesSent: this.#batchesSent + open,
      malformed: this.#plane.malformedCount,
      refused: this.#plane.refusedCount,
      failed: this.#plane.failedCount,
    };
  }

  /** Ends the streams of a client whose lease ended. If it lives after all, it hears why. */
  endClient(clientId: string): void {
    for (const { peer, stream } of this.#sessions.values()) {
      if (peer.clientId === clientId) stream.fail(leaseEndedError());
    }
  }

  /** Opens no new streams and ends the open ones after their last ACK; after the deadline at once. */
  async drain(deadline: AbortSignal): Promise<void> {
    this.#isDraining = true;
    for (const { stream } of this.#sessions.values()) stream.drain();
    const giveUp = (): void => {
      for (const { stream } of this.#sessions.values()) stream.leave('lost');
    };
    deadline.addEventListener('abort', giveUp, { once: true });
    if (deadline.aborted) giveUp();
    await Promise.all([...this.#sessions.values()].map(({ stream }) => stream.done));
    deadline.removeEventListener('abort', giveUp);
  }

  close(): Promise<void> {
    return this.#plane.close();
  }

  #hello(peer: Peer, message: WireMessage): void {
    const key = keyOf(peer, message.streamId);
    try {
      if (this.#sessions.has(key)) throw repeatedStreamError(message.streamId);
      if (!this.#options.hasLease(peer.clientId)) throw leaseEndedError();
      const { stream: name, params } = message.payload ?? {};
      this.#open(key, peer, message, this.#sourceOf(name), params);
    } catch (error) {
      this.#plane.sendError(peer, error, { streamId: message.streamId });
    }
  }

  #open(key: string, peer: Peer, message: WireMessage, source: StreamSource, params: unknown): void {
    const { pool, maxMessageBytes } = this.#options;
    const stream = new StreamSession({
      streamId: message.streamId,
      source,
      params,
      initialCredit: message.correlation,
      pool,
      maxMessageBytes,
      send: (outgoing) => this.#plane.send(peer, outgoing),
      sendError: (error, to) => this.#plane.sendError(peer, error, to),
    });
    this.#sessions.set(key, { peer, stream });
    void stream.done.finally(() => {
      this.#sessions.delete(key);
      this.#batchesSent += stream.sent;
    });
  }

  #sourceOf(name: unknown): StreamSource {
    if (this.#isDraining) throw streamsClosingError();
    const { streams } = this.#options;
    if (typeof name === 'string' && Object.hasOwn(streams, name)) return streams[name]!;
    throw unknownStreamError(name, Object.keys(streams));
  }

  /** Messages of a stream that has ended meanwhile are normal and ignored. */
  #message(peer: Peer, message: WireMessage): void {
    const stream = this.#sessions.get(keyOf(peer, message.streamId))?.stream;
    switch (message.type) {
      case MessageType.CREDIT:
        stream?.grant(message.correlation);
        return;
      case MessageType.ACK:
        stream?.acknowledge(message.sequence);
        stream?.grant(message.correlation);
        return;
      case MessageType.BYE:
      case MessageType.ERROR:
        stream?.leave('left');
        return;
      default:
        this.#plane.sendError(peer, notOnDataError(message.type), { streamId: message.streamId });
    }
  }

  #lost(peer: Peer): void {
    for (const session of this.#sessions.values()) {
      if (session.peer.key === peer.key) session.stream.leave('lost');
    }
  }
}

function keyOf(peer: Peer, streamId: number): string {
  return `${peer.key}/${streamId}`;
}
