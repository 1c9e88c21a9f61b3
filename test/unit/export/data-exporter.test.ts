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
    await expect(exporter.exportRecent(0, 'csv', 'a.csv')).rejects.toThrow(
      'hours is 0, wanted a number above 0',
    );
  });

  it('says what the history holds when a range is empty', async () => {
    await expect(exporter.exportRecent(1, 'csv', 'a.csv')).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_EXPORT_NO_ROWS',
        message: expect.stringContaining('nothing yet'),
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
