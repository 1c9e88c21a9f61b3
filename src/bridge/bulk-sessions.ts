// Who may send bulk from another host: each HELLO on the control endpoint, which CURVE protects, opens a session with a
// secret of its own; it ends with that connection. Sealed messages name it. docs/protocol.md, "Between hosts"
import { randomBytes } from 'node:crypto';
import { replayedError, sessionClosedError } from './errors.ts';
import type { SealKeys } from './seal.ts';

const SESSION_BYTES = 16;
const SECRET_BYTES = 32;
/** Connections of a session that may still come out of order; older numbers count as used. */
const WINDOW = 1024;

/** One control connection. */
export interface BulkSession {
  readonly session: string;
  readonly secret: string;
  readonly clientId: string;
  /** Public key of the client; null on a trusted network. */
  readonly identity: string | null;
}

interface Entry extends BulkSession {
  readonly used: Set<number>;
  /** Lower numbers are used. */
  floor: number;
}

export class BulkSessions {
  readonly #sessions = new Map<string, Entry>();
  /** By the key of the control connection. */
  readonly #byPeer = new Map<string, string>();

  open(peerKey: string, clientId: string, identity: string | null): BulkSession {
    this.close(peerKey);
    const session = randomBytes(SESSION_BYTES).toString('hex');
    const secret = randomBytes(SECRET_BYTES).toString('hex');
    const entry = { session, secret, clientId, identity, used: new Set<number>(), floor: 0 };
    this.#sessions.set(session, entry);
    this.#byPeer.set(peerKey, session);
    return entry;
  }

  close(peerKey: string): void {
    const session = this.#byPeer.get(peerKey);
    if (session === undefined) return;
    this.#byPeer.delete(peerKey);
    this.#sessions.delete(session);
  }

  /** The session whose secret somebody shows: on a trusted network it is the token of bulk. */
  bySecret(isSecret: (secret: string) => boolean): BulkSession | null {
    return this.#sessions.values().find(({ secret }) => isSecret(secret)) ?? null;
  }

  /**
   * Keys of a connection that was not there yet.
   * @throws RuvectorError `ERR_WIRE_AUTH` for a session that is not open, `ERR_WIRE_REPLAYED` for a connection that
   *   was there before
   */
  find(session: string, connection: number): { keys: SealKeys; owner: BulkSession } {
    const owner = this.#sessions.get(session);
    if (!owner) throw sessionClosedError();
    if (connection < owner.floor || owner.used.has(connection))
      throw replayedError(`connection ${connection} was there before`);
    return { keys: { session, secret: owner.secret, connection }, owner };
  }

  /** The connection has shown that it has the keys. */
  use(session: string, connection: number): void {
    const entry = this.#sessions.get(session);
    if (!entry) return;
    entry.used.add(connection);
    entry.floor = Math.max(entry.floor, connection - WINDOW);
    for (const number of entry.used) {
      if (number >= entry.floor) break;
      entry.used.delete(number);
    }
  }
}
