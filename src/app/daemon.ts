// How commands reach a running host: through run/bridge.json, as any other client.
import { isRuvectorError } from '../core/index.ts';
import { connectBridge, readBridgeFile } from '../wire/index.ts';
import type { BridgeClient } from '../wire/index.ts';
import type { Home } from './home.ts';

/**
 * Connects to the host that runs on this home.
 * @throws RuvectorError `ERR_WIRE_NO_DAEMON` when none runs, with how to start one
 */
export async function connectDaemon(home: Home): Promise<BridgeClient> {
  const { endpoints, token } = await readBridgeFile(home.bridgeFile);
  return connectBridge({ controlEndpoint: endpoints.control, dataEndpoint: endpoints.data, token });
}

/** The same, or null when no host runs on this home. */
export async function findDaemon(home: Home): Promise<BridgeClient | null> {
  try {
    return await connectDaemon(home);
  } catch (error) {
    if (isRuvectorError(error, 'ERR_WIRE_NO_DAEMON')) return null;
    throw error;
  }
}
