// One endpoint of the daemon: decodes, authenticates, hands messages on, and notices peers that
// vanish. It knows neither requests nor batches. A peer without a valid HELLO holds no state here.
import { RuvectorError, isRuvectorError } from '../core/index.ts';
import { decodeMessage } from './decode-message.ts';
import { encodeMessage } from './encode-message.ts';
import { WireErrorCode, toErrorPayload } from '../sockets/index.ts';
import { MessageType } from './message.ts';
import type { OutgoingMessage, Payload, WireMessage } from './message.ts';
import { kindOf } from './sealed-router.ts';
import type { PlaneRouter } from './sealed-router.ts';
import { framesTooLargeError, helloTooLargeError, noHelloError } from './errors.ts';

/** An authenticated connection. */
export interface Peer {
  readonly key: string;
  readonly routingId: Uint8Array;
  /** Chosen by the client, the same on both endpoints. */
  readonly clientId: string;
  /** Public key of a client on another host, else null. */
  readonly identity: string | null;
}

/** Who says HELLO on a connection: its key, null without one, or why it may not. */
export type Admission = (hello: Payload, connection: string) => string | null | RuvectorError;

/** What happens on the bridge. */
export type PlaneEventType = 'connected' | 'lost' | 'refused' | 'malformed' | 'tampered' | 'replayed';

export interface PlaneHandlers {
  /** A HELLO with a valid token; may come again on a data connection, once a session. */
  onHello(peer: Peer, message: WireMessage): void;
  /** Any other message of an authenticated peer. */
  onMessage(peer: Peer, message: WireMessage): void;
  /** The peer is gone, or for a reason no peer any more: its lease ends here. */
  onLost(peer: Peer, reason?: RuvectorError): void;
}

export interface PlaneOptions {
  readonly router: PlaneRouter;
  readonly admit: Admission;
  readonly maxMessageBytes: number;
  readonly leaseMs: number;
  readonly handlers: PlaneHandlers;
  /** Something a log would want to know. */
  onEvent(type: PlaneEventType, clientId: string | null): void;
}

/** Counts of one endpoint. */
export interface PlaneStats {
  /** Clients with at least one connection. */
  readonly clients: number;
  readonly malformed: number;
  readonly refused: number;
  /** Connections that never came to speak ZeroMQ. */
  readonly failed: number;
  readonly tampered: number;
  readonly replayed: number;
}

/** A HELLO, all that is read of a stranger, is far smaller; it may name what batches are to hold. */
const MAX_HELLO_BYTES = 2 ** 20;
/** A disconnect event comes before ZeroMQ forgets the peer, so it is asked for more than once. */
const PROBE_DELAYS_MS = [10, 100, 1000];

export class Plane {
  readonly #options: PlaneOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #sweep: NodeJS.Timeout;
  readonly #loop: Promise<void>;
  #malformed = 0;
  #refused = 0;

  constructor(options: PlaneOptions) {
    this.#options = options;
    options.router.onDisconnect(() => this.#probeSoon());
    options.router.onBroken?.((error, key) => this.#break(error, key));
    this.#sweep = setInterval(() => this.#probeAll(), options.leaseMs * 3);
    this.#sweep.unref();
    this.#loop = this.#run();
  }

  stats(): PlaneStats {
    const { tampered = 0, replayed = 0, refused = 0 } = this.#options.router.counts ?? {};
    return {
      clients: new Set(this.#peers.values().map((peer) => peer.clientId)).size,
      malformed: this.#malformed,
      refused: this.#refused + refused,
      failed: this.#options.router.failures,
      tampered,
      replayed,
    };
  }

  /** Whether a client has a connection here. */
  hasClient(clientId: string): boolean {
    return this.#peers.values().some((peer) => peer.clientId === clientId);
  }

  /**
   * Sends to a peer; when the peer is gone its lease ends and the promise still resolves, because
   * `onLost` has told the owner already.
   * @throws RuvectorError `ERR_WIRE_TOO_LARGE`
   */
  async send(peer: Pick<Peer, 'key' | 'routingId'>, message: OutgoingMessage): Promise<void> {
    const frames = encodeMessage(message);
    assertSize(frames, this.#options.maxMessageBytes);
    try {
      await this.#options.router.send(peer.routingId, frames, message.mayOverwrite);
    } catch (error) {
      if (!isRuvectorError(error, WireErrorCode.DISCONNECTED)) throw error;
      this.#lose(peer.key);
    }
  }

  /** Sends an ERROR in answer to a message. Never throws: there is nobody left to tell. */
  sendError(peer: Pick<Peer, 'key' | 'routingId'>, error: unknown, to: Partial<OutgoingMessage>): void {
    const { streamId = 0, sequence = 0, correlation = 0 } = to;
    const payload = { ...toErrorPayload(error) };
    this.send(peer, { type: MessageType.ERROR, streamId, sequence, correlation, payload }).catch(() => {
      // Closed meanwhile.
    });
  }

  /** Ends the leases of some, who hear why. */
  expel(reason: RuvectorError, isExpelled: (peer: Peer) => boolean): void {
    for (const peer of [...this.#peers.values()].filter(isExpelled)) {
      this.sendError(peer, reason, {});
      this.#lose(peer.key, reason);
    }
  }

  /** Stops timers; the loop ends when the router closes. */
  async close(): Promise<void> {
    clearInterval(this.#sweep);
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#options.router.close();
    await this.#loop;
  }

  async #run(): Promise<void> {
    for await (const [routingId, ...frames] of this.#options.router.messages) {
      try {
        if (routingId) this.#receive(routingId, frames);
      } catch {
        // One message, whatever is in it, must not end the reading of all others.
        this.#malformed++;
      }
    }
  }

  #receive(routingId: Buffer, frames: Buffer[]): void {
    const key = routingId.toString('latin1');
    const peer = this.#peers.get(key);
    const message = this.#decode(peer, frames);
    if (!message) return;
    if (message.type === MessageType.HELLO) this.#hello({ key, routingId }, message);
    else if (peer) this.#dispatch(peer, message);
    else this.#refuse({ key, routingId }, message, noHelloError(message));
  }

  /** A malformed message of a stranger is counted and gets no answer at all. */
  #decode(peer: Peer | undefined, frames: Buffer[]): WireMessage | null {
    try {
      if (!peer) assertHelloSize(frames);
      return decodeMessage(frames);
    } catch (error) {
      this.#malformed++;
      this.#options.onEvent('malformed', peer?.clientId ?? null);
      if (peer) this.sendError(peer, error, (error as RuvectorError).details);
      return null;
    }
  }

  #hello(sender: Pick<Peer, 'key' | 'routingId'>, message: WireMessage): void {
    const hello = message.payload ?? {};
    const identity = this.#options.admit(hello, sender.key);
    if (identity instanceof RuvectorError) {
      this.#refuse(sender, message, identity);
      return;
    }
    let peer = this.#peers.get(sender.key);
    if (!peer) {
      peer = { ...sender, clientId: clientIdOf(hello), identity };
      this.#peers.set(sender.key, peer);
      this.#options.onEvent('connected', peer.clientId);
      // What does not open has no answer, so a client whose HELLO did hears so before its stream begins.
      if (this.#options.router.counts) this.#probe(peer);
    }
    this.#options.handlers.onHello(peer, message);
  }

  #dispatch(peer: Peer, message: WireMessage): void {
    if (message.type === MessageType.PROBE) return;
    this.#options.handlers.onMessage(peer, message);
  }

  #refuse(sender: Pick<Peer, 'key' | 'routingId'>, message: WireMessage, error: RuvectorError): void {
    this.#refused++;
    this.#options.onEvent('refused', null);
    if (message.type !== MessageType.ERROR) this.sendError(sender, error, message);
  }

  /** Whoever changes bytes on the way ends the connection: what comes after could not be told from what does not. */
  #break(error: RuvectorError, key: string | null): void {
    const peer = key === null ? undefined : this.#peers.get(key);
    this.#options.onEvent(kindOf(error), peer?.clientId ?? null);
    if (peer) this.#lose(peer.key, error);
  }

  #probeSoon(): void {
    for (const delayMs of PROBE_DELAYS_MS) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.#probeAll();
      }, delayMs);
      timer.unref();
      this.#timers.add(timer);
    }
  }

  /** Sending is the only way to learn from a ROUTER which peer is gone. */
  #probeAll(): void {
    for (const peer of this.#peers.values()) this.#probe(peer);
  }

  #probe(peer: Peer): void {
    this.send(peer, { type: MessageType.PROBE }).catch(() => {
      // Closed meanwhile.
    });
  }

  #lose(key: string, reason?: RuvectorError): void {
    const peer = this.#peers.get(key);
    if (!peer) return;
    this.#peers.delete(key);
    this.#options.onEvent('lost', peer.clientId);
    this.#options.handlers.onLost(peer, reason);
    this.#options.router.forget?.(key);
  }
}

/** The name that a client gives itself, the same on both endpoints. */
export function clientIdOf({ client }: Payload): string {
  return typeof client === 'string' ? client.slice(0, 128) : 'unnamed';
}

/** @throws RuvectorError `ERR_WIRE_TOO_LARGE` */
export function assertSize(frames: readonly Uint8Array[], maxMessageBytes: number): void {
  const sizeBytes = frames.reduce((sum, frame) => sum + frame.byteLength, 0);
  if (sizeBytes <= maxMessageBytes) return;
  throw framesTooLargeError(sizeBytes, maxMessageBytes);
}

/** @throws RuvectorError `ERR_WIRE_FRAME` for what no HELLO looks like, before it is parsed */
function assertHelloSize(frames: readonly Uint8Array[]): void {
  const sizeBytes = frames.reduce((sum, frame) => sum + frame.byteLength, 0);
  if (sizeBytes <= MAX_HELLO_BYTES) return;
  throw helloTooLargeError(sizeBytes);
}
