import { describe, expect, it } from 'vitest';
import { assertLocalEndpoint } from '../../../src/sockets/endpoint.ts';
import { fromErrorPayload, toErrorPayload } from '../../../src/sockets/errors.ts';
import { RuvectorError } from '../../../src/core/index.ts';

describe('assertLocalEndpoint()', () => {
  it.each([
    'ipc:///run/a.sock',
    'tcp://127.0.0.1:0',
    'tcp://127.0.0.1:*',
    'tcp://localhost:5555',
    'tcp://[::1]:1',
  ])('accepts %s', (endpoint) => {
    expect(() => assertLocalEndpoint(endpoint)).not.toThrow();
  });

  it.each([
    'tcp://0.0.0.0:5555',
    'tcp://*:5555',
    'tcp://192.168.0.1:5555',
    'tcp://127.0.0.1.example.org:1',
    'tcp://eth0:1',
    'udp://127.0.0.1:1',
    'ipc://',
    '',
  ])('refuses "%s", which others could reach or which is nothing', (endpoint) => {
    expect(() => assertLocalEndpoint(endpoint)).toThrow(
      expect.objectContaining({ code: 'ERR_WIRE_ENDPOINT' }),
    );
  });

  it('refuses a path that no socket address holds, in bytes', () => {
    expect(() => assertLocalEndpoint(`ipc:///${'a'.repeat(106)}`)).not.toThrow();
    expect(() => assertLocalEndpoint(`ipc:///${'é'.repeat(54)}`)).toThrow(/109 bytes/);
  });
});

describe('toErrorPayload()', () => {
  it('keeps code, sentence, details and traceback of an error on its way', () => {
    const error = new RuvectorError('ERR_TRAINER_FAILED', 'Cannot fit', {
      details: { rows: 3, big: 2n ** 70n, traceback: 'Traceback' },
    });
    const rebuilt = fromErrorPayload(JSON.parse(JSON.stringify(toErrorPayload(error))));
    expect(rebuilt).toMatchObject({ code: 'ERR_TRAINER_FAILED', message: 'Cannot fit' });
    expect(rebuilt.details).toEqual({ rows: 3, big: '1180591620717411303424', traceback: 'Traceback' });
  });

  it('gives an error without a code ERR_WIRE_HANDLER and drops details that cannot travel', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    expect(toErrorPayload(new TypeError('oops'))).toEqual({
      code: 'ERR_WIRE_HANDLER',
      message: 'oops',
      details: {},
    });
    expect(toErrorPayload(new RuvectorError('ERR_X', 'm', { details: circular })).details).toEqual({});
  });
});

describe('fromErrorPayload()', () => {
  it.each([null, 7, {}, { code: 1, message: 2, details: 3 }])('makes an error of %j', (payload) => {
    expect(fromErrorPayload(payload)).toBeInstanceOf(RuvectorError);
  });
});
