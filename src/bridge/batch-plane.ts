// Record batches on the data endpoint: HELLO opens a session (docs/protocol.md calls it a stream), CREDIT and
// ACK move it, BYE ends it. A connection may hold many; they end with it. It knows no requests.
import type { RuvectorError } from '../core/index.ts';
import type { BatchMemory } from './batch-memory.ts';
import type { BatchPool } from './batch-pool.ts';
import { BatchRings } from './batch-rings.ts';
import { MessageType } from './message.ts';
import type { WireMessage } from './message.ts';
import { Plane } from './plane.ts';
import type { Peer, PlaneHandlers, PlaneOptions, PlaneStats } from './plane.ts';
import { BatchSession } from './batch-session.ts';
import type { BatchFeed } from './batch-session.ts';
import {
  leaseEndedError,
  notOnDataError,
  repeatedStreamError,
  streamsClosingError,
  unknownStreamError,
} from './errors.ts';

export interface BatchPlaneOptions extends Omit<PlaneOptions, 'handlers'> {
  readonly feeds: Readonly<Record<string, BatchFeed>>;
  readonly pool: BatchPool;
  readonly memory: BatchMemory;
  /** Heartbeats of a data connection queue behind its bulk, so the lease is the control connection. */
  readonly hasLease: (clientId: string) => boolean;
}

interface Open {
  readonly peer: Peer;
  readonly session: BatchSession;
}

export class BatchPlane implements PlaneHandlers {
  readonly #options: BatchPlaneOptions;
  readonly #plane: Plane;
  readonly #sessions = new Map<string, Open>();
  #isDraining = false;
  #batchesSent = 0;

  constructor(options: BatchPlaneOptions) {
    this.#options = options;
    this.#plane = new Plane({ ...options, handlers: this });
  }

  stats(): PlaneStats & { openStreams: number; batchesSent: number } {
    const open = [...this.#sessions.values()].reduce((sum, { session }) => sum + session.sent, 0);
    return {
      ...this.#plane.stats(),
      openStreams: this.#sessions.size,
      batchesSent: this.#batchesSent + open,
    };
  }

  /** Ends the sessions of a client whose lease ended. If it lives after all, it hears why. */
  endClient(clientId: string): void {
    for (const { peer, session } of this.#sessions.values()) {
      if (peer.clientId === clientId) session.fail(leaseEndedError());
    }
  }

  /** Opens no new sessions and ends the open ones after their last ACK; after the deadline at once. */
  async drain(deadline: AbortSignal): Promise<void> {
    this.#isDraining = true;
    for (const { session } of this.#sessions.values()) session.drain();
    const giveUp = (): void => {
      for (const { session } of this.#sessions.values()) session.leave('lost');
    };
    deadline.addEventListener('abort', giveUp, { once: true });
    if (deadline.aborted) giveUp();
    await Promise.all([...this.#sessions.values()].map(({ session }) => session.done));
    deadline.removeEventListener('abort', giveUp);
  }

  close(): Promise<void> {
    return this.#plane.close();
  }

  onHello(peer: Peer, message: WireMessage): void {
    const key = keyOf(peer, message.streamId);
    try {
      if (this.#sessions.has(key)) throw repeatedStreamError(message.streamId);
      if (!this.#options.hasLease(peer.clientId)) throw leaseEndedError();
      const { stream: name, params } = message.payload ?? {};
      this.#open(key, peer, message, this.#feedOf(name), params);
    } catch (error) {
      this.#plane.sendError(peer, error, { streamId: message.streamId });
    }
  }

  #open(key: string, peer: Peer, message: WireMessage, feed: BatchFeed, params: unknown): void {
    const { pool, memory, maxMessageBytes } = this.#options;
    const offer = message.payload?.['shared'];
    const transport = isRecord(offer) ? memory.choose(offer['boot']) : null;
    const isShared = transport?.kind === 'shared' || transport?.kind === 'written';
    const session = new BatchSession({
      streamId: message.streamId,
      feed,
      params,
      initialCredit: message.correlation,
      pool,
      maxMessageBytes,
      transport,
      rings: isShared ? new BatchRings(memory) : null,
      send: (outgoing) => this.#plane.send(peer, outgoing),
      sendError: (error, to) => this.#plane.sendError(peer, error, to),
    });
    this.#sessions.set(key, { peer, session });
    void session.done.finally(() => {
      this.#sessions.delete(key);
      this.#batchesSent += session.sent;
    });
  }

  #feedOf(name: unknown): BatchFeed {
    if (this.#isDraining) throw streamsClosingError();
    const { feeds } = this.#options;
    if (typeof name === 'string' && Object.hasOwn(feeds, name)) return feeds[name]!;
    throw unknownStreamError(name, Object.keys(feeds));
  }

  /** Messages of a session that has ended meanwhile are normal and ignored. */
  onMessage(peer: Peer, message: WireMessage): void {
    const session = this.#sessions.get(keyOf(peer, message.streamId))?.session;
    switch (message.type) {
      case MessageType.CREDIT:
        session?.grant(message.correlation);
        return;
      case MessageType.ACK:
        if (session) takeAck(session, message);
        return;
      case MessageType.BYE:
      case MessageType.ERROR:
        session?.leave('left');
        return;
      default:
        this.#plane.sendError(peer, notOnDataError(message.type), { streamId: message.streamId });
    }
  }

  /** Ends what some clients read, who hear why. */
  expel(reason: RuvectorError, isExpelled: (peer: Peer) => boolean): void {
    this.#plane.expel(reason, isExpelled);
  }

  onLost(peer: Peer, reason?: RuvectorError): void {
    for (const open of this.#sessions.values()) {
      if (open.peer.key !== peer.key) continue;
      if (reason) open.session.fail(reason);
      else open.session.leave('lost');
    }
  }
}

function keyOf(peer: Peer, streamId: number): string {
  return `${peer.key}/${streamId}`;
}

/** `held`: messages whose slots are still looked at. `unmapped`: an epoch that the client cannot read. */
function takeAck(session: BatchSession, { sequence, correlation, payload }: WireMessage): void {
  const { held, unmapped, reason } = payload ?? {};
  session.acknowledge(sequence, Array.isArray(held) ? (held as number[]) : []);
  if (typeof unmapped === 'number') session.refuseRing(unmapped, String(reason));
  session.grant(correlation);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
