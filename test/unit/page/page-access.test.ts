// Who may ask the live page, by the headers of a request alone.
import { describe, expect, it } from 'vitest';
import {
  buildPageAccess,
  isLoggedIn,
  originRefusalOf,
  setCookieOf,
  siteRefusalOf,
} from '../../../src/page/page-access.ts';

const token = 'a'.repeat(43);
const access = buildPageAccess(token, 9465);
const own = '127.0.0.1:9465';
const asked = (headers: Record<string, string>): Parameters<typeof originRefusalOf>[0] => ({
  method: 'GET',
  url: '/',
  headers,
});

describe('originRefusalOf()', () => {
  it.each([own, 'localhost:9465', '[::1]:9465', 'LOCALHOST:9465'])('lets %s pass', (host) => {
    expect(originRefusalOf(asked({ host }), access)).toBeNull();
    expect(originRefusalOf(asked({ host, origin: `http://${host}` }), access)).toBeNull();
  });

  it.each([
    'evil.example:9465',
    '127.0.0.1.evil.example:9465',
    '127.0.0.1:9464',
    '127.0.0.1',
    '10.0.0.7:9465',
    'localhost.:9465',
    '127.0.0.1:9465:1',
    '127.0.0.1:9465@evil.example',
    '',
  ])('answers a Host that is another with 421: "%s"', (host) => {
    expect(originRefusalOf(asked({ host }), access)?.status).toBe(421);
  });

  it.each([
    'https://evil.example',
    'null',
    'http://127.0.0.1:8888',
    'https://127.0.0.1:9465',
    'http://localhost:9465',
    `http://${own}.evil.example`,
    `http://${own}@evil.example`,
  ])('answers the Origin %s with 403', (origin) => {
    expect(originRefusalOf(asked({ host: own, origin }), access)?.status).toBe(403);
  });
});

describe('siteRefusalOf()', () => {
  it('lets the page itself, an address bar and what is no browser ask', () => {
    for (const site of ['same-origin', 'none']) {
      expect(siteRefusalOf(asked({ 'sec-fetch-site': site }))).toBeNull();
    }
    expect(siteRefusalOf(asked({}))).toBeNull();
  });

  it('refuses another site, and another port of this machine', () => {
    for (const site of ['cross-site', 'same-site', '?']) {
      expect(siteRefusalOf(asked({ 'sec-fetch-site': site }))?.status).toBe(403);
    }
  });
});

describe('isLoggedIn()', () => {
  const cookie = `${access.cookieName}=${access.cookie}`;

  it.each([
    { cookie },
    { cookie: `other=1; ${cookie}; theirs=${'x'.repeat(50)}` },
    { authorization: `Bearer ${token}` },
    { 'sec-websocket-protocol': `ruvector-page, token.${token}` },
  ])('takes %o', (headers) => {
    expect(isLoggedIn(asked(headers as Record<string, string>), access)).toBe(true);
  });

  it.each([
    {},
    { cookie: `${access.cookieName}=${token}` },
    { cookie: `ruvector_page_9466=${access.cookie}` },
    { cookie: `${access.cookieName}=` },
    { cookie: `x${cookie}` },
    { authorization: `Bearer ${'b'.repeat(43)}` },
    { authorization: `Bearer ${access.cookie}` },
    { authorization: `Basic ${token}` },
    { authorization: 'Bearer  ', cookie },
    { 'sec-websocket-protocol': `token.${token.slice(1)}` },
  ])('takes nobody for %o', (headers) => {
    expect(isLoggedIn(asked(headers as Record<string, string>), access)).toBe(false);
  });

  it('has another cookie for each token, and none that tells it', () => {
    expect(buildPageAccess('c'.repeat(43), 9465).cookie).not.toBe(access.cookie);
    expect(buildPageAccess(token, 1).cookie).toBe(access.cookie);
    expect(setCookieOf(access)).toMatch(
      /^ruvector_page_9465=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/; /,
    );
    expect(setCookieOf(access)).not.toContain(token);
  });
});
