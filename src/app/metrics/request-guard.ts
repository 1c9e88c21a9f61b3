// Who may read the page of metrics. A web page that was rebound to this machine by its DNS name still sends that
// name as Host, so only names and addresses of this machine are answered. Pure.
import type { IncomingMessage } from 'node:http';
import { isLoopback } from './metrics-address.ts';

/** What a request is answered instead of the page. */
export interface HttpRefusal {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The refusal of a request, or null. */
export function httpRefusalOf(
  request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  isRemoteAllowed: boolean,
): HttpRefusal | null {
  const { method = '', url = '', headers } = request;
  if (!isRemoteAllowed && !isLoopback(hostNameOf(headers.host))) {
    return { status: 403, text: 'This page is read as 127.0.0.1 or localhost.\n' };
  }
  // A browser says which page asks; Prometheus and curl say nothing.
  if (!isRemoteAllowed && headers['sec-fetch-site'] === 'cross-site') {
    return { status: 403, text: 'This page is not for other web pages.\n' };
  }
  if (pathOf(url) !== '/metrics') return { status: 404, text: 'Metrics are at /metrics.\n' };
  if (method !== 'GET' && method !== 'HEAD') {
    return { status: 405, text: 'Only GET and HEAD.\n', headers: { allow: 'GET, HEAD' } };
  }
  return null;
}

function hostNameOf(host: string | undefined): string {
  const url = `http://${host ?? ''}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '';
}

function pathOf(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? url : url.slice(0, at);
}
