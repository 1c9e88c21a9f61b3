// Who may ask what. A page of another site can make a browser send requests here, but cannot change their Host, Origin
// and Sec-Fetch-Site; a name that is rebound to this address by DNS still stands in Host. Pure.
import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isToken } from '../sockets/index.ts';

/** What a page is guarded by. */
export interface PageAccess {
  readonly port: number;
  readonly token: string;
  /** Cookies know no ports: two daemons on one host have two names. */
  readonly cookieName: string;
  /** Follows from the token, so that a tab stays logged in over a restart, and does not tell it. */
  readonly cookie: string;
}

type Asked = Pick<IncomingMessage, 'url' | 'method' | 'headers'>;

/** What a request is answered instead. */
export interface PageRefusal {
  readonly status: 401 | 403 | 405 | 421;
  readonly state: string;
  readonly next: string;
}

/** Builds the access of a page. */
export function buildPageAccess(token: string, port: number): PageAccess {
  const cookie = createHmac('sha256', token).update('ruvector_page').digest('base64url');
  return { port, token, cookieName: `ruvector_page_${port}`, cookie };
}

/** What the browser is told with the cookie. No `Secure`: there is no TLS on loopback. */
export const setCookieOf = ({ cookieName, cookie }: PageAccess): string =>
  `${cookieName}=${cookie}; HttpOnly; SameSite=Strict; Path=/; Max-Age=31536000`;

/** The refusal of any request by where it comes from, whoever sends it; null lets it pass. */
export function originRefusalOf({ headers }: Asked, { port }: PageAccess): PageRefusal | null {
  const { host = '', origin } = headers;
  if (!isOwnHost(host, port)) {
    const next = `open it as 127.0.0.1:${port} or localhost:${port}`;
    return { status: 421, state: 'the Host is not an address of this page', next };
  }
  if (origin !== undefined && origin !== `http://${host}`) {
    return { status: 403, state: 'another site asks', next: 'open the page itself' };
  }
  return null;
}

/** The refusal of what only the page itself may ask: not another site's page, not another port of this machine. */
export function siteRefusalOf({ headers }: Asked): PageRefusal | null {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return null;
  return { status: 403, state: 'another site asks', next: 'open the page itself' };
}

/** True for who has the cookie or the token. */
export function isLoggedIn({ headers }: Asked, { cookieName, cookie, token }: PageAccess): boolean {
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  const protocol = /(?:^|,)\s*token\.([\w-]+)/.exec(headers['sec-websocket-protocol'] ?? '')?.[1];
  const given = bearer ?? protocol;
  if (given !== undefined) return isToken(given, token);
  return isToken(cookieOf(headers.cookie ?? '', cookieName), cookie);
}

function cookieOf(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}

/** A Host as browsers send it: without the port only where it is that of HTTP. */
function isOwnHost(host: string, port: number): boolean {
  const match = /^(127\.0\.0\.1|localhost|\[::1\])(?::(\d{1,5}))?$/i.exec(host);
  return match !== null && Number(match[2] ?? 80) === port;
}
