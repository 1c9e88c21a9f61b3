// Batches as Polars writes them, in the types that everybody reads.
import * as arrow from 'apache-arrow';
import polars from 'nodejs-polars';
import { describe, expect, it } from 'vitest';
import { frameOfTable, tableOfFrame } from '../../../src/pipeline/plan/arrow-frames.ts';

const frame = polars
  .DataFrame({
    id: [1, 2, 3],
    name: ['a', null, 'ccc'],
    lists: [['x', 'yy'], [], ['z']],
    kind: ['k', 'l', 'k'],
  })
  .withColumns(
    polars.col('kind').cast(polars.Categorical).alias('kind'),
    polars.struct([polars.col('id'), polars.col('name')]).alias('pair'),
  );

describe('tableOfFrame()', () => {
  it('gives texts and lists, also inside of others, 32-bit offsets, and keeps what they hold', () => {
    const table = tableOfFrame(frame);
    expect(table.schema.fields.map(({ type }) => String(type))).toEqual([
      'Float64',
      'Utf8',
      'List<Utf8>',
      expect.stringMatching(/^Dictionary<\w+, Utf8>$/),
      'Struct<{id:Float64, name:Utf8}>',
    ]);
    const rows = table.toArray().map((row) => JSON.parse(JSON.stringify(row)) as object);
    expect(rows).toEqual([
      { id: 1, name: 'a', lists: ['x', 'yy'], kind: 'k', pair: { id: 1, name: 'a' } },
      { id: 2, name: null, lists: [], kind: 'l', pair: { id: 2, name: null } },
      { id: 3, name: 'ccc', lists: ['z'], kind: 'k', pair: { id: 3, name: 'ccc' } },
    ]);
  });

  it('gives the frame back through frameOfTable()', () => {
    const table = tableOfFrame(frame.drop('kind'));
    expect(frameOfTable(new arrow.Table(table.batches)).toRecords()).toEqual(frame.drop('kind').toRecords());
  });
});
