// Serves the page over HTTP. Knows requests, no metrics. Nothing a client does ends the daemon: every socket has an
// error handler, headers and requests have a time limit, connections are bounded.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf } from '../../core/index.ts';
import { chooseFormat } from './accept-format.ts';
import { metricsError } from '../errors.ts';
import type { MetricsAddress } from './metrics-address.ts';
import type { PageFormat } from './metrics-page.ts';
import { guardHttp, guardServer } from '../../sockets/index.ts';
import { httpRefusalOf } from './request-guard.ts';

/** A page that is served. */
export interface MetricsServer extends AsyncDisposable {
  /** With the port that was really bound. */
  readonly url: string;
  stats(): { scrapes: number; refused: number };
}

/** Builds one page. */
export type RenderPage = (format: PageFormat) => Promise<{ text: string; contentType: string }>;

const REQUEST_TIMEOUT_MS = 5000;
/** Longer than the usual scrape intervals, so that a scraper keeps its connection. */
const KEEP_ALIVE_MS = 75_000;
const MAX_CONNECTIONS = 32;
const MAX_HEADER_BYTES = 8192;

/**
 * Listens.
 * @param onProblem told of a page that could not be built
 * @throws RuvectorError `ERR_APP_METRICS` when the address cannot be had
 */
export async function serveMetrics(
  address: MetricsAddress,
  render: RenderPage,
  onProblem: (error: unknown) => void,
): Promise<MetricsServer> {
  const counts = { scrapes: 0, refused: 0 };
  const renderOnce = oneAtATime(render);
  const http = createServer(
    {
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 1000,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    (request, response) => void answer(request, response).catch(onProblem),
  );
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.on('error', () => {});
    request.on('error', () => {}).resume();
    const refusal = httpRefusalOf(request, address.remoteReason !== null);
    if (refusal !== null) {
      counts.refused++;
      // A body that was announced is not waited for.
      send(response, refusal.status, refusal.text, { connection: 'close', ...refusal.headers });
      return;
    }
    try {
      const { text, contentType } = await renderOnce(chooseFormat(request.headers.accept));
      counts.scrapes++;
      send(response, 200, text, { 'content-type': contentType, vary: 'accept' });
    } catch (error) {
      onProblem(error);
      send(response, 500, `${messageOf(error)}\n`, {});
    }
  };
  guardHttp(http, KEEP_ALIVE_MS);
  await listen(http, address);
  // From now on an error of the listener itself is no reason to end the process.
  guardServer(http, { maxConnections: MAX_CONNECTIONS, onFailure: onProblem });
  return {
    url: urlOf(http, address.host),
    stats: () => ({ ...counts }),
    [Symbol.asyncDispose]: () => close(http),
  };
}

async function listen(http: Server, address: MetricsAddress): Promise<void> {
  try {
    http.listen({ host: address.host, port: address.port, exclusive: true });
    await once(http, 'listening');
  } catch (error) {
    throw metricsError(address.host, address.port, error);
  }
}

function urlOf(http: Server, host: string): string {
  const { port } = http.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/metrics`;
}

async function close(http: Server): Promise<void> {
  const closed = once(http, 'close');
  http.close();
  http.closeAllConnections();
  await closed;
}

/** Answers to HEAD have no body; Node leaves it out and keeps the length. */
function send(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>>,
): void {
  const body = Buffer.from(text);
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'content-length': body.length,
    ...headers,
  });
  response.end(body);
}

/** A page is built for one scrape after the other; those that come meanwhile share the next one of their format. */
function oneAtATime(render: RenderPage): RenderPage {
  let last: Promise<unknown> = Promise.resolve();
  const waiting = new Map<PageFormat, ReturnType<RenderPage>>();
  return (format) => {
    const shared = waiting.get(format);
    if (shared) return shared;
    const next = last
      .catch(() => undefined)
      .then(() => {
        waiting.delete(format);
        return render(format);
      });
    waiting.set(format, next);
    last = next;
    return next;
  };
}
