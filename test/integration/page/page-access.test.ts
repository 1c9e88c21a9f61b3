// The door of the live page: a real host, and everybody who may not come in.
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { frameOf, openTestPage, refusalOfSocket } from '../../support/page/open-page.ts';
import type { TestPage } from '../../support/page/open-page.ts';
import { until } from '../../support/until.ts';

let page: TestPage;
let cookie: string;

beforeAll(async () => {
  page = await openTestPage();
  const { headers } = await page.ask(`/?token=${page.token}`);
  cookie = headers['set-cookie']![0]!.split(';')[0]!;
});
afterAll(() => page[Symbol.asyncDispose]());

describe('GET /', () => {
  it('takes the token out of the address and gives a cookie for it', async () => {
    const { status, headers } = await page.ask(`/?token=${page.token}`);
    expect(status).toBe(303);
    expect(headers.location).toBe('/');
    expect(headers['set-cookie']![0]).toMatch(/HttpOnly; SameSite=Strict; Path=\//);
    expect(headers['set-cookie']![0]).not.toContain(page.token);
  });

  it('sends who came by a link of another site on by a page, because a redirect would lose the strict cookie', async () => {
    for (const site of ['cross-site', 'same-site']) {
      const { status, text } = await page.ask(`/?token=${page.token}`, {
        headers: { 'sec-fetch-site': site },
      });
      expect([status, text]).toEqual([
        200,
        expect.stringContaining('http-equiv="refresh" content="0; url=/"'),
      ]);
    }
  });

  it('shows the page to nobody else, and says where the token is', async () => {
    const guesses = ['/', '/?token=', `/?token=${'A'.repeat(43)}`, `/?token=${page.token.slice(1)}`];
    for (const path of guesses) {
      const { status, text, headers } = await page.ask(path);
      expect([path, status]).toEqual([path, 401]);
      expect(text).toContain('ruvector-memopt page');
      expect(headers['set-cookie']).toBeUndefined();
    }
    // A wrong token is no way in for who is in already, or it could be guessed by what is answered.
    expect((await page.ask('/?token=x', { headers: { cookie } })).status).toBe(401);
  });

  it('may load nothing from elsewhere, be framed by nobody and be kept by nobody', async () => {
    const { status, headers } = await page.ask('/', { headers: { cookie } });
    expect(status).toBe(200);
    const policy = String(headers['content-security-policy']);
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]) {
      expect(policy.split('; ')).toContain(rule);
    }
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(headers).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    });
  });

  it('is framed by notebooks of this machine alone, and only by who brings the token', async () => {
    const framed = await page.ask(`/?token=${page.token}&embed=1`);
    expect(framed.status).toBe(200);
    const policy = String(framed.headers['content-security-policy']);
    expect(policy).toContain('frame-ancestors http://127.0.0.1:* http://localhost:* http://[::1]:*');
    expect(framed.headers['x-frame-options']).toBeUndefined();
    const unframed = await page.ask('/?embed=1', { headers: { cookie } });
    expect(unframed.headers['x-frame-options']).toBe('DENY');
  });

  it('sends files compressed, and not again while they are the same', async () => {
    const first = await page.ask('/page.js', { headers: { 'accept-encoding': 'gzip' } });
    expect(first.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-type': /javascript/ });
    const again = await page.ask('/page.js', { headers: { 'if-none-match': first.headers.etag! } });
    expect([again.status, again.text]).toEqual([304, '']);
  });
});

describe('page', () => {
  const bearer = (): Record<string, string> => ({ authorization: `Bearer ${page.token}` });
  const own = (): string => `http://${page.url.host}`;

  it.each(['evil.example', '127.0.0.1', '169.254.169.254:80'])(
    'answers the rebound Host "%s" with nothing but 421',
    async (host) => {
      for (const path of ['/', '/page.js', '/api/status', `/?token=${page.token}`]) {
        const { status, headers, text } = await page.ask(path, { headers: { ...bearer(), host } });
        expect([path, status]).toEqual([path, 421]);
        expect(headers['set-cookie']).toBeUndefined();
        expect(text).not.toContain('pid');
      }
    },
  );

  it.each(['https://evil.example', 'null', 'http://127.0.0.1:8888', 'http://localhost.evil.example'])(
    'answers the Origin %s with 403, whatever it brings along',
    async (origin) => {
      for (const headers of [{ cookie }, bearer()]) {
        const asked = await page.ask('/api/status', { headers: { ...headers, origin } });
        expect(asked.status).toBe(403);
        expect(asked.headers['access-control-allow-origin']).toBeUndefined();
        expect(await refusalOfSocket(page.follow({ headers: { ...headers, origin }, protocols: [] }))).toBe(
          403,
        );
      }
    },
  );

  it('answers its own origin, and no other port of this machine', async () => {
    expect((await page.ask('/api/status', { headers: { cookie, origin: own() } })).status).toBe(200);
    const headers = { cookie, 'sec-fetch-site': 'same-site' };
    expect((await page.ask('/api/status', { headers })).status).toBe(403);
  });

  it('tells who is not logged in nothing, at no address', async () => {
    for (const path of ['status', 'range', 'marks', 'moment', 'models', 'exports', 'health', 'events', 'x']) {
      const { status, text } = await page.ask(`/api/${path}`);
      expect([path, status, JSON.parse(text)]).toEqual([
        path,
        401,
        { error: { code: 'ERR_PAGE_FORBIDDEN', message: expect.stringContaining('ruvector-memopt page') } },
      ]);
    }
    expect(await refusalOfSocket(page.follow({ protocols: [] }))).toBe(401);
    expect(await refusalOfSocket(page.follow({ protocols: ['ruvector-page', 'token.AAAA'] }))).toBe(401);
  });

  it.each([
    '/../package.json',
    '/..%2fpackage.json',
    '/%2e%2e/%2e%2e/etc/passwd',
    '//etc/passwd',
    '/browser/../../run/page-token',
    '/page-token',
    '/page.js/../../run/page-token',
    '/page.js%00.html',
    '/constructor',
    '/__proto__',
    '/api/__proto__',
    '/api/constructor',
    'http://127.0.0.1/etc/passwd',
    '*',
  ])('finds nothing at "%s"', async (path) => {
    const { status, text } = await page.ask(path, { headers: bearer() });
    expect(status).toBe(404);
    expect(text).not.toContain(page.token);
  });

  it('is asked by GET and HEAD alone', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH']) {
      expect([method, (await page.ask('/api/status', { method, headers: bearer() })).status]).toEqual([
        method,
        405,
      ]);
    }
    const { status, text } = await page.ask('/api/status', { method: 'HEAD', headers: bearer() });
    expect([status, text]).toEqual([200, '']);
  });

  it('does nothing without --page-actions, for nobody', async () => {
    for (const action of ['activate', 'rollback', 'train', 'export', 'pause', 'resume']) {
      const asked = await page.ask(`/api/actions/${action}`, {
        method: 'POST',
        headers: { cookie },
        body: '{}',
      });
      expect([action, asked.status]).toEqual([action, 403]);
      expect(asked.text).toContain('--page-actions');
    }
    expect(await page.api('/api/status')).toMatchObject({ actions: false, csrf: null });
  });

  it('cuts headers and bodies that are too large, and goes on', async () => {
    await expect(page.ask('/', { headers: { 'x-large': 'x'.repeat(20_000) } })).rejects.toThrow(
      /hang up|ECONNRESET/,
    );
    const body = JSON.stringify({ reference: 'x'.repeat(100_000) });
    const asked = await page
      .ask('/api/actions/activate', { method: 'POST', headers: { cookie }, body })
      .catch((error: NodeJS.ErrnoException) => error.code);
    expect(typeof asked === 'object' ? asked?.status : asked).toSatisfy((answer) =>
      [413, 'ECONNRESET', 'EPIPE'].includes(answer as never),
    );
    expect((await page.ask('/api/status', { headers: bearer() })).status).toBe(200);
  });

  it('answers while others hold connections and say nothing, or no HTTP', async () => {
    const strangers: Socket[] = [];
    for (const text of ['', 'GET / HT', 'GET / HTTP/1.1\r\nHost:', '\u0000\u0001\u0002']) {
      for (let i = 0; i < 10; i++) {
        const socket = connect({ port: Number(page.url.port), host: page.url.hostname }).on(
          'error',
          () => {},
        );
        socket.write(text);
        strangers.push(socket);
      }
    }
    await Promise.all(
      strangers.filter(({ connecting }) => connecting).map((socket) => once(socket, 'connect')),
    );
    expect((await page.ask('/api/status', { headers: bearer() })).status).toBe(200);
    for (const socket of strangers) socket.destroy();
  });
});

describe('WebSocket /api/live', () => {
  const isSample = ({ kind }: Readonly<Record<string, unknown>>): boolean => kind === 'sample';
  const closeOf = async (ws: WebSocket): Promise<number> => ((await once(ws, 'close')) as [number])[0];

  it('tells the status first, then every sample, by cookie or by token', async () => {
    for (const options of [{ headers: { cookie }, protocols: [] }, {}]) {
      const ws = page.follow(options);
      const first = await frameOf(ws, () => true);
      expect(first).toMatchObject({ kind: 'status', pid: process.pid });
      const sample = await frameOf(ws, isSample);
      expect(sample['memory']).toMatchObject({ mem_total_kib: expect.any(Number) });
      ws.close();
    }
  });

  it('lets go who floods it, and whose frames are large or broken; the others go on', async () => {
    const quiet = page.follow();
    await frameOf(quiet, isSample);
    const flooding = page.follow();
    await once(flooding, 'open');
    for (let i = 0; i < 1000; i++) flooding.send('more');
    expect(await closeOf(flooding)).toBe(1008);
    const large = page.follow();
    await once(large, 'open');
    large.send('x'.repeat(100_000));
    expect(await closeOf(large)).toBe(1009);
    await frameOf(quiet, isSample);
    quiet.close();
  });

  it('goes on for the others, and with sampling, while a tab does not read', async () => {
    const tab = page.follow();
    await once(tab, 'open');
    tab.pause();
    const other = page.follow();
    const { samples } = page.host.counters;
    await until(() => page.host.counters.samples > samples + 20, 'sampling went on');
    await frameOf(other, isSample);
    tab.terminate();
    other.close();
  });

  it('takes so many tabs and no more', async () => {
    const tabs = Array.from({ length: 32 }, () => page.follow());
    await Promise.all(tabs.map((tab) => frameOf(tab, ({ kind }) => kind === 'status')));
    expect(await refusalOfSocket(page.follow())).toBe(503);
    for (const tab of tabs) tab.close();
    await Promise.all(tabs.map(closeOf));
    await until(async () => {
      const ws = page.follow();
      ws.on('error', () => {});
      const isOpen = await Promise.race([
        once(ws, 'open').then(() => true),
        once(ws, 'close').then(() => false),
      ]);
      ws.terminate();
      return isOpen;
    }, 'there was room again');
  });
});
