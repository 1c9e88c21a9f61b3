// A real host in this process that serves its page, and how a browser asks it: with chosen headers, one connection a request.
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { defaultConfig } from '../../../src/app/host/config.ts';
import type { HostConfig } from '../../../src/app/host/config.ts';
import { openHost } from '../../../src/app/host/host.ts';
import type { Host } from '../../../src/app/host/host-types.ts';
import { createPageService } from '../../../src/app/page/page-service.ts';
import type { Home } from '../../../src/core/index.ts';
import { createTestHome } from '../daemon.ts';

/** A page of a host. */
export interface TestPage extends AsyncDisposable {
  readonly host: Host;
  readonly url: URL;
  readonly token: string;
  /** What the daemon would log. */
  readonly lines: string[];
  ask(path: string, options?: AskOptions): Promise<Answer>;
  /** The same by who has the token, as JSON. */
  api<T>(path: string, options?: AskOptions): Promise<T>;
  /** A tab, logged in by the token unless told otherwise. */
  follow(options?: { headers?: Record<string, string>; protocols?: string[] }): WebSocket;
  /** Ends the page alone. */
  closePage(): Promise<void>;
}

/** Options of a request. */
export interface AskOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

const INDEX = '<!doctype html><title>page</title><script src="/page.js"></script>\n';

/** Opens a host at 20 Hz with its page. */
export async function openTestPage(
  options: {
    actions?: boolean;
    config?: Partial<HostConfig>;
    /** Before the host starts: what earlier runs left. */
    prepare?: (home: Home) => void;
  } = {},
): Promise<TestPage> {
  const cleanup = new AsyncDisposableStack();
  const home = cleanup.use(await createTestHome());
  options.prepare?.(home);
  const folder = join(home.root, 'browser');
  await mkdir(folder);
  await writeFile(join(folder, 'index.html'), INDEX);
  await writeFile(join(folder, 'page.js'), '// page\n'.repeat(100));
  const lines: string[] = [];
  const address = { host: '127.0.0.1', port: 0, actions: options.actions ?? false };
  const service = createPageService(address, (text) => lines.push(text), folder);
  const config = { ...defaultConfig, hz: 20, processIntervalMs: 200, ...options.config };
  const host = await openHost(home, config, service.listener);
  cleanup.use(host);
  const stop = new AbortController();
  const running = host.run(stop.signal);
  cleanup.defer(async () => {
    stop.abort();
    await running;
  });
  const { url: text } = await service.start(host);
  cleanup.use(service);
  const url = new URL(text);
  const token = new URL(service.login()!.url).searchParams.get('token')!;
  const ask: TestPage['ask'] = (path, given) => askPage(url, path, given);
  return {
    host,
    url,
    token,
    lines,
    ask,
    async api<T>(path: string, given: AskOptions = {}) {
      const headers = { authorization: `Bearer ${token}`, ...given.headers };
      return JSON.parse((await ask(path, { ...given, headers })).text) as T;
    },
    follow: ({ headers = {}, protocols = ['ruvector-page', `token.${token}`] } = {}) =>
      new WebSocket(new URL('/api/live', url.href.replace('http', 'ws')), protocols, { headers }),
    closePage: async () => service[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

/** One request on a connection of its own; the path is sent as it is. */
export async function askPage(url: URL, path: string, options: AskOptions = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options;
  const { hostname, port } = url;
  const asked = request({ hostname, port, path, method, headers, agent: false });
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString() };
}

/** The status that a WebSocket is refused with. */
export async function refusalOfSocket(ws: WebSocket): Promise<number> {
  ws.on('error', () => {});
  const [, response] = (await once(ws, 'unexpected-response')) as [unknown, IncomingMessage];
  response.resume();
  return response.statusCode!;
}

/** The first frame that is wanted. */
export async function frameOf(
  ws: WebSocket,
  isWanted: (frame: Readonly<Record<string, unknown>>) => boolean,
): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve, reject) => {
    ws.on('error', reject);
    ws.on('message', (data) => {
      const frame = JSON.parse((data as Buffer).toString()) as Readonly<Record<string, unknown>>;
      if (isWanted(frame)) resolve(frame);
    });
  });
}
