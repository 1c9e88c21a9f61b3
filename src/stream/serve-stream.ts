// Serves a hub at an endpoint. Chooses the transport; what travels is the codecs' and the hub's. Formats and
// transports are loaded with the first stream: a daemon that serves none does without their memory.
import type { RuvectorError } from '../core/index.ts';
import type { StreamFormat, StreamRequest, StreamTransport } from './stream-contract.ts';
import { streamDefaults } from './stream-options.ts';
import { noCertificateError } from './errors.ts';
import type { TlsFiles } from './transports/certificate.ts';
import type { ServedEndpoint } from './transports/served-endpoint.ts';
import { parseStreamEndpoint } from './stream-endpoint.ts';
import type { StreamHub } from './hub/stream-hub.ts';
import { assertStreamRequest } from './stream-request.ts';
import type { StreamSessions, StreamStats } from './transports/stream-sessions.ts';

/** Options of {@link serveStream}. */
export interface ServeStreamOptions {
  readonly hub: StreamHub;
  /**
   * `ws://127.0.0.1:9999`, `wss://host:9999`, `ipc:///path`, `tcp://127.0.0.1:0` or `pipe:/path`; port 0 takes a free
   * one.
   */
  readonly endpoint: string;
  /** Format of subscribers that ask for none, and of a pipe. @default "jsonlines" */
  readonly format?: StreamFormat;
  /** What a subscriber gets that asks for nothing, and a pipe carries. @default every record */
  readonly request?: StreamRequest;
  /** Subscribers must show it. Not for pipes: their file mode decides. @default none */
  readonly token?: string;
  /** Origins of web pages, besides this machine's own, that may read over WebSocket. @default none */
  readonly origins?: readonly string[];
  /** Listens where other machines reach it; encrypted is only `wss://`. @default false */
  readonly allowRemote?: boolean;
  /** Certificate and key of a `wss://` endpoint; renewed files are taken as they change. @default none */
  readonly tls?: TlsFiles;
  /** @default 64; a pipe has one */
  readonly maxSubscribers?: number;
  /** Called when a pipe cannot be used any more, or a renewed certificate, and when subscribers had to be ended. Must not throw. */
  readonly onProblem?: (problem: RuvectorError) => void;
}

/** A served stream. */
export interface StreamHandle extends AsyncDisposable {
  /** The address with its real port. */
  readonly endpoint: string;
  readonly transport: StreamTransport;
  readonly format: StreamFormat;
  /** Subscribers connected now. */
  readonly subscribers: number;
  stats(): StreamStats;
  /** Lets subscribers take what is left for a second, then closes. */
  close(): Promise<void>;
}

const MAX_SUBSCRIBERS = 64;

/**
 * Serves a hub.
 * @throws RuvectorError `ERR_WIRE_ENDPOINT` for an address that is taken, unusable or not local,
 *   `ERR_WIRE_STREAM_REQUEST` for a request that does not fit the hub's tables, `ERR_WIRE_TLS` for a certificate
 */
export async function serveStream(options: ServeStreamOptions): Promise<StreamHandle> {
  const { hub, format = streamDefaults.format, request = {}, maxSubscribers = MAX_SUBSCRIBERS } = options;
  const endpoint = parseStreamEndpoint(options.endpoint, options.allowRemote);
  assertStreamRequest(request, hub.kinds);
  const { StreamSessions } = await import('./transports/stream-sessions.ts');
  const sessions = new StreamSessions({ hub, format, request, maxSubscribers });
  const served = await bind(options, sessions, format);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= served.close());
  return {
    endpoint: served.endpoint,
    transport: endpoint.transport,
    format,
    get subscribers() {
      return sessions.size;
    },
    stats: () => sessions.stats(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function bind(
  options: ServeStreamOptions,
  sessions: StreamSessions,
  format: StreamFormat,
): Promise<ServedEndpoint> {
  const { hub, token, origins = [], allowRemote = false, tls, onProblem = () => {} } = options;
  const endpoint = parseStreamEndpoint(options.endpoint, allowRemote);
  const shared = { kinds: hub.kinds, sessions, token };
  if (endpoint.transport === 'websocket') {
    const { host, port, isEncrypted } = endpoint;
    if (isEncrypted && !tls) throw noCertificateError(options.endpoint);
    const { serveWebSocket } = await import('./transports/serve-websocket.ts');
    const secured = isEncrypted ? { tls } : {};
    return serveWebSocket({ ...shared, ...secured, host, port, origins, allowRemote, onProblem });
  }
  if (endpoint.transport === 'zeromq') {
    const { serveZeromq } = await import('./transports/serve-zeromq.ts');
    return serveZeromq({ ...shared, address: endpoint.address, onProblem });
  }
  const { servePipe } = await import('./transports/serve-pipe.ts');
  return servePipe({ path: endpoint.path, sessions, kinds: hub.kinds, format, onProblem });
}
