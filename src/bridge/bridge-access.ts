// Who may use a bridge, and how what it sends is protected: a token for programs of this machine (run/bridge.json); keys,
// CURVE and sealed bulk for other hosts; a token alone on a network that somebody trusts. docs/protocol.md, "Between hosts"
import type { RuvectorError } from '../core/index.ts';
import type { ClientAllowList, KeyPair } from '../keys/index.ts';
import { buildProof, isKey } from '../keys/index.ts';
import { assertLocalEndpoint, isToken, parseTcpEndpoint } from '../sockets/index.ts';
import type { CurveServer, RouterSocket } from '../sockets/index.ts';
import type { BatchTransport } from './batch-memory.ts';
import { BulkSessions } from './bulk-sessions.ts';
import type { BulkSession } from './bulk-sessions.ts';
import { noProofError, wrongTokenError } from './errors.ts';
import type { Payload } from './message.ts';
import { clientIdOf } from './plane.ts';
import type { Admission, Peer } from './plane.ts';
import type { RekeyLimits } from './seal.ts';
import { SealedRouter } from './sealed-router.ts';
import type { PlaneRouter } from './sealed-router.ts';

/** How bulk travels to another host. */
export type BulkKind = 'aes-256-gcm' | 'plain';

/** A bridge that other hosts reach. */
export interface RemoteAccess {
  /** The daemon's key and whose it allows; null: a trusted network, where the token is all. */
  readonly keys: { readonly own: KeyPair; readonly clients: ClientAllowList } | null;
  /** `plain` only where somebody trusts the network. Without keys it is always plain. */
  readonly bulk: BulkKind;
  /** When bulk takes new keys. @default 2^20 messages, 2^36 bytes */
  readonly rekey?: RekeyLimits;
}

/** What the two planes of a bridge are given. */
export interface BridgeAccess {
  readonly curveServer: CurveServer | undefined;
  /** How messages with batches travel. */
  readonly messages: BatchTransport;
  /** Handshakes with a key that is not allowed. */
  readonly unknownKeys: () => number;
  assertEndpoint(endpoint: string): void;
  wrapData(router: RouterSocket): PlaneRouter;
  readonly admitControl: Admission;
  readonly admitData: Admission;
  readonly helloFields: (peer: Peer) => object;
  readonly onControlLost: (peer: Peer) => void;
}

/** Programs of this machine: whoever may read the bridge file. */
export function buildLocalAccess(token: string, dataEndpoint: string): BridgeAccess {
  const admit: Admission = (hello) => (isToken(hello['token'], token) ? null : wrongTokenError());
  return {
    curveServer: undefined,
    messages: dataEndpoint.startsWith('ipc:') ? 'ipc' : 'tcp',
    unknownKeys: () => 0,
    assertEndpoint: assertLocalEndpoint,
    wrapData: (router) => router,
    admitControl: admit,
    admitData: admit,
    helloFields: () => ({}),
    onControlLost: () => {},
  };
}

/** Other hosts. */
export function buildRemoteAccess(token: string, { keys, bulk, rekey }: RemoteAccess): BridgeAccess {
  const sessions = new BulkSessions();
  const isSealed = keys !== null && bulk === 'aes-256-gcm';
  let dataPort = 0;
  let unknownKeys = 0;
  let sealed: SealedRouter | null = null;
  const ownerOf = ({ token: shown }: Payload, connection: string): BulkSession | null =>
    sealed ? sealed.ownerOf(connection) : sessions.bySecret((secret) => isToken(shown, secret));
  return {
    curveServer: keys
      ? {
          secretKey: keys.own.secretKey,
          isAllowed: (publicKey) => keys.clients.nameOf(publicKey) !== null,
          onRefused: () => unknownKeys++,
        }
      : undefined,
    messages: isSealed ? 'sealed' : 'tcp',
    unknownKeys: () => unknownKeys,
    assertEndpoint: parseTcpEndpoint,
    wrapData: (router) => {
      dataPort = parseTcpEndpoint(router.endpoint).port;
      if (!isSealed) return router;
      sealed = new SealedRouter(router, sessions, rekey);
      return sealed;
    },
    admitControl: keys
      ? (hello) => admitKey(hello, keys.own, keys.clients)
      : (hello) => (isToken(hello['token'], token) ? null : wrongTokenError()),
    admitData: (hello, connection) => {
      const owner = ownerOf(hello, connection);
      return owner !== null && owner.clientId === clientIdOf(hello) ? owner.identity : wrongTokenError();
    },
    helloFields: (peer) => {
      const { session, secret } = sessions.open(peer.key, peer.clientId, peer.identity);
      const how = isSealed ? { kind: 'aes-256-gcm', session, secret } : { kind: 'plain', token: secret };
      return { bulk: { ...how, port: dataPort } };
    },
    onControlLost: (peer) => sessions.close(peer.key),
  };
}

/** CURVE has let in an allowed key; the proof says that it is this one. */
function admitKey(hello: Payload, own: KeyPair, clients: ClientAllowList): string | RuvectorError {
  const { key, proof } = hello;
  if (!isKey(key) || clients.nameOf(key) === null) return noProofError();
  try {
    if (isToken(proof, buildProof(own, key, key, own.publicKey))) return key;
  } catch {
    // A key of low order.
  }
  return noProofError();
}
