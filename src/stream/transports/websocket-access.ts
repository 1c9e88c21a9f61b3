// Who may open a WebSocket: decided by the Host, the Origin and the token of its handshake. Pure.
// A browser sends both headers for every page and no page can change them. docs/streams.md
import type { IncomingMessage } from 'node:http';
import { isLoopbackHost, isToken } from '../../sockets/index.ts';

export interface AccessRules {
  /** Pages of these origins may read the stream, besides those of this machine. */
  readonly origins: readonly string[];
  readonly token: string | undefined;
  readonly allowRemote: boolean;
}

/** The status line of a refused upgrade, or null. */
export function refusalOf(
  request: Pick<IncomingMessage, 'headers' | 'url'>,
  { allowRemote, origins, token }: AccessRules,
): string | null {
  const { origin, host } = request.headers;
  if (urlOf(request) === null) return '400 Bad Request';
  // A page that was rebound to this address by its DNS name still sends its own Host.
  if (!allowRemote && !isLoopbackUrl(`http://${host ?? ''}`)) return '403 Forbidden';
  if (origin !== undefined && !isLoopbackUrl(origin) && !origins.includes(origin)) return '403 Forbidden';
  if (token !== undefined && !isToken(tokenOf(request), token)) return '401 Unauthorized';
  return null;
}

/** The request's address; null when it is none, for example `//`. */
export function urlOf({ url }: Pick<IncomingMessage, 'url'>): URL | null {
  return URL.parse(url ?? '/', 'ws://localhost');
}

/** Pages of a browser's extensions and of files have other schemes, or the origin `null`. */
function isLoopbackUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && isLoopbackHost(url.hostname);
}

function tokenOf(request: Pick<IncomingMessage, 'headers' | 'url'>): string {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  return bearer ?? urlOf(request)?.searchParams.get('token') ?? '';
}
