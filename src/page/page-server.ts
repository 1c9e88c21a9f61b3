// The HTTP server of the page. Nothing a browser does ends the daemon or delays its sampling: every socket has an error
// handler, headers and requests have a time limit, connections, bodies and plans are bounded. Loopback only.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { isRuvectorError, messageOf } from '../core/index.ts';
import type { Home } from '../core/index.ts';
import { guardHttp, guardServer, guardSocket, readConnectionShare } from '../sockets/index.ts';
import { pageFailedError, pageForbiddenError, pageListenError } from './errors.ts';
import type { LiveFeed, LiveFrame } from './live-feed.ts';
import { createLiveSockets } from './live-sockets.ts';
import { buildPageAccess, isLoggedIn, originRefusalOf, siteRefusalOf } from './page-access.ts';
import type { PageAccess, PageRefusal } from './page-access.ts';
import { createPageFiles } from './page-files.ts';
import type { PageFiles } from './page-files.ts';
import { buildRoutes } from './page-routes.ts';
import type { AnswerQuestion } from './page-routes.ts';
import { answerDocument } from './page-document.ts';
import { readBody } from './read-body.ts';
import { sendJson } from './send.ts';
import type { PageRow, PageSource } from './page-source.ts';
import { ensurePageToken } from './page-token.ts';

/** Options of {@link openPage}. */
export interface PageOptions {
  /** `127.0.0.1`, `::1` or `localhost`. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly home: Pick<Home, 'root' | 'run'>;
  readonly source: PageSource;
  readonly feed: LiveFeed;
  /** The browser's half. @default the one that comes with the package */
  readonly folder?: string;
  /** Told what went wrong and what was done. Must not throw. */
  readonly log: (text: string) => void;
}

/** A page that is served. */
export interface OpenPage extends AsyncDisposable {
  /** With the port that was really bound, without the token. */
  readonly url: string;
  /** The same with the token, for who may look. */
  readonly loginUrl: string;
  /** Tells every tab the status as it is now. Never rejects. */
  announce(): Promise<void>;
  stats(): { readonly tabs: number; readonly answered: number; readonly refused: number };
}

const HEADERS_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 75_000;
const MAX_HEADER_BYTES = 8192;
/** Tabs, and what they ask beside their sockets. */
const MAX_CONNECTIONS = 128;
const MAX_TABS = 32;
const CSRF_BYTES = 24;

/**
 * Serves the page.
 * @throws RuvectorError `ERR_PAGE_LISTEN` when the address cannot be had, `ERR_PAGE_TOKEN`
 */
export async function openPage(options: PageOptions): Promise<OpenPage> {
  const { host, port, home, source, feed, log } = options;
  const token = await ensurePageToken(home);
  const http = createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  guardHttp(http, KEEP_ALIVE_MS);
  await listen(http, host, port);
  guardServer(http, {
    maxConnections: Math.min(MAX_CONNECTIONS, readConnectionShare()),
    onFailure: (error) => log(`page: ${messageOf(error)}`),
  });
  const access = buildPageAccess(token, (http.address() as AddressInfo).port);
  const csrf = source.act === null ? null : randomBytes(CSRF_BYTES).toString('base64url');
  const answer = buildRoutes({ source, csrf });
  const site = new PageSite({
    access,
    csrf,
    answer,
    files: createPageFiles(options.folder ?? packagedFolder),
    log,
  });
  const readStatus = async (): Promise<LiveFrame> => {
    const status = await answer({ method: 'GET', url: new URL('http://page/api/status'), body: {} });
    return { ...(status as PageRow), kind: 'status' };
  };
  const sockets = createLiveSockets(feed, () => {
    // Whoever looks at the page will look at its past.
    source.warm();
    return readStatus();
  });
  http.on('request', (request, response) => void site.handle(request, response));
  http.on('upgrade', (request, socket: Duplex, head) => {
    guardSocket(socket);
    const status =
      site.upgradeRefusalOf(request) ?? (feed.size >= MAX_TABS ? '503 Service Unavailable' : null);
    if (status === null) sockets.take(request, socket, head);
    else
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
        socket.destroy(),
      );
  });
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${access.port}/`;
  return {
    url,
    loginUrl: `${url}?token=${token}`,
    announce: async () => {
      const frame = await readStatus().catch(() => null);
      if (frame !== null) feed.publish(frame);
    },
    stats: () => ({ tabs: feed.size, ...site.counts }),
    async [Symbol.asyncDispose]() {
      const closed = once(http, 'close');
      http.close();
      await sockets.close();
      feed.close();
      http.closeAllConnections();
      await closed;
    },
  };
}

/** Beside the compiled room, also when the sources run. */
const packagedFolder = fileURLToPath(new URL('../../dist/page/browser', import.meta.url));

async function listen(http: Server, host: string, port: number): Promise<void> {
  try {
    http.listen({ host, port, exclusive: true });
    await once(http, 'listening');
  } catch (error) {
    throw pageListenError(host, port, error);
  }
}

interface SiteParts {
  readonly access: PageAccess;
  readonly csrf: string | null;
  readonly answer: AnswerQuestion;
  readonly files: PageFiles;
  readonly log: (text: string) => void;
}

/** Requests: first who asks from where, then what. */
class PageSite {
  readonly counts = { answered: 0, refused: 0 };
  readonly #parts: SiteParts;

  constructor(parts: SiteParts) {
    this.#parts = parts;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => {});
    response.on('error', () => {});
    const path = pathOf(request);
    try {
      const refusal = originRefusalOf(request, this.#parts.access) ?? methodRefusalOf(request, path);
      if (refusal !== null) this.#refuse(response, path, refusal);
      else if (path.startsWith('/api/')) await this.#answerApi(request, response, path);
      else await answerDocument(request, response, this.#parts);
    } catch (error) {
      if (statusOf(error) === 500) this.#parts.log(`page: ${path.slice(0, 80)}: ${messageOf(error)}`);
      sendJson(response, statusOf(error), { error: payloadOf(error) });
    }
  }

  /** The status line of an upgrade that may not be; null lets it be. */
  upgradeRefusalOf(request: IncomingMessage): string | null {
    const { access } = this.#parts;
    const refusal = originRefusalOf(request, access) ?? siteRefusalOf(request);
    const isAllowed = refusal === null && isLoggedIn(request, access);
    if (isAllowed && pathOf(request) === '/api/live') return null;
    this.counts.refused++;
    if (refusal !== null) return refusal.status === 421 ? '421 Misdirected Request' : '403 Forbidden';
    return isAllowed ? '404 Not Found' : '401 Unauthorized';
  }

  async #answerApi(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const { access, csrf, answer } = this.#parts;
    const refusal = siteRefusalOf(request) ?? (isLoggedIn(request, access) ? null : loginRefusal);
    if (refusal !== null) return this.#refuse(response, path, refusal);
    const method = request.method ?? '';
    if (method === 'POST' && csrf !== null && request.headers['x-csrf'] !== csrf) {
      return this.#refuse(response, path, csrfRefusal);
    }
    const body = method === 'POST' ? await readBody(request, path) : {};
    const given = await answer({ method, url: new URL(request.url ?? '/', 'http://page'), body });
    this.counts.answered++;
    sendJson(response, 200, given);
  }

  #refuse(response: ServerResponse, path: string, { status, state, next }: PageRefusal): void {
    this.counts.refused++;
    const error = payloadOf(pageForbiddenError(path.slice(0, 80), state, next));
    // A body that was announced is not waited for.
    sendJson(response, status, { error }, { connection: 'close' });
  }
}

const loginRefusal: PageRefusal = {
  status: 401,
  state: 'nobody is logged in',
  next: 'open the address that `ruvector-memopt page` prints',
};
const csrfRefusal: PageRefusal = {
  status: 403,
  state: 'the header X-CSRF is not the one of /api/status',
  next: 'load the page again',
};

function methodRefusalOf({ method = '' }: IncomingMessage, path: string): PageRefusal | null {
  if (method === 'GET' || method === 'HEAD') return null;
  if (method === 'POST' && path.startsWith('/api/actions/')) return null;
  return { status: 405, state: `${method.slice(0, 20)} is no way to ask it`, next: 'use GET' };
}

/** A path alone; what is no address at all is `/?`, which nothing has. */
function pathOf({ url = '/' }: IncomingMessage): string {
  return URL.parse(url, 'http://page')?.pathname ?? '/?';
}

const statuses: Readonly<Record<string, number>> = {
  ERR_PAGE_REQUEST: 400,
  ERR_PAGE_FORBIDDEN: 403,
  ERR_PAGE_NOT_FOUND: 404,
  ERR_PAGE_NOT_BUILT: 404,
  ERR_PAGE_TOO_LARGE: 413,
  ERR_PAGE_BUSY: 503,
  ERR_MODEL_NOT_FOUND: 404,
};

/** What the product foresaw is told as it is. */
const statusOf = (error: unknown): number => (isRuvectorError(error) ? (statuses[error.code] ?? 409) : 500);

function payloadOf(error: unknown): { code: string; message: string } {
  const { code, message } = isRuvectorError(error) ? error : pageFailedError(error);
  return { code, message };
}
