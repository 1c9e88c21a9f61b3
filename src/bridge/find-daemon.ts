// From run/bridge.json to a connection: how every client on this machine reaches the daemon of a home.
import { isRuvectorError, resolveHome } from '../core/index.ts';
import { connectBridge } from './bridge-client.ts';
import type { BridgeClient } from './bridge-client.ts';
import { readBridgeFile } from './bridge-file.ts';
import { daemonsOwnKeyError, keyPath, noKeyError, readKeyFile } from '../keys/index.ts';
import { WireErrorCode, parseTcpEndpoint } from '../sockets/index.ts';

/**
 * Connects to the daemon that wrote this file.
 * @throws RuvectorError `ERR_WIRE_NO_DAEMON` when none runs, with how to start one
 */
export async function connectDaemon(bridgeFile: string): Promise<BridgeClient> {
  const { endpoints, token } = await readBridgeFile(bridgeFile);
  return connectBridge({ controlEndpoint: endpoints.control, dataEndpoint: endpoints.data, token });
}

/** How a client reaches a daemon of another host. */
export interface RemoteDaemon {
  /** `tcp://host:port`, where `serve --listen` listens. */
  readonly endpoint: string;
  /** The file that `ruvector-memopt keys make` wrote, or its name in the home of this user. @default none: `token` is needed then */
  readonly key?: string | undefined;
  /** The word of `keys token` on a host that trusts its network. @default none */
  readonly token?: string | undefined;
}

/**
 * Connects to a daemon of another host.
 * @throws RuvectorError `ERR_KEYS_FILE`, `ERR_KEYS_KEY` without a key that can be used, `ERR_WIRE_ENDPOINT`, and what
 *   {@link connectBridge} throws: `ERR_WIRE_AUTH` when the daemon does not allow the key or does not have its own
 */
export async function connectRemoteDaemon({ endpoint, key, token }: RemoteDaemon): Promise<BridgeClient> {
  parseTcpEndpoint(endpoint);
  if (key === undefined) {
    if (token === undefined) throw noKeyError(endpoint);
    return connectBridge({ controlEndpoint: endpoint, token });
  }
  const path = /[/\\]|\.key$/.test(key) ? key : keyPath(resolveHome().keys, key);
  const { daemonKey, ...own } = await readKeyFile(path);
  if (daemonKey === null) throw daemonsOwnKeyError(path);
  return connectBridge({ controlEndpoint: endpoint, key: { ...own, daemonKey } });
}

/** The same as connectDaemon, or null when no daemon runs. */
export async function findDaemon(bridgeFile: string): Promise<BridgeClient | null> {
  try {
    return await connectDaemon(bridgeFile);
  } catch (error) {
    if (isRuvectorError(error, WireErrorCode.NO_DAEMON)) return null;
    throw error;
  }
}
