// Text of events in the notations that files have.
import { describe, expect, it } from 'vitest';
import { TextEventDecoder } from '../../../../src/events/text/index.ts';
import type { TextReadOptions } from '../../../../src/events/text/index.ts';
import { createPrintedRandom, createRandom } from '../../../support/random.ts';
import { decodeFed } from '../../../support/events/drain-source.ts';

const decode = (
  text: string,
  options: TextReadOptions = {},
  pieceBytes?: number,
  capacity?: number,
): unknown => decodeFed(new TextEventDecoder(options), Buffer.from(text), pieceBytes, capacity);

const failureOf = (text: string, options: TextReadOptions = {}): unknown => {
  try {
    return decode(text, options);
  } catch (error) {
    return error;
  }
};

const us = { timeUnit: 'us' } as const;
const s = { timeUnit: 's' } as const;

describe('TextEventDecoder', () => {
  it('decode() gives exact microseconds when times are decimal seconds', () => {
    expect(decode('0.000001 1 2 1\n1468939808.234567 3 4 0\n.5 0 0 1\n7. 0 0 0\n', s)).toEqual([
      [1n, 1, 2, 1],
      [1468939808234567n, 3, 4, 0],
      [500000n, 0, 0, 1],
      [7000000n, 0, 0, 0],
    ]);
  });

  it('decode() rounds digits that are too fine, halves away from zero', () => {
    expect(decode('0.0000004 0 0 1\n0.0000005 0 0 1\n-0.0000005 0 0 1\n0.000010999 0 0 1\n', s)).toEqual([
      [0n, 0, 0, 1],
      [1n, 0, 0, 1],
      [-1n, 0, 0, 1],
      [11n, 0, 0, 1],
    ]);
  });

  it('decode() reads what NumPy writes when all columns are floats with exponents', () => {
    const text =
      '1.468939808234567165e+09 1.330000000000000000e+02 3.900000000000000000e+01 1.000000000000000000e+00\n';
    expect(decode(text, s)).toEqual([[1468939808234567n, 133, 39, 1]]);
    expect(decode('1e-06 1E2 2e0 0\n', s)).toEqual([[1n, 100, 2, 0]]);
  });

  it('decode() keeps 64-bit times that no double holds', () => {
    expect(
      decode('9007199254740993 0 0 1\n-9223372036854775808 0 0 0\n9223372036854775807 1 1 1\n', us),
    ).toEqual([
      [9007199254740993n, 0, 0, 1],
      [-9223372036854775808n, 0, 0, 0],
      [9223372036854775807n, 1, 1, 1],
    ]);
  });

  it.each([
    ['us', '1500 0 0 1', 1500n],
    ['ms', '1.5 0 0 1', 1500n],
    ['s', '0.0015 0 0 1', 1500n],
    ['ns', '1500499 0 0 1', 1500n],
    ['ns', '1500500 0 0 1', 1501n],
  ] as const)('decode() takes times as %s when that is declared: %s', (timeUnit, line, expected) => {
    expect(decode(line, { timeUnit })).toEqual([[expected, 0, 0, 1]]);
  });

  it('decode() gives nanoseconds when they are asked for', () => {
    expect(decode('0.000000001 0 0 1\n', { ...s, resolution: 'ns' })).toEqual([[1n, 0, 0, 1]]);
    expect(decode('5 0 0 1\n', { ...us, resolution: 'ns' })).toEqual([[5000n, 0, 0, 1]]);
  });

  it.each([
    ['blanks', '1 2 3 1\n'],
    ['commas', '1,2,3,1\n'],
    ['tabs', '1\t2\t3\t1\n'],
    ['semicolons', '1;2;3;1\n'],
    ['commas and blanks', '1, 2 ,3 , 1\n'],
    ['many blanks', '  1   2  3    1  \n'],
    ['CR LF', '1 2 3 1\r\n'],
    ['no end of the last line', '1 2 3 1'],
    ['a comment behind', '1 2 3 1 # so\n'],
    ['comments and empty lines before', '# a\n% b\n\n\r\n1 2 3 1\n'],
    ['a byte order mark', '\uFEFF1 2 3 1\n'],
    ['a sign', '+1 +2 +3 +1\n'],
  ])('decode() reads a line with %s', (_, text) => {
    expect(decode(text, us)).toEqual([[1n, 2, 3, 1]]);
  });

  it('decode() takes polarities 0/1, -1/1 and true/false as they are asked for', () => {
    const text = '1 0 0 1\n2 0 0 0\n3 0 0 -1\n4 0 0 true\n5 0 0 False\n';
    const polarities = (polarity: 'signed' | 'unsigned' | 'native'): unknown =>
      (decode(text, { ...us, polarity }) as number[][]).map((row) => row[3]);
    expect(polarities('unsigned')).toEqual([1, 0, 0, 1, 0]);
    expect(polarities('signed')).toEqual([1, -1, -1, 1, -1]);
    expect(polarities('native')).toEqual([1, 0, -1, 1, 0]);
  });

  it("decode() reads Prophesee's CSV as x,y,p,t in microseconds when it begins with %geometry", () => {
    const decoder = new TextEventDecoder();
    expect(decodeFed(decoder, Buffer.from('%geometry:1280,720\n2,3,1,100\n1279,719,0,101\n'))).toEqual([
      [100n, 2, 3, 1],
      [101n, 1279, 719, 0],
    ]);
    expect(decoder.geometry).toEqual({ width: 1280, height: 720 });
  });

  it('decode() follows a row of names and its unit', () => {
    expect(decode('x,y,polarity,timestamp_ms\n2,3,1,0.5\n')).toEqual([[500n, 2, 3, 1]]);
    expect(decode('t [us],x,y,p\n7,2,3,1\n')).toEqual([[7n, 2, 3, 1]]);
    expect(decode('t,frame,x,y,p\n7,abc,2,3,1\n', us)).toEqual([[7n, 2, 3, 1]]);
  });

  it('decode() follows declared columns and passes over the others', () => {
    expect(decode('3 9 2 1 7\n', { ...us, columns: ['y', '-', 'x', 'p', 't'] })).toEqual([[7n, 2, 3, 1]]);
    expect(decode('a,b,c,d\n3,2,1,7\n', { ...us, columns: ['y', 'x', 'p', 't'] })).toEqual([[7n, 2, 3, 1]]);
  });

  it('decode() refuses to guess a unit', () => {
    expect(failureOf('1.5 2 3 1\n')).toMatchObject({ code: 'ERR_EVENTS_TIME_UNIT' });
    expect(failureOf('1500 2 3 1\n')).toMatchObject({ code: 'ERR_EVENTS_TIME_UNIT' });
  });

  it.each([
    ['a word', '1 2 3 1\n2 x 3 1\n', 2, 8],
    ['too few values', '1 2 3 1\n\n2 3 1\n', 3, 9],
    ['too many values', '1 2 3 1 9\n', 1, 0],
    ['an empty field', '1,,3,1\n', 1, 0],
    ['a fraction of a pixel', '1 2.5 3 1\n', 1, 0],
    ['a pixel below 0', '1 -2 3 1\n', 1, 0],
    ['a pixel that 16 bits do not hold', '1 65536 3 1\n', 1, 0],
    ['another polarity', '1 2 3 2\n', 1, 0],
    ['no number', 'nan 2 3 1\n', 1, 0],
    ['a time that 64 bits do not hold', '9223372036854775808 2 3 1\n', 1, 0],
    ['a number with two points', '1.2.3 2 3 1\n', 1, 0],
    ['a zero byte', '1 2\0 3 1\n', 1, 0],
  ])('decode() names line and byte when a line has %s', (_, text, line, byte) => {
    expect(failureOf(text, us)).toMatchObject({ code: 'ERR_EVENTS_DATA', details: { line, byte } });
  });

  it('decode() refuses a line without end instead of keeping it', () => {
    const decoder = new TextEventDecoder(us);
    expect(() => decodeFed(decoder, Buffer.alloc(1 << 20, 0x31), 1000)).toThrow('longer than');
  });

  it('decode() counts events outside the geometry and drops them when asked', () => {
    const options = { ...us, geometry: { width: 10, height: 10 } };
    const kept = new TextEventDecoder(options);
    expect(decodeFed(kept, Buffer.from('1 10 0 1\n2 9 9 1\n1 0 0 0\n'))).toHaveLength(3);
    expect(kept.counts).toMatchObject({ events: 3, eventsOutside: 1, timeReversals: 1 });
    const dropped = new TextEventDecoder({ ...options, dropOutside: true });
    expect(decodeFed(dropped, Buffer.from('1 10 0 1\n2 9 9 1\n'))).toEqual([[2n, 9, 9, 1]]);
  });

  it('decode() gives the same events when bytes are cut anywhere and slots have any size', () => {
    const random = createPrintedRandom('cuts of text');
    const lines = Array.from({ length: 120 }, (_, i) => {
      const t = (i * random() * 1e3).toFixed(Math.floor(random() * 9));
      const separator = random() < 0.5 ? ' ' : ', ';
      const end = random() < 0.3 ? '\r\n' : '\n';
      const notes = random() < 0.1 ? '# note\n' : '';
      return `${notes}${[t, Math.floor(random() * 640), i, Math.round(random())].join(separator)}${end}`;
    });
    const text = lines.join('').trimEnd();
    const whole = decode(text, s);
    expect(whole).toHaveLength(120);
    for (const pieceBytes of [1, 2, 3, 7, 64, 1000]) {
      for (const capacity of [1, 2, 17, 4096]) {
        expect(decode(text, s, pieceBytes, capacity), `${pieceBytes} ${capacity}`).toEqual(whole);
      }
    }
  });

  it('decode() ends with events or a typed error when bytes are changed at random', () => {
    const random = createRandom(14);
    const text = Buffer.from(
      '# columns: t x y p\n0.000001 12 7 1\n0.5,3,4,0\r\n1e-3\t5\t6\t-1\n12.25 9 9 true\n'.repeat(3),
    );
    let refused = 0;
    for (let i = 0; i < 3000; i++) {
      const bytes = Buffer.from(text);
      for (let j = 0; j <= i % 4; j++)
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      try {
        decodeFed(new TextEventDecoder(s), bytes, 1 + Math.floor(random() * 90), 8);
      } catch (error) {
        refused++;
        expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_EVENTS_/) });
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});
