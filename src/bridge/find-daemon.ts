// From run/bridge.json to a connection: how every client on this machine reaches the daemon of a home.
import { isRuvectorError } from '../core/index.ts';
import { connectBridge } from './bridge-client.ts';
import type { BridgeClient } from './bridge-client.ts';
import { readBridgeFile } from './bridge-file.ts';
import { WireErrorCode } from '../sockets/index.ts';

/**
 * Connects to the daemon that wrote this file.
 * @throws RuvectorError `ERR_WIRE_NO_DAEMON` when none runs, with how to start one
 */
export async function connectDaemon(bridgeFile: string): Promise<BridgeClient> {
  const { endpoints, token } = await readBridgeFile(bridgeFile);
  return connectBridge({ controlEndpoint: endpoints.control, dataEndpoint: endpoints.data, token });
}

/** The same, or null when no daemon runs. */
export async function findDaemon(bridgeFile: string): Promise<BridgeClient | null> {
  try {
    return await connectDaemon(bridgeFile);
  } catch (error) {
    if (isRuvectorError(error, WireErrorCode.NO_DAEMON)) return null;
    throw error;
  }
}
