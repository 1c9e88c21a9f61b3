// How commands reach a running host: through run/bridge.json, as any other client.
import { connectDaemon as connectByFile, findDaemon as findByFile } from '../bridge/index.ts';
import type { BridgeClient } from '../bridge/index.ts';
import type { Home } from './home.ts';

/**
 * Connects to the host that runs on this home.
 * @throws RuvectorError `ERR_WIRE_NO_DAEMON` when none runs, with how to start one
 */
export const connectDaemon = (home: Home): Promise<BridgeClient> => connectByFile(home.bridgeFile);

/** The same, or null when no host runs on this home. */
export const findDaemon = (home: Home): Promise<BridgeClient | null> => findByFile(home.bridgeFile);
