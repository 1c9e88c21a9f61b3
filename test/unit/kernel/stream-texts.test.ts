// What is written to stdout and stderr, as text.
import { describe, expect, it } from 'vitest';
import { StreamTexts } from '../../../kernel/runtime/stream-texts.ts';

const write = (...chunks: readonly (readonly [chunk: unknown, encoding?: string | undefined])[]): string => {
  const texts = new StreamTexts();
  const parts = chunks.map(([chunk, encoding]) => texts.textOf('stdout', 'cell', chunk, encoding));
  return parts.join('') + texts.end('stdout', 'cell');
};

describe('StreamTexts textOf()', () => {
  it.each(['€ 😀 ä', 'a', '\u{10ffff}', '漢字かな'])(
    'joins the bytes of %j wherever they are cut',
    (text) => {
      const bytes = Buffer.from(text);
      for (let at = 0; at <= bytes.length; at++) {
        expect(write([bytes.subarray(0, at)], [bytes.subarray(at)])).toBe(text);
      }
      expect(write(...[...bytes].map((byte) => [Uint8Array.of(byte)] as const))).toBe(text);
    },
  );

  it.each([
    ['e282ac', 'hex', '€'],
    ['aGkK', 'base64', 'hi\n'],
    ['aGk_', 'base64url', 'hi?'],
    ['hi', 'latin1', 'hi'],
    ['é', 'latin1', '\ufffd'],
    ['é', 'utf8', 'é'],
    ['é', 'UTF-8', 'é'],
    ['h', 'utf16le', 'h\0'],
  ])('writes %j in %s as %j', (chunk, encoding, wanted) => {
    expect(write([chunk, encoding])).toBe(wanted);
  });

  it('tells a character that was begun and not finished, before a text and at the end of the cell', () => {
    expect(write([Uint8Array.of(0xe2, 0x82)], ['a'])).toBe('\ufffda');
    expect(write([Uint8Array.of(0xe2, 0x82)])).toBe('\ufffd');
  });

  it('keeps streams and cells apart', () => {
    const texts = new StreamTexts();
    expect(texts.textOf('stdout', 'a', Uint8Array.of(0xc3), undefined)).toBe('');
    expect(texts.textOf('stderr', 'a', Uint8Array.of(0xa4), undefined)).toBe('\ufffd');
    expect(texts.textOf('stdout', 'b', 'b', undefined)).toBe('b');
    expect(texts.textOf('stdout', 'a', Uint8Array.of(0xa4), undefined)).toBe('ä');
  });

  it.each([
    [5, undefined, 'ERR_INVALID_ARG_TYPE'],
    [undefined, undefined, 'ERR_INVALID_ARG_TYPE'],
    [{}, undefined, 'ERR_INVALID_ARG_TYPE'],
    [null, undefined, 'ERR_STREAM_NULL_VALUES'],
    ['x', 'nope', 'ERR_UNKNOWN_ENCODING'],
  ])('refuses %j in %s with %s, as streams of Node do', (chunk, encoding, code) => {
    expect(() => write([chunk, encoding])).toThrow(expect.objectContaining({ code }));
  });
});
