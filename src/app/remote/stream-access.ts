// Whether a stream may be served where other hosts reach it, and what it needs for that: a certificate (`wss://`) or a
// network that the user trusts, and in either case a token.
import type { Home } from '../../core/index.ts';
import { ensureNetworkToken } from '../../keys/index.ts';
import { isRemoteEndpoint, parseStreamEndpoint } from '../../stream/index.ts';
import type { ServeStreamOptions, TlsFiles } from '../../stream/index.ts';
import type { NetworkTrust } from './network-trust.ts';

/** The part of a host's configuration that is about other hosts. */
export interface NetworkConfig {
  readonly trustedNetwork: NetworkTrust;
  readonly tlsCert: string | null;
  readonly tlsKey: string | null;
}

/** What `serve` was told. */
export interface StreamNetwork {
  readonly trust: NetworkTrust;
  /** Certificate and key of `--tls-cert` and `--tls-key`. */
  readonly tls: TlsFiles | null;
  /** Where the token of streams is kept that are started without one. */
  readonly keysFolder: string;
}

/** What a host was told of other hosts. */
export function networkOf(home: Home, config: NetworkConfig): StreamNetwork {
  const { trustedNetwork: trust, tlsCert, tlsKey } = config;
  const tls = tlsCert !== null && tlsKey !== null ? { certFile: tlsCert, keyFile: tlsKey } : null;
  return { trust, tls, keysFolder: home.keys };
}

/**
 * Decides for one stream.
 * @param network null: this machine only
 * @throws RuvectorError `ERR_WIRE_ENDPOINT` for one that other hosts may not reach, `ERR_KEYS_FILE`
 */
export async function decideStreamAccess(
  endpoint: string,
  token: string | undefined,
  network: StreamNetwork | null,
): Promise<Pick<ServeStreamOptions, 'allowRemote' | 'tls' | 'token'>> {
  const parsed = parseStreamEndpoint(endpoint, true);
  const isEncrypted = parsed.transport === 'websocket' && parsed.isEncrypted;
  const tls = isEncrypted && network?.tls ? { tls: network.tls } : {};
  const mayLeave = network !== null && (isEncrypted || network.trust === 'all');
  // Refuses what other hosts reach.
  if (!mayLeave) parseStreamEndpoint(endpoint);
  if (!mayLeave || !isRemoteEndpoint(parsed)) return { ...tls, ...(token !== undefined && { token }) };
  return { ...tls, allowRemote: true, token: token ?? (await ensureNetworkToken(network.keysFolder)) };
}
