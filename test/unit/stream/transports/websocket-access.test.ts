import { describe, expect, it } from 'vitest';
import { parseConnectionShare } from '../../../../src/sockets/connection-share.ts';
import { isToken } from '../../../../src/sockets/is-token.ts';
import { refusalOf } from '../../../../src/stream/transports/websocket-access.ts';

const rules = { origins: ['https://dash.example'], token: undefined, allowRemote: false };

const answer = (headers: Record<string, string>, url = '/', token?: string): string | null =>
  refusalOf({ headers: { host: '127.0.0.1:9999', ...headers }, url }, { ...rules, token });

describe('refusalOf()', () => {
  it.each([
    {},
    { origin: 'http://localhost:8888' },
    { origin: 'https://127.0.0.1' },
    { origin: 'http://[::1]:3000' },
    { origin: 'https://dash.example' },
    { host: 'localhost' },
    { host: '[::1]:9999' },
  ])('lets %j in', (headers) => expect(answer(headers)).toBeNull());

  it.each([
    { origin: 'null' },
    { origin: '' },
    { origin: 'https://evil.example' },
    { origin: 'http://localhost.evil.example' },
    { origin: 'http://localhost@evil.example' },
    { origin: 'chrome-extension://localhost' },
    { origin: 'file://localhost' },
    { origin: 'http://localhost:8888, https://evil.example' },
    { origin: 'http://dash.example' },
    { origin: 'https://dash.example:444' },
    { host: 'rebound.example:9999' },
    { host: '' },
    { host: '[' },
  ])('forbids %j', (headers) => expect(answer(headers)).toBe('403 Forbidden'));

  it.each(['//', '//[', 'http://['])('answers the address %s with 400, also where a token is wanted', (url) =>
    expect([answer({}, url), answer({}, url, 'secret')]).toEqual(['400 Bad Request', '400 Bad Request']),
  );

  it('wants the token, in the header or the query', () => {
    expect(answer({}, '/', 'secret')).toBe('401 Unauthorized');
    expect(answer({ authorization: 'Bearer secrets' }, '/', 'secret')).toBe('401 Unauthorized');
    expect(answer({ authorization: 'Bearer secret' }, '/', 'secret')).toBeNull();
    expect(answer({}, '/?token=secret', 'secret')).toBeNull();
    // A wrong header is not made good by the query.
    expect(answer({ authorization: 'Bearer no' }, '/?token=secret', 'secret')).toBe('401 Unauthorized');
  });
});

it('isToken() takes the token itself and nothing else', () => {
  expect(isToken('secret', 'secret')).toBe(true);
  for (const given of ['secre', 'secret ', '', null, undefined, {}, ['secret']])
    expect(isToken(given, 'secret')).toBe(false);
});

it('parseConnectionShare() gives an endpoint an eighth of the soft limit', () => {
  const line = (soft: string): string => `Max open files            ${soft}               524288      files`;
  expect(parseConnectionShare(line('1024'))).toBe(128);
  expect(parseConnectionShare(line('unlimited'))).toBe(Infinity);
  expect(parseConnectionShare('')).toBe(128);
});
