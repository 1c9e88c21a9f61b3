import * as arrow from 'apache-arrow';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildRecordBatch, optional, required } from '../../../src/core/index.ts';
import type { AnyRow, FieldType } from '../../../src/core/index.ts';
import { encodeTextChunk, encodeTextEnd } from '../../../src/export/encode-text-chunk.ts';
import type { TextJob } from '../../../src/export/encode-pool.ts';

/** One column `v` beside a time that is always there, as text. */
function encode(
  type: FieldType,
  values: readonly AnyRow[string][],
  format: TextJob['format'],
  isFirst = false,
): string {
  const fields = [required('timestamp', 'timestamp', 'ms', 'test'), optional('v', type, 'x', 'test')];
  const rows = values.map((v) => ({ timestamp: 0, v }));
  const table = new arrow.Table([buildRecordBatch({ name: 'a', version: 1, fields }, rows)]);
  const ipc = arrow.tableToIPC(table, 'file');
  return Buffer.from(encodeTextChunk({ kind: 'text', format, compression: 'none', ipc, isFirst })).toString();
}

const jsonValues = (type: FieldType, values: readonly AnyRow[string][]): unknown[] =>
  encode(type, values, 'jsonl')
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { v: unknown }).v);

/** The texts in the second column of a CSV without quotes. */
const csvTexts = (type: FieldType, values: readonly AnyRow[string][]): string[] =>
  encode(type, values, 'csv')
    .split('\n')
    .slice(0, -1)
    .map((line) => line.slice(line.indexOf(',') + 1));

describe('encodeTextChunk()', () => {
  it('gives back every double when it writes JSON', () => {
    const near = fc.integer({ min: -(2 ** 52), max: 2 ** 52 });
    const double = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      near.map((kib) => kib / 1024),
      near.map((us) => us / 1000),
    );
    fc.assert(
      fc.property(fc.array(double, { minLength: 1 }), (values) => {
        const found = jsonValues('float64', values);
        expect(found.every((value, i) => Object.is(value, values[i]))).toBe(true);
      }),
    );
  });

  it('writes no more digits than needed when numbers are floats', () => {
    const doubles = [0, -0, 1, 230.7734375, 0.0009765625, 1234.567, 1e15, 1e16, 1.5e-5, 1.5e-7, 5e-324];
    expect(csvTexts('float64', doubles)).toEqual([
      '0.0',
      '-0.0',
      '1.0',
      '230.7734375',
      '0.0009765625',
      '1234.567',
      '1000000000000000.0',
      '1e+16',
      '0.000015',
      '1.5e-7',
      '5e-324',
    ]);
    expect(csvTexts('float32', [0.1, 26.2, 100, 16_777_216, 5.994006, 1.401298464324817e-45])).toEqual([
      '0.1',
      '26.2',
      '100.0',
      '16777216.0',
      '5.994006',
      '1e-45',
    ]);
  });

  it('writes a float32 that reads back with the digits of the shortest one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }),
        (values) => {
          const texts = csvTexts('float32', values);
          for (const [i, text] of texts.entries()) {
            expect(Object.is(Math.fround(Number(text)), values[i])).toBe(true);
            const digits = /\d[\d.]*/
              .exec(text)![0]
              .replace('.', '')
              .replace(/^0+|0+$/g, '').length;
            const isShorter =
              digits > 1 && Math.fround(Number(values[i]!.toPrecision(digits - 1))) === values[i];
            expect(isShorter).toBe(false);
          }
        },
      ),
    );
  });

  it('writes every digit of integers', () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeInteger(), { minLength: 1 }), (values) => {
        expect(csvTexts('int64', values)).toEqual(values.map(String));
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 1 }), (values) => {
        expect(csvTexts('uint64', values)).toEqual(values.map(String));
        expect(jsonValues('uint64', values)).toEqual(values.map(String));
      }),
    );
    expect(csvTexts('int32', [2 ** 31 - 1, -(2 ** 31), 0, 10_000])).toEqual([
      '2147483647',
      '-2147483648',
      '0',
      '10000',
    ]);
  });

  it('writes times as ISO 8601', () => {
    const times = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 });
    fc.assert(
      fc.property(fc.array(times, { minLength: 1 }), (values) => {
        expect(csvTexts('timestamp', values)).toEqual(values.map((time) => new Date(time).toISOString()));
      }),
    );
    expect(csvTexts('timestamp', [253_402_300_800_000])).toEqual(['+010000-01-01T00:00:00.000Z']);
  });

  it('gives back every string, and tells an empty one from none', () => {
    const texts = fc.array(fc.option(fc.string({ unit: 'grapheme' }), { nil: null }), { minLength: 1 });
    fc.assert(
      fc.property(texts, (values) => {
        expect(jsonValues('utf8', values)).toEqual(values);
      }),
    );
    expect(csvTexts('utf8', ['', null, 'a', 'a,b', '"', '\r', 'größe'])).toEqual([
      '""',
      '',
      'a',
      '"a,b"',
      '""""',
      '"\r"',
      'größe',
    ]);
  });

  it('writes what is missing or not finite the way of its format', () => {
    const values = [null, Number.NaN, Infinity, -Infinity];
    expect(csvTexts('float64', values)).toEqual(['', 'NaN', 'inf', '-inf']);
    expect(csvTexts('float32', values)).toEqual(['', 'NaN', 'inf', '-inf']);
    expect(jsonValues('float32', values)).toEqual([null, null, null, null]);
    expect(jsonValues('bool', [true, false, null])).toEqual([true, false, null]);
  });

  it('writes chunks that are one file when they are joined', () => {
    const end = Buffer.from(encodeTextEnd({ kind: 'text-end', compression: 'none' })).toString();
    const array = encode('int8', [1, 2], 'json', true) + encode('int8', [3], 'json') + end;
    expect((JSON.parse(array) as { v: number }[]).map(({ v }) => v)).toEqual([1, 2, 3]);
    expect(JSON.parse(encode('int8', [], 'json', true) + end)).toEqual([]);
    expect(encode('int8', [1], 'csv', true)).toBe('timestamp,v\n1970-01-01T00:00:00.000Z,1\n');
  });
});
