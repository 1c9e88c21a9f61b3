import * as fc from 'fast-check';
import * as arrow from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import {
  buildColumn,
  buildIntegers,
  buildNames,
  joinHalves,
  readNullableNumbers,
  toNumbers,
} from '../../../src/core/index.ts';

const int64 = new arrow.Int64();

/** As Arrow's own reader gives them. */
const valuesOf = (column: arrow.Data): unknown[] => [...new arrow.Vector([column])];

describe('toNumbers()', () => {
  it('gives what Number() gives of every integer up to 2^53, also of a part of a buffer', () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeInteger()), fc.nat(3), (numbers, skipped) => {
        const all = BigInt64Array.from([7, 7, 7].slice(0, skipped).concat(numbers), BigInt);
        expect([...toNumbers(all.subarray(skipped))]).toEqual(numbers.map((number) => number + 0));
      }),
    );
  });

  it('reads no further than it is told', () => {
    expect([...toNumbers(BigInt64Array.of(1n, -2n, 3n), 2)]).toEqual([1, -2]);
  });
});

describe('joinHalves()', () => {
  it('takes the low half without and the high half with a sign', () => {
    expect(joinHalves(-1, 0)).toBe(2 ** 32 - 1);
    expect(joinHalves(-1, -1)).toBe(-1);
    expect(joinHalves(0, -(2 ** 21))).toBe(-(2 ** 53));
  });
});

describe('buildIntegers()', () => {
  it('is read back by Arrow and by readNullableNumbers(), NaN as null', () => {
    const number = fc.option(fc.maxSafeInteger(), { nil: Number.NaN });
    fc.assert(
      fc.property(fc.array(number), (numbers) => {
        const column = buildIntegers(int64, Float64Array.from(numbers));
        const wanted = numbers.map((value) => (Number.isNaN(value) ? null : BigInt(value)));
        expect(valuesOf(column)).toEqual(wanted);
        expect(column.nullCount).toBe(wanted.filter((value) => value === null).length);
        expect([...readNullableNumbers(column)]).toEqual(numbers.map((value) => value + 0));
      }),
    );
  });
});

describe('readNullableNumbers()', () => {
  it('finds the nulls of a slice', () => {
    const numbers = Float64Array.from({ length: 20 }, (_, i) => (i % 3 === 0 ? Number.NaN : i));
    const slice = new arrow.Vector([buildIntegers(int64, numbers)]).slice(5, 14);
    expect([...readNullableNumbers(slice.data[0]!)]).toEqual([...numbers.subarray(5, 14)]);
  });
});

describe('buildColumn()', () => {
  it('takes bigints beyond 2^53 exactly, rounds fractions, and counts undefined as null', () => {
    const column = buildColumn('int64', int64, [2n ** 62n + 1n, -1.6, undefined, null, -(2 ** 40)], 5);
    expect(valuesOf(column)).toEqual([2n ** 62n + 1n, -2n, null, null, -(2n ** 40n)]);
  });

  it('shares an array of its own type', () => {
    const values = BigInt64Array.of(1n, 2n);
    expect(buildColumn('timestamp', int64, values, 2).values).toBe(values);
  });

  it('gives every text its own bytes, however often it comes again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.constantFrom('', 'a', 'ä', '👋', 'node'), { nil: null })),
        (texts) => {
          expect(valuesOf(buildColumn('utf8', new arrow.Utf8(), texts, texts.length))).toEqual(texts);
        },
      ),
    );
  });
});

describe('buildNames()', () => {
  it('gives the text of each index', () => {
    const texts = ['train', 'test'].map((text) => new TextEncoder().encode(text));
    expect(valuesOf(buildNames(texts, Uint8Array.of(1, 0, 1)))).toEqual(['test', 'train', 'test']);
  });
});
