// The daemon's side of the bridge: two ROUTER sockets, requests on one, record batches on the other.
// It starts and stops the planes; what they answer is given by the caller. docs/protocol.md
import { BatchMemory } from './batch-memory.ts';
import type { BatchMemoryOptions, BatchMemoryStats } from './batch-memory.ts';
import { buildBatchPool } from './batch-pool.ts';
import { buildLocalAccess, buildRemoteAccess } from './bridge-access.ts';
import type { BridgeAccess, RemoteAccess } from './bridge-access.ts';
import { keyRevokedError } from './errors.ts';
import { DEFAULT_LEASE_MS, RouterSocket } from '../sockets/index.ts';
import type { Endpoints, PlaneName } from '../sockets/index.ts';
import { MAX_PAYLOAD_BYTES } from './message.ts';
import { RequestPlane } from './request-plane.ts';
import type { RequestHandler } from './request-plane.ts';
import { BatchPlane } from './batch-plane.ts';
import type { Peer, PlaneEventType } from './plane.ts';
import type { BatchFeed } from './batch-session.ts';

/** News of the bridge, for a log. */
export interface BridgeEvent {
  readonly plane: PlaneName;
  /**
   * `refused`: no or wrong token, or no proof of a key; `malformed`: bytes that break the protocol; `tampered` and
   * `replayed`: sealed messages that did not open; `flooded`: more messages or connections came than an endpoint takes, and
   * all of them were ended.
   */
  readonly type: PlaneEventType | 'flooded';
  readonly clientId: string | null;
}

export interface BridgeServerOptions {
  /** `ipc:///path` or `tcp://127.0.0.1:port`, any TCP address with `remote`; port 0 takes a free one. */
  readonly controlEndpoint: string;
  readonly dataEndpoint: string;
  /** Secret every client without a key must show; compared in constant time. */
  readonly token: string;
  /** Clients of other hosts instead of programs of this one; they share no memory. @default none */
  readonly remote?: RemoteAccess;
  readonly requests?: Readonly<Record<string, RequestHandler>>;
  /** What clients can read, by name. */
  readonly feeds?: Readonly<Record<string, BatchFeed>>;
  /** Of the product, for the HELLO. @default none is told */
  readonly version?: string;
  /** @default 512 MiB */
  readonly maxMessageBytes?: number;
  /** A client silent for this long on the ZeroMQ level has vanished. @default 10 000 */
  readonly leaseMs?: number;
  /** Idle batch memory kept for reuse. @default 64 MiB */
  readonly maxIdleBytes?: number;
  /** Memory that clients of this host read batches from; null: none. @default files in /dev/shm */
  readonly sharedMemory?: BatchMemoryOptions | null;
  readonly onEvent?: (event: BridgeEvent) => void;
}

export interface BridgeStats {
  clients: number;
  activeRequests: number;
  /** Clients' readings of batches that are open. */
  openStreams: number;
  batchesSent: number;
  /** Batch slots that await an ACK. */
  slotsInUse: number;
  bytesInUse: number;
  idleBytes: number;
  sharedMemory: BatchMemoryStats;
  /** Messages that break the protocol. */
  malformed: number;
  /** Messages without a HELLO, or with a wrong token. */
  refused: number;
  /** Connections that never came to speak ZeroMQ, or could not be accepted. */
  failed: number;
  /** Sealed messages that were changed on their way, and that came before or out of order. */
  tampered: number;
  replayed: number;
  /** Handshakes from other hosts with a key that is not allowed. */
  unknownKeys: number;
}

export interface BridgeServer extends AsyncDisposable {
  /** The bound addresses, with real ports. */
  readonly endpoints: Endpoints;
  stats(): BridgeStats;
  /** Takes nothing new, lets requests end and batches be acknowledged. @param timeoutMs @default 5000 */
  drain(timeoutMs?: number): Promise<void>;
  /** Drains, then closes the sockets. */
  close(timeoutMs?: number): Promise<void>;
}

const MAX_MESSAGE_BYTES = 512 * 2 ** 20;
const MAX_IDLE_BYTES = 64 * 2 ** 20;
const DRAIN_TIMEOUT_MS = 5000;

/**
 * Starts a bridge.
 * @throws RuvectorError `ERR_WIRE_ENDPOINT` for an address that is taken, too long or not local
 */
export async function createBridgeServer(options: BridgeServerOptions): Promise<BridgeServer> {
  const { token, maxMessageBytes = MAX_MESSAGE_BYTES, leaseMs = DEFAULT_LEASE_MS } = options;
  const pool = buildBatchPool(options.maxIdleBytes ?? MAX_IDLE_BYTES);
  const { remote, sharedMemory = remote ? null : {} } = options;
  const access = remote ? buildRemoteAccess(token, remote) : buildLocalAccess(token, options.dataEndpoint);
  const [controlRouter, dataRouter] = await bindBoth(options, access, maxMessageBytes, leaseMs);
  const memory = new BatchMemory(sharedMemory, access.messages);
  const shared = { maxMessageBytes, leaseMs };
  const requests = new RequestPlane({
    ...shared,
    memory,
    router: controlRouter,
    admit: access.admitControl,
    helloFields: access.helloFields,
    onPeerLost: access.onControlLost,
    requests: options.requests ?? {},
    version: options.version,
    onEvent: (type, clientId) => options.onEvent?.({ plane: 'control', type, clientId }),
    onClientLost: (clientId) => batches.endClient(clientId),
  });
  const batches = new BatchPlane({
    ...shared,
    router: access.wrapData(dataRouter),
    admit: access.admitData,
    feeds: options.feeds ?? {},
    pool,
    memory,
    hasLease: (clientId) => requests.hasClient(clientId),
    onEvent: (type, clientId) => options.onEvent?.({ plane: 'data', type, clientId }),
  });

  remote?.keys?.clients.onChange(() => {
    const isRevoked = ({ identity }: Peer): boolean =>
      identity !== null && remote.keys?.clients.nameOf(identity) === null;
    // Bulk first: a lease that ended would be given as the reason.
    batches.expel(keyRevokedError(), isRevoked);
    requests.expel(keyRevokedError(), isRevoked);
  });

  async function drain(timeoutMs = DRAIN_TIMEOUT_MS): Promise<void> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), timeoutMs);
    try {
      await Promise.all([requests.drain(abort.signal), batches.drain(abort.signal)]);
    } finally {
      clearTimeout(timer);
    }
  }

  let closing: Promise<void> | undefined;
  async function closeOnce(timeoutMs?: number): Promise<void> {
    await drain(timeoutMs);
    await Promise.all([requests.close(), batches.close()]);
  }
  const close = (timeoutMs?: number): Promise<void> => (closing ??= closeOnce(timeoutMs));

  return {
    endpoints: { control: controlRouter.endpoint, data: dataRouter.endpoint },
    stats: () => ({
      ...mergeStats(requests.stats(), batches.stats(), pool.stats()),
      sharedMemory: memory.stats(),
      unknownKeys: access.unknownKeys(),
    }),
    drain,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

async function bindBoth(
  options: BridgeServerOptions,
  access: BridgeAccess,
  maxMessageBytes: number,
  leaseMs: number,
): Promise<[RouterSocket, RouterSocket]> {
  const bind = async (plane: PlaneName, endpoint: string): Promise<RouterSocket> => {
    access.assertEndpoint(endpoint);
    // Only requests carry attachments.
    const largest = plane === 'control' ? maxMessageBytes : Math.min(maxMessageBytes, MAX_PAYLOAD_BYTES);
    const curveServer = plane === 'control' ? access.curveServer : undefined;
    return RouterSocket.open({
      plane,
      endpoint,
      leaseMs,
      maxMessageBytes: largest,
      curveServer,
      onFlooded: () => options.onEvent?.({ plane, type: 'flooded', clientId: null }),
    });
  };
  const control = await bind('control', options.controlEndpoint);
  try {
    return [control, await bind('data', options.dataEndpoint)];
  } catch (error) {
    await control.close();
    throw error;
  }
}

function mergeStats(
  requests: ReturnType<RequestPlane['stats']>,
  batches: ReturnType<BatchPlane['stats']>,
  pool: { slotsInUse: number; bytesInUse: number; idleBytes: number },
): Omit<BridgeStats, 'sharedMemory' | 'unknownKeys'> {
  return {
    clients: requests.clients,
    activeRequests: requests.activeRequests,
    openStreams: batches.openStreams,
    batchesSent: batches.batchesSent,
    ...pool,
    malformed: requests.malformed + batches.malformed,
    refused: requests.refused + batches.refused,
    failed: requests.failed + batches.failed,
    tampered: batches.tampered,
    replayed: batches.replayed,
  };
}
