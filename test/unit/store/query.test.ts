import { describe, expect, it } from 'vitest';
import { memoryKind, rowsOf } from '../../../src/core/index.ts';
import type { AnyRow, QueryOptions } from '../../../src/core/index.ts';
import { buildRowsSources, queryBatches, sortByTime } from '../../../src/store/query.ts';
import type { QuerySource } from '../../../src/store/query-source.ts';
import { numberedSnapshot, numberedSnapshots } from '../../support/store/store-rows.ts';

function source(rows: readonly AnyRow[]): QuerySource {
  return buildRowsSources(memoryKind, rows)[0]!;
}

async function timesOf(sources: readonly QuerySource[], options: QueryOptions = {}): Promise<number[][]> {
  const batches: number[][] = [];
  for await (const batch of queryBatches(memoryKind, sources, options)) {
    batches.push(rowsOf(memoryKind, batch).map((row) => Number(row['timestamp'])));
  }
  return batches;
}

describe('queryBatches()', () => {
  it('yields sources in time order when they are given out of order', async () => {
    const times = await timesOf([source(numberedSnapshots(10, 13)), source(numberedSnapshots(0, 3))]);
    expect(times).toEqual([
      [0, 1, 2],
      [10, 11, 12],
    ]);
  });

  it('merges row by row when the clock stepped back', async () => {
    const back = [numberedSnapshot(1), numberedSnapshot(4)];
    const times = await timesOf([source([0, 2, 5].map(numberedSnapshot)), source(back)]);
    expect(times.flat()).toEqual([0, 1, 2, 4, 5]);
  });

  it('keeps sources apart when they only touch at one timestamp', async () => {
    const times = await timesOf([source([1, 2].map(numberedSnapshot)), source([2, 3].map(numberedSnapshot))]);
    expect(times).toEqual([
      [1, 2],
      [2, 3],
    ]);
  });

  it('includes fromMs and excludes toMs', async () => {
    expect(await timesOf([source(numberedSnapshots(0, 10))], { fromMs: 3, toMs: 6 })).toEqual([[3, 4, 5]]);
  });

  it('never reads a source outside the range', async () => {
    const outside: QuerySource = {
      fromMs: 100,
      toMs: 200,
      rows: 1,
      read: () => Promise.reject(new Error('was read')),
    };
    expect(await timesOf([source(numberedSnapshots(0, 3)), outside], { toMs: 100 })).toEqual([[0, 1, 2]]);
  });

  it('yields at most batchRows rows at once', async () => {
    const times = await timesOf([source(numberedSnapshots(0, 5))], { batchRows: 2 });
    expect(times).toEqual([[0, 1], [2, 3], [4]]);
  });

  it('goes on when a source is gone', async () => {
    const gone: QuerySource = { fromMs: 0, toMs: 5, rows: 1, read: () => Promise.resolve(null) };
    expect(await timesOf([gone, source(numberedSnapshots(6, 8))])).toEqual([[6, 7]]);
  });
});

describe('sortByTime()', () => {
  it('keeps the order of rows with equal timestamps', () => {
    const rows = [5, 3, 5, 3].map((timestamp, number) => ({ timestamp, number }));
    expect(sortByTime(rows).map((row) => row['number'])).toEqual([1, 3, 0, 2]);
  });
});
