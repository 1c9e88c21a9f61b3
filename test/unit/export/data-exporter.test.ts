import { describe, expect, it } from 'vitest';
import { createDataExporter } from '../../../src/export/index.ts';
import type { ExportSource } from '../../../src/export/index.ts';

const empty: ExportSource = {
  async *query() {},
  partitions: () => Promise.resolve([]),
  stats: () => ({ kinds: { memory: { rows: 0, firstMs: null, lastMs: null } } }),
};
const exporter = createDataExporter({ source: empty, config: { k: 3 } });

describe('createDataExporter()', () => {
  it('names wrong ranges together with wrong options', async () => {
    const wrong = exporter.exportRange('soon', '2024-02-31', 'csv', 'a.parquet', { sampleIntervalMs: -1 });
    await expect(wrong).rejects.toThrow(
      /start is "soon".*end is "2024-02-31".*sampleIntervalMs is -1.*format is csv/,
    );
    const reversed = exporter.exportRange('2024-02-03', '2024-02-01', 'csv', 'a.csv');
    await expect(reversed).rejects.toThrow('start is not before end');
    const ahead = exporter.exportRange('2999-01-01', undefined, 'csv', 'a.csv');
    await expect(ahead).rejects.toThrow('start is not before now');
    await expect(exporter.exportRecent(0, 'csv', 'a.csv')).rejects.toThrow(
      'hours is 0, wanted a number above 0',
    );
  });

  it('says what the history holds when a range is empty', async () => {
    await expect(exporter.exportRecent(1, 'csv', 'a.csv')).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_EXPORT_NO_ROWS',
        message: expect.stringContaining('no memory rows yet'),
      }),
    );
  });

  it('has nothing to stream without a hub, and stops before it begins when aborted', async () => {
    await expect(exporter.startStream('jsonlines', 'ws://127.0.0.1:0')).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_EXPORT_NO_STREAM' }),
    );
    const signal = AbortSignal.abort();
    await expect(exporter.exportRecent(1, 'csv', 'a.csv', { signal })).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_EXPORT_CANCELLED' }),
    );
  });
});

it('createDataExporter() says of each table that was asked for what there is of it, when a range holds nothing', async () => {
  const held = { rows: 7, firstMs: 0, lastMs: 6000 };
  const source: ExportSource = { ...empty, stats: () => ({ kinds: { memory: held } }) };
  const ask = (tables: readonly ('memory' | 'optimization')[]): Promise<unknown> =>
    createDataExporter({ source }).exportRange('2024-01-01', '2024-01-02', 'csv', '/tmp/none/', { tables });
  await expect(ask(['optimization'])).rejects.toThrow('the history holds no optimization rows yet, choose');
  await expect(ask(['memory', 'optimization'])).rejects.toThrow(
    'holds 7 memory rows from 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:06.000Z, no optimization rows yet',
  );
});
