// Where a stream is served, from text: `ws://127.0.0.1:9999`, `ipc:///run/x.sock`, `tcp://127.0.0.1:0`,
// `pipe:/run/x.pipe`, `wss://host:9999`. Loopback only unless the caller says otherwise.
import { isLoopbackHost } from '../sockets/index.ts';
import { endpointError } from './errors.ts';

/** A parsed endpoint. */
export type StreamEndpoint =
  | {
      readonly transport: 'websocket';
      readonly host: string;
      readonly port: number;
      /** `wss:` */
      readonly isEncrypted: boolean;
    }
  | { readonly transport: 'zeromq'; readonly address: string }
  | { readonly transport: 'pipe'; readonly path: string };

/**
 * Parses an endpoint.
 * @param allowRemote true also takes addresses that other machines reach. @default false
 * @throws RuvectorError `ERR_WIRE_ENDPOINT`
 */
export function parseStreamEndpoint(text: string, allowRemote = false): StreamEndpoint {
  const endpoint = parse(text);
  if (!endpoint) throw endpointError(text, 'it is none of ws://, wss://, tcp://, ipc:// and pipe:');
  if (allowRemote || !isRemoteEndpoint(endpoint)) return endpoint;
  throw endpointError(
    text,
    'other machines reach it, which takes wss:// with a certificate, or a network that the daemon was told to trust',
  );
}

/** True for an endpoint that other machines reach. */
export function isRemoteEndpoint(endpoint: StreamEndpoint): boolean {
  const host = hostOf(endpoint);
  return host !== null && !isLoopbackHost(host);
}

function parse(text: string): StreamEndpoint | null {
  const pipe = /^pipe:(?:\/\/)?(\/.+)$/.exec(text)?.[1];
  if (pipe !== undefined) return { transport: 'pipe', path: pipe };
  if (/^ipc:\/\/.+$/.test(text)) return { transport: 'zeromq', address: text };
  const [, scheme, host, port] =
    /^(wss?|tcp):\/\/(\[[0-9a-f:]+\]|[\w.-]+|\*):(\d{1,5}|\*)\/?$/i.exec(text) ?? [];
  if (host === undefined || port === undefined) return null;
  if (Number(port) > 65_535) throw endpointError(text, `its port is ${port}, and the highest is 65535`);
  if (scheme === 'tcp') return { transport: 'zeromq', address: text.replace(/\/$/, '') };
  return {
    transport: 'websocket',
    host: host.replace(/^\[|\]$/g, ''),
    port: port === '*' ? 0 : Number(port),
    isEncrypted: scheme?.toLowerCase() === 'wss',
  };
}

function hostOf(endpoint: StreamEndpoint): string | null {
  if (endpoint.transport === 'websocket') return endpoint.host;
  if (endpoint.transport === 'pipe') return null;
  return /^tcp:\/\/(.+):/.exec(endpoint.address)?.[1] ?? null;
}
