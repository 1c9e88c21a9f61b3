import { describe, expect, it } from 'vitest';
import { buildRecordBatch, optional, required, rowsOf, takeRows } from '../../../src/core/index.ts';
import type { RecordKind } from '../../../src/core/index.ts';

const kind: RecordKind = {
  name: 'test',
  version: 1,
  fields: [
    required('timestamp', 'timestamp', 'ms', 'test'),
    optional('big', 'int64', 'KiB', 'test'),
    optional('hash', 'uint64', '', 'test'),
    optional('share', 'float32', '%', 'test'),
    optional('flag', 'bool', '', 'test'),
    optional('text', 'utf8', '', 'test'),
  ],
};
const rows = Array.from({ length: 40 }, (_, i) => ({
  timestamp: 1000 + i,
  big: i % 7 === 0 ? null : i * 2 ** 34,
  hash: i % 5 === 0 ? null : BigInt(i) << 60n,
  share: i / 4,
  flag: i % 3 === 0 ? null : i % 2 === 0,
  text: i % 4 === 0 ? null : `ä${'x'.repeat(i % 6)}`,
}));
const batch = buildRecordBatch(kind, rows);

describe('takeRows()', () => {
  it('keeps values, nulls and order of every type', () => {
    const picked = [0, 3, 7, 8, 15, 21, 39];
    const taken = takeRows(batch, Uint32Array.from(picked));
    expect(rowsOf(kind, taken)).toEqual(rowsOf(kind, batch).filter((_, i) => picked.includes(i)));
    expect(taken.schema.names).toEqual(batch.schema.names);
  });

  it('counts rows from the start of a sliced batch', () => {
    const slice = batch.slice(13, 37);
    const taken = takeRows(slice.slice(2, 20), Uint32Array.of(0, 5, 9));
    expect(rowsOf(kind, taken)).toEqual([15, 20, 24].map((i) => rowsOf(kind, batch)[i]));
  });

  it('gives the batch itself back when every row is wanted', () => {
    expect(takeRows(batch, Uint32Array.from(rows.keys()))).toBe(batch);
    expect(takeRows(batch, new Uint32Array(0)).numRows).toBe(0);
  });
});
