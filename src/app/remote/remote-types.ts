// The bridge that other hosts reach, seen from the parts of the app that use it. Types only.
import type { BridgeStats } from '../../bridge/index.ts';
import type { NetworkTrust } from './network-trust.ts';

/** For `status` and `doctor`. */
export interface RemoteStatus {
  readonly endpoint: string;
  /** Port of bulk, which a firewall has to let through as well. */
  readonly dataEndpoint: string;
  readonly trust: NetworkTrust;
  /** Public key of this daemon; null where the network is trusted. */
  readonly daemonKey: string | null;
  /** How many clients are allowed; null where a token is all. */
  readonly allowedClients: number | null;
  readonly bridge: BridgeStats;
}

/** A bridge that other hosts reach. */
export interface RemoteBridge extends AsyncDisposable {
  status(): RemoteStatus;
}
