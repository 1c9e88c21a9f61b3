import { describe, expect, it } from 'vitest';
import { RuvectorError, isRuvectorError, messageOf, systemCodeOf } from '../../../src/core/index.ts';

class StoreError extends RuvectorError {}

describe('RuvectorError', () => {
  it('keeps code, cause and details, and is named after its class', () => {
    const cause = new Error('disk full');
    const error = new StoreError('ERR_STORE_FULL', 'Cannot write', { cause, details: { path: 'p' } });
    expect(error).toMatchObject({
      name: 'StoreError',
      code: 'ERR_STORE_FULL',
      cause,
      details: { path: 'p' },
    });
    expect(error).toBeInstanceOf(Error);
    expect(new RuvectorError('ERR_X', 'm').details).toEqual({});
  });
});

describe('isRuvectorError()', () => {
  it('is true for subclasses, and for the given code only', () => {
    const error: unknown = new StoreError('ERR_STORE_FULL', 'Cannot write');
    expect(isRuvectorError(error)).toBe(true);
    expect(isRuvectorError(error, 'ERR_STORE_FULL')).toBe(true);
    expect(isRuvectorError(error, 'ERR_OTHER')).toBe(false);
    expect(isRuvectorError(new Error('ERR_STORE_FULL'))).toBe(false);
    expect(isRuvectorError({ code: 'ERR_STORE_FULL' })).toBe(false);
  });
});

describe('systemCodeOf()', () => {
  it('gives the code of a system error and nothing else', () => {
    expect(systemCodeOf(Object.assign(new Error('gone'), { code: 'ENOENT' }))).toBe('ENOENT');
    expect(systemCodeOf(Object.assign(new Error('odd'), { code: 5 }))).toBeUndefined();
    expect(systemCodeOf(new Error('plain'))).toBeUndefined();
    expect(systemCodeOf('ENOENT')).toBeUndefined();
  });
});

describe('messageOf()', () => {
  it('gives one line for an error and for anything else that was thrown', () => {
    expect(messageOf(new Error('why'))).toBe('why');
    expect(messageOf('why')).toBe('why');
    expect(messageOf(undefined)).toBe('undefined');
  });
});
