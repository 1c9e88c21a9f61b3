// The bridge as other hosts reach it: `serve --listen`. What it answers is what the bridge of this machine answers; who
// may ask is decided by keys, or by nobody on a network that the user trusts. docs/fleet.md
import { existsSync } from 'node:fs';
import { createBridgeServer } from '../../bridge/index.ts';
import type { BridgeServer } from '../../bridge/index.ts';
import { isRuvectorError } from '../../core/index.ts';
import type { Home } from '../../core/index.ts';
import {
  DAEMON_NAME,
  KeyErrorCode,
  createKeyFile,
  ensureNetworkToken,
  followClients,
  keyPath,
  readKeyFile,
} from '../../keys/index.ts';
import type { KeyFile } from '../../keys/index.ts';
import { parseTcpEndpoint } from '../../sockets/index.ts';
import type { ServedBridge } from '../requests/served-bridge.ts';
import type { NetworkTrust } from './network-trust.ts';
import type { RemoteBridge } from './remote-types.ts';

/** The part of a host's configuration that is about the bridge. */
export interface RemoteConfig {
  /** `tcp://host:port`; bulk takes the next port, or any where this is 0. */
  readonly listen: string | null;
  readonly trustedNetwork: NetworkTrust;
}

/**
 * Listens for clients of other hosts; null where nobody said where.
 * @throws RuvectorError `ERR_WIRE_ENDPOINT`, `ERR_KEYS_FILE`
 */
export async function openRemoteBridge(
  { keys: keysFolder }: Home,
  { listen, trustedNetwork: trust }: RemoteConfig,
  served: ServedBridge,
  onLog: (text: string) => void,
): Promise<RemoteBridge | null> {
  if (listen === null) return null;
  await using cleanup = new AsyncDisposableStack();
  const keys = trust === 'all' ? null : await openKeys(keysFolder, onLog, cleanup);
  const { host, port } = parseTcpEndpoint(listen);
  const server = cleanup.use(
    await createBridgeServer({
      ...served,
      controlEndpoint: `tcp://${host}:${port}`,
      dataEndpoint: `tcp://${host}:${port === 0 ? 0 : port + 1}`,
      token: keys ? '' : await ensureNetworkToken(keysFolder),
      remote: { keys, bulk: trust === 'none' ? 'aes-256-gcm' : 'plain' },
    }),
  );
  onLog(describe(server, trust, keys));
  const owned = cleanup.move();
  return {
    status: () => ({
      endpoint: server.endpoints.control,
      dataEndpoint: server.endpoints.data,
      trust,
      daemonKey: keys?.own.publicKey ?? null,
      allowedClients: keys?.clients.size ?? null,
      bridge: server.stats(),
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type OpenKeys = { readonly own: KeyFile; readonly clients: ReturnType<typeof followClients> };

async function openKeys(
  folder: string,
  onLog: (text: string) => void,
  cleanup: AsyncDisposableStack,
): Promise<OpenKeys> {
  const own = await ensureDaemonKey(folder);
  return { own, clients: cleanup.use(followClients(folder, onLog)) };
}

/** The daemon's key pair, made when there is none. @throws RuvectorError `ERR_KEYS_FILE` */
export async function ensureDaemonKey(folder: string): Promise<KeyFile> {
  const path = keyPath(folder, DAEMON_NAME);
  if (existsSync(path)) return readKeyFile(path);
  try {
    return await createKeyFile(folder, DAEMON_NAME, null);
  } catch (error) {
    // Another process was faster.
    if (isRuvectorError(error, KeyErrorCode.NAME)) return readKeyFile(path);
    throw error;
  }
}

function describe({ endpoints }: BridgeServer, trust: NetworkTrust, keys: OpenKeys | null): string {
  const where = `other hosts reach the bridge at ${endpoints.control}, bulk at ${endpoints.data}`;
  if (!keys) return `${where}: nothing is encrypted, because --trusted-network says so`;
  const { size } = keys.clients;
  const who =
    size === 0 ? 'no client is allowed yet: ruvector-memopt keys allow' : `${size} clients are allowed`;
  const bulk = trust === 'bulk' ? ', bulk is not encrypted, because --trusted-network says so' : '';
  return `${where}; ${who}${bulk}`;
}
