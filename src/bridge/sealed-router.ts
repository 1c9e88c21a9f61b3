// A ROUTER whose messages are sealed: opens what comes, seals what goes, and ends connections on which something came
// that does not open. To the plane above it is a router like the other. docs/protocol.md, "Sealed messages"
import { isRuvectorError } from '../core/index.ts';
import type { RuvectorError } from '../core/index.ts';
import { WireErrorCode } from '../sockets/index.ts';
import type { RouterSocket } from '../sockets/index.ts';
import type { BulkSession, BulkSessions } from './bulk-sessions.ts';
import { helloTooLargeError, peerUnknownError } from './errors.ts';
import { Direction, Opener, Sealer, readClaim } from './seal.ts';
import type { RekeyLimits } from './seal.ts';

/** What a plane needs of a socket. */
export interface PlaneRouter {
  readonly messages: AsyncIterable<Buffer[]>;
  /** Connections that never came to speak ZeroMQ, or could not be accepted. */
  readonly failures: number;
  /** Messages that did not open; only where they are sealed. */
  readonly counts?: SealCounts;
  /** @param mayOverwrite nobody reads the frames any more */
  send(peer: Uint8Array, frames: readonly Uint8Array[], mayOverwrite?: boolean): Promise<void>;
  onDisconnect(listener: () => void): void;
  /** The plane knows this connection no more. */
  forget?(key: string): void;
  /** Sets who is told of a message that did not open; `key` is of a connection that had opened one before. */
  onBroken?(listener: (error: RuvectorError, key: string | null) => void): void;
  close(): Promise<void>;
}

/** Messages that did not open. */
export interface SealCounts {
  readonly tampered: number;
  readonly replayed: number;
  /** Of a session that is not open. */
  readonly refused: number;
}

interface Link {
  readonly opener: Opener;
  readonly sealer: Sealer;
  readonly owner: BulkSession;
}

/** Until it has shown that it has the keys, no more of a connection is decrypted: a HELLO is far smaller. */
const MAX_FIRST_BYTES = 2 ** 20;
const MAX_ENDED = 1024;

export class SealedRouter implements PlaneRouter {
  readonly #router: RouterSocket;
  readonly #sessions: BulkSessions;
  readonly #limits: RekeyLimits;
  readonly #links = new Map<string, Link>();
  /** Connections that the plane has given up, the newest: what is still under way on them is no attack. */
  readonly #ended = new Set<string>();
  readonly #counts = { tampered: 0, replayed: 0, refused: 0 };
  #tellBroken: (error: RuvectorError, key: string | null) => void = () => {};

  constructor(router: RouterSocket, sessions: BulkSessions, limits: RekeyLimits = {}) {
    this.#router = router;
    this.#sessions = sessions;
    this.#limits = limits;
  }

  get endpoint(): string {
    return this.#router.endpoint;
  }

  get failures(): number {
    return this.#router.failures;
  }

  get counts(): SealCounts {
    return this.#counts;
  }

  get messages(): AsyncIterable<Buffer[]> {
    return this.#read();
  }

  /** Whose connection it is. */
  ownerOf(key: string): BulkSession | null {
    return this.#links.get(key)?.owner ?? null;
  }

  onBroken(listener: (error: RuvectorError, key: string | null) => void): void {
    this.#tellBroken = listener;
  }

  forget(key: string): void {
    if (!this.#links.delete(key)) return;
    this.#ended.add(key);
    if (this.#ended.size > MAX_ENDED) this.#ended.delete(this.#ended.values().next().value!);
  }

  async send(peer: Uint8Array, frames: readonly Uint8Array[], mayOverwrite = false): Promise<void> {
    const link = this.#links.get(keyOf(peer));
    if (!link) throw peerUnknownError();
    await this.#router.send(peer, link.sealer.seal(frames, mayOverwrite));
  }

  onDisconnect(listener: () => void): void {
    this.#router.onDisconnect(listener);
  }

  close(): Promise<void> {
    return this.#router.close();
  }

  async *#read(): AsyncGenerator<Buffer[]> {
    for await (const [routingId, ...frames] of this.#router.messages) {
      const key = routingId && keyOf(routingId);
      const opened = key === undefined || this.#ended.has(key) ? null : this.#open(key, frames);
      if (opened) yield [routingId!, ...(opened as Buffer[])];
    }
  }

  #open(key: string, frames: readonly Buffer[]): Uint8Array[] | null {
    const link = this.#links.get(key);
    try {
      return link ? link.opener.open(frames) : this.#openFirst(key, frames);
    } catch (error) {
      this.#counts[kindOf(error)]++;
      this.#tellBroken(error as RuvectorError, link ? key : null);
      return null;
    }
  }

  #openFirst(key: string, frames: readonly Buffer[]): Uint8Array[] {
    const { session, connection } = readClaim(frames[0]);
    const { keys, owner } = this.#sessions.find(session, connection);
    const sizeBytes = frames.reduce((sum, frame) => sum + frame.byteLength, 0);
    if (sizeBytes > MAX_FIRST_BYTES) throw helloTooLargeError(sizeBytes);
    const opener = new Opener(keys, Direction.TO_DAEMON);
    const opened = opener.open(frames);
    this.#sessions.use(session, connection);
    this.#links.set(key, { opener, sealer: new Sealer(keys, Direction.TO_CLIENT, this.#limits), owner });
    return opened;
  }
}

/** What a message that did not open says of whoever sent it. */
export function kindOf(error: unknown): keyof SealCounts {
  if (isRuvectorError(error, WireErrorCode.REPLAYED)) return 'replayed';
  return isRuvectorError(error, WireErrorCode.AUTH) ? 'refused' : 'tampered';
}

const keyOf = (routingId: Uint8Array): string => Buffer.from(routingId).toString('latin1');
