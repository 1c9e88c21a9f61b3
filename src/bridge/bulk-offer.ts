// How a daemon on another host offers bulk: part of its HELLO on the control endpoint. Pure. docs/protocol.md
import { parseTcpEndpoint } from '../sockets/index.ts';
import { unknownBulkError } from './errors.ts';
import type { SealKeys } from './seal.ts';

/** Where a client reads batches, and by what it is known there. */
export interface BulkOffer {
  readonly endpoint: string;
  /** Null where messages are sealed. */
  readonly token: string | null;
  /** Null where they are plain; each connection adds its number. */
  readonly seal: Omit<SealKeys, 'connection'> | null;
}

/**
 * Parses `bulk` of a HELLO; null when there is none, as of a daemon of this machine.
 * @throws RuvectorError `ERR_WIRE_VERSION` for a way that this side does not know
 */
export function parseBulk(bulk: unknown, controlEndpoint: string): BulkOffer | null {
  if (typeof bulk !== 'object' || bulk === null) return null;
  const { kind, port, token, session, secret } = bulk as Record<string, unknown>;
  const endpoint = `tcp://${parseTcpEndpoint(controlEndpoint).host}:${Number(port)}`;
  if (kind === 'plain') return { endpoint, token: String(token), seal: null };
  if (kind !== 'aes-256-gcm') throw unknownBulkError(String(kind));
  return { endpoint, token: null, seal: { session: String(session), secret: String(secret) } };
}
