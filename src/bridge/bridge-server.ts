// The daemon's side of the bridge: two ROUTER sockets, requests on one, record batches on the other.
// It starts and stops the planes; what they answer is given by the caller. docs/protocol.md
import { BatchMemory } from './batch-memory.ts';
import type { BatchMemoryOptions, BatchMemoryStats } from './batch-memory.ts';
import { buildBatchPool } from './batch-pool.ts';
import { DEFAULT_LEASE_MS, RouterSocket, assertLocalEndpoint, restrictEndpoint } from '../sockets/index.ts';
import type { Endpoints, PlaneName } from '../sockets/index.ts';
import { MAX_PAYLOAD_BYTES } from './message.ts';
import { RequestPlane } from './request-plane.ts';
import type { RequestHandler } from './request-plane.ts';
import { BatchPlane } from './batch-plane.ts';
import type { BatchFeed } from './batch-session.ts';

/** News of the bridge, for a log. */
export interface BridgeEvent {
  readonly plane: PlaneName;
  /** `refused`: no or wrong token; `malformed`: bytes that break the protocol. */
  readonly type: 'connected' | 'lost' | 'refused' | 'malformed';
  readonly clientId: string | null;
}

export interface BridgeServerOptions {
  /** `ipc:///path` or `tcp://127.0.0.1:port`; port 0 takes a free one. */
  readonly controlEndpoint: string;
  readonly dataEndpoint: string;
  /** Secret every client must show; compared in constant time. */
  readonly token: string;
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
  const [controlRouter, dataRouter] = await bindBoth(options, maxMessageBytes, leaseMs);
  const { sharedMemory = {} } = options;
  const memory = new BatchMemory(sharedMemory, dataRouter.endpoint);
  const shared = { token, maxMessageBytes, leaseMs };
  const requests = new RequestPlane({
    ...shared,
    memory,
    router: controlRouter,
    requests: options.requests ?? {},
    version: options.version,
    onEvent: (type, clientId) => options.onEvent?.({ plane: 'control', type, clientId }),
    onClientLost: (clientId) => batches.endClient(clientId),
  });
  const batches = new BatchPlane({
    ...shared,
    router: dataRouter,
    feeds: options.feeds ?? {},
    pool,
    memory,
    hasLease: (clientId) => requests.hasClient(clientId),
    onEvent: (type, clientId) => options.onEvent?.({ plane: 'data', type, clientId }),
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
    }),
    drain,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

async function bindBoth(
  options: BridgeServerOptions,
  maxMessageBytes: number,
  leaseMs: number,
): Promise<[RouterSocket, RouterSocket]> {
  const bind = async (plane: PlaneName, endpoint: string): Promise<RouterSocket> => {
    assertLocalEndpoint(endpoint);
    // Only requests carry attachments.
    const largest = plane === 'control' ? maxMessageBytes : Math.min(maxMessageBytes, MAX_PAYLOAD_BYTES);
    const router = await RouterSocket.open({ plane, endpoint, leaseMs, maxMessageBytes: largest });
    await restrictEndpoint(router.endpoint);
    return router;
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
): Omit<BridgeStats, 'sharedMemory'> {
  return {
    clients: requests.clients,
    activeRequests: requests.activeRequests,
    openStreams: batches.openStreams,
    batchesSent: batches.batchesSent,
    ...pool,
    malformed: requests.malformed + batches.malformed,
    refused: requests.refused + batches.refused,
    failed: requests.failed + batches.failed,
  };
}
