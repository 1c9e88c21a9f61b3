import * as arrow from 'apache-arrow';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeTextChunk } from '../../../src/export/encode-text-chunk.ts';

/** A column of times; the bytes beneath a null are `garbage`. */
function columnOf(times: readonly (number | null)[], garbage = 0n): arrow.Data {
  const nullBitmap = new Uint8Array(Math.ceil(times.length / 8));
  times.forEach((time, i) => time !== null && (nullBitmap[i >> 3]! |= 1 << (i & 7)));
  const nullCount = times.filter((time) => time === null).length;
  return arrow.makeData({
    type: new arrow.TimestampMillisecond('UTC'),
    length: times.length,
    nullCount,
    nullBitmap: nullCount > 0 ? nullBitmap : null,
    data: BigInt64Array.from(times, (time) => (time === null ? garbage : BigInt(time))),
  });
}

/** The column as CSV has it: a null is an empty line. */
function textsOf(column: arrow.Data): (string | null)[] {
  const schema = new arrow.Schema([new arrow.Field('time', column.type, true)]);
  const type = new arrow.Struct(schema.fields);
  const data = arrow.makeData({ type, length: column.length, nullCount: 0, children: [column] });
  const table = new arrow.Table(schema, [new arrow.RecordBatch(schema, data)]);
  const ipc = arrow.tableToIPC(table, 'file');
  const csv = encodeTextChunk({ kind: 'text', format: 'csv', compression: 'none', ipc, isFirst: false });
  const lines = Buffer.from(csv).toString().split('\n').slice(0, -1);
  return lines.map((line) => (line === '' ? null : line));
}

const iso = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString());

describe('encodeTextChunk()', () => {
  it('writes what Date writes, for every time that Date knows and for neighbours', () => {
    const any = fc.integer({ min: -8.64e15, max: 8.64e15 });
    const near = fc.integer({ min: -5000, max: 5000 });
    fc.assert(
      fc.property(fc.array(fc.option(fc.oneof(any, near))), (times) => {
        expect(textsOf(columnOf(times))).toEqual(times.map(iso));
      }),
    );
  });

  it.each([
    ['before the epoch', [-1, -1000, -1001]],
    ['at the ends of four-digit years', [-62_167_219_200_000, 253_402_300_799_999]],
    ['beyond four-digit years', [-62_167_219_200_001, 253_402_300_800_000]],
    ['around a leap second, which Unix time has not', [1_483_228_799_999, 1_483_228_800_000]],
    ['on leap days', [951_782_400_000, 1_709_164_800_000]],
  ])('writes times %s', (_name, times) => {
    expect(textsOf(columnOf(times))).toEqual(times.map(iso));
  });

  it('does not look at what lies beneath nulls', () => {
    const column = columnOf([null, 1, null, 2, null], 2n ** 63n - 1n);
    expect(textsOf(column)).toEqual([null, iso(1), null, iso(2), null]);
  });

  it('throws a RangeError beyond the times of Date', () => {
    expect(() => textsOf(columnOf([8.64e15 + 1]))).toThrow(RangeError);
  });
});
