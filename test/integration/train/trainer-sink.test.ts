// A table of features and labels at the end of a pipeline: what reaches whoever trains, and what is refused.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as arrow from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { createArraySource, pipeline } from '../../../src/pipeline/index.ts';
import { createTableSink, createTrainerSink } from '../../../src/train/index.ts';

const columns = {
  timestamp: arrow.vectorFromArray(
    [1, 2, 3].map((ms) => new Date(ms)),
    new arrow.TimestampMillisecond(),
  ),
  note: arrow.vectorFromArray(['a', 'b', 'c'], new arrow.Utf8()),
  free: arrow.vectorFromArray([0.5, null, 2], new arrow.Float64()),
  count: arrow.vectorFromArray([1n, 2n, 3n], new arrow.Int64()),
};
const names = arrow.vectorFromArray(['NoActionNeeded', 'Critical', 'ShouldOptimize'], new arrow.Utf8());
const sourceOf = (table: Record<string, arrow.Vector>) => createArraySource(new arrow.Table(table).batches);

/** Runs rows into a table, and reads the file as it is when it is trained on. */
async function runInto(table: Record<string, arrow.Vector>, features = ['free', 'count']) {
  let read: arrow.Table | undefined;
  let path = '';
  const sink = createTableSink({
    features,
    horizonMs: 500,
    testFraction: 0.25,
    train: async (file) => {
      path = file;
      read = arrow.tableFromIPC(await readFile(file));
    },
  });
  await pipeline().from(sourceOf(table)).to(sink).run();
  return { read: read!, path };
}

describe('createTableSink()', () => {
  it('writes timestamp, features as float32 and labels as their numbers, and removes the file when it is trained', async () => {
    const { read, path } = await runInto({ ...columns, label: names });
    expect(read.schema.fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'timestamp Timestamp<MILLISECOND>',
      'free Float32',
      'count Float32',
      'label Int8',
    ]);
    expect([...read.getChild('free')!]).toEqual([0.5, Number.NaN, 2]);
    expect([...read.getChild('count')!]).toEqual([1, 2, 3]);
    expect([...read.getChild('label')!]).toEqual([0, 3, 1]);
    expect(JSON.parse(read.schema.metadata.get('ruvector.dataset')!)).toMatchObject({
      horizonMs: 500,
      testFraction: 0.25,
      features: [{ name: 'free' }, { name: 'count' }],
      featureSpecSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(existsSync(dirname(path))).toBe(false);
  });

  it('takes labels by their numbers, and a split of its own', async () => {
    const label = arrow.vectorFromArray([0, 1, 3], new arrow.Int32());
    const split = arrow.vectorFromArray(['train', 'test', 'gap'], new arrow.Utf8());
    const { read } = await runInto({ ...columns, label, split });
    expect([...read.getChild('label')!]).toEqual([0, 1, 3]);
    expect([...read.getChild('split')!]).toEqual(['train', 'test', 'gap']);
  });

  it('refuses a table without its columns, without rows, and with labels that there are not', async () => {
    await expect(runInto({ ...columns, label: names }, ['free', 'used'])).rejects.toMatchObject({
      code: 'ERR_TRAIN_COLUMNS',
      details: { missing: ['used'] },
    });
    for (const bad of ['slow', null]) {
      const label = arrow.vectorFromArray(['NoActionNeeded', bad, 'Critical'], new arrow.Utf8());
      await expect(runInto({ ...columns, label })).rejects.toMatchObject({ code: 'ERR_TRAIN_LABEL' });
    }
    const none = new arrow.Table({ ...columns, label: names });
    const sink = createTrainerSink({ features: ['free'], job: { name: 'x', estimator: 'y' } });
    const run = pipeline().from(createArraySource([], none.schema)).to(sink).run();
    await expect(run).rejects.toMatchObject({ code: 'ERR_TRAIN_NO_ROWS' });
    expect(sink.result).toBeNull();
  });
});
