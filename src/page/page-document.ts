// The page itself and its files: who brings the token gets a cookie, who has none is told where the token is.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { isToken } from '../sockets/index.ts';
import { pageNotFoundError } from './errors.ts';
import { isLoggedIn, setCookieOf } from './page-access.ts';
import type { PageAccess } from './page-access.ts';
import type { PageFile, PageFiles } from './page-files.ts';
import { sendBytes } from './send.ts';

/** What documents need. */
export interface DocumentParts {
  readonly access: PageAccess;
  readonly files: PageFiles;
}

/** Answers everything outside the API. @throws RuvectorError `ERR_PAGE_NOT_FOUND`, `ERR_PAGE_NOT_BUILT` */
export async function answerDocument(
  request: IncomingMessage,
  response: ServerResponse,
  parts: DocumentParts,
): Promise<void> {
  const url = URL.parse(request.url ?? '/', 'http://page');
  if (!url) throw pageNotFoundError('/');
  const name = url.pathname.slice(1);
  if (name === '' || name === 'index.html') return answerIndex(request, response, url, parts);
  sendFile(request, response, await findFile(parts.files, name), {});
}

async function findFile(files: PageFiles, name: string): Promise<PageFile> {
  const file = await files.find(name);
  if (file === null) throw pageNotFoundError(`/${name.slice(0, 80)}`);
  return file;
}

async function answerIndex(
  request: IncomingMessage,
  response: ServerResponse,
  { searchParams }: URL,
  { access, files }: DocumentParts,
): Promise<void> {
  const token = searchParams.get('token');
  const hasToken = token !== null && isToken(token, access.token);
  if (!hasToken && (token !== null || !isLoggedIn(request, access))) {
    sendPlain(response, 401, LOGIN);
    return;
  }
  const isEmbedded = hasToken && searchParams.get('embed') === '1';
  const cookie = hasToken ? { 'set-cookie': setCookieOf(access) } : {};
  if (hasToken && !isEmbedded) {
    // The token leaves the address bar and the history of the browser.
    if (isFromElsewhere(request)) sendPlain(response, 200, BOUNCE, cookie);
    else
      sendBytes(response, 303, new Uint8Array(), { location: '/', 'cache-control': 'no-store', ...cookie });
    return;
  }
  const file = await findFile(files, 'index.html');
  sendFile(request, response, file, { ...guardsOf(request.headers.host ?? '', isEmbedded), ...cookie });
}

/** Notebook servers of this machine, whatever their port. */
const LOOPBACK_SITES = 'http://127.0.0.1:* http://localhost:* http://[::1]:*';

/** Nothing but the page's own; framed by nobody, or with the token by a notebook of this machine. */
function guardsOf(host: string, mayBeFramed: boolean): OutgoingHttpHeaders {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self' ws://${host}`,
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${mayBeFramed ? LOOPBACK_SITES : "'none'"}`,
  ];
  return {
    'content-security-policy': policy.join('; '),
    ...(!mayBeFramed && { 'x-frame-options': 'DENY' }),
  };
}

function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { bytes, gzipped, contentType, etag }: PageFile,
  headers: OutgoingHttpHeaders,
): void {
  const own = { etag, 'cache-control': 'no-cache', vary: 'accept-encoding', ...headers };
  if (request.headers['if-none-match'] === etag) {
    sendBytes(response, 304, new Uint8Array(), own);
    return;
  }
  const takesGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  const encoding = takesGzip ? { 'content-encoding': 'gzip' } : {};
  sendBytes(response, 200, takesGzip ? gzipped : bytes, { 'content-type': contentType, ...own, ...encoding });
}

/** A browser that came by a link sends no strict cookie after a redirect; to a page that sends it on itself it does. */
const isFromElsewhere = ({ headers }: IncomingMessage): boolean =>
  ['cross-site', 'same-site'].includes(headers['sec-fetch-site'] ?? '');

const HEAD = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>ruvector-memopt</title>
`;
const BOUNCE = `${HEAD}<meta http-equiv="refresh" content="0; url=/"><p><a href="/">Go on to the page</a></p></html>
`;
const LOGIN = `${HEAD}<h1>This page is for who runs the daemon</h1>
<p>On this machine, <code>ruvector-memopt page</code> opens it, or prints its address.</p></html>
`;

/** A page without anything beside its text. */
function sendPlain(
  response: ServerResponse,
  status: number,
  html: string,
  headers: OutgoingHttpHeaders = {},
): void {
  sendBytes(response, status, Buffer.from(html), {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy':
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'x-frame-options': 'DENY',
    'cache-control': 'no-store',
    ...headers,
  });
}
