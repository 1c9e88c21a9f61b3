import * as fc from 'fast-check';
import type * as arrow from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { buildRecordBatch, memoryKind, processKind, rowsOf } from '../../../src/core/index.ts';
import type { AnyRow, RecordKind } from '../../../src/core/index.ts';
import { buildSampleReader, buildTableSource, readFirstTime } from '../../../src/export/table-source.ts';
import type { ExportSource, TableParts } from '../../../src/export/table-source.ts';
import type { ExportTable } from '../../../src/export/export-options.ts';
import { snapshots } from '../../support/memory-rows.ts';

/** A source over rows, in batches of `batchRows`. */
function sourceOf(kind: RecordKind, rows: readonly AnyRow[], batchRows = 7): ExportSource {
  return {
    async *query(_table, { fromMs = -Infinity, toMs = Infinity } = {}) {
      const wanted = rows.filter(
        (row) => Number(row['timestamp']) >= fromMs && Number(row['timestamp']) < toMs,
      );
      for (let at = 0; at < wanted.length; at += batchRows) {
        yield buildRecordBatch(kind, wanted.slice(at, at + batchRows));
      }
    },
    partitions: () => Promise.resolve([]),
  };
}

const processRow = (timestamp: number, pid: number): AnyRow => ({
  timestamp,
  pid,
  name: `p${pid}`,
  rss_kib: pid,
});

async function readTimes(
  kind: RecordKind,
  table: ExportTable,
  rows: readonly AnyRow[],
  intervalMs: number,
): Promise<number[]> {
  const read = buildSampleReader(sourceOf(kind, rows), table, { toMs: Infinity }, intervalMs);
  const times: number[] = [];
  for await (const batch of read()) {
    for (const row of rowsOf(kind, batch)) times.push(Number(row['timestamp']));
  }
  return times;
}

describe('buildSampleReader()', () => {
  it('keeps the first sample at or after each grid point', async () => {
    const rows = [900, 1000, 1400, 2300, 2900, 5100, 5200].map((timestamp) => ({
      ...snapshots(1)[0]!,
      timestamp,
    }));
    expect(await readTimes(memoryKind, 'memory', rows, 1000)).toEqual([900, 1000, 2300, 5100]);
    expect(await readTimes(memoryKind, 'memory', rows, 0)).toHaveLength(7);
  });

  it('keeps whole process scans, across batches', async () => {
    const rows = [1000, 1500, 2000].flatMap((timestamp) =>
      Array.from({ length: 10 }, (_, pid) => processRow(timestamp, pid + 1)),
    );
    const times = await readTimes(processKind, 'process', rows, 1000);
    expect(times).toEqual([...Array<number>(10).fill(1000), ...Array<number>(10).fill(2000)]);
  });

  it('keeps one timestamp a grid point at most, and one for each point that has a sample', async () => {
    const times = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 1, max: 5000 }), async (given, intervalMs) => {
        const sorted = [...given].sort((a, b) => a - b);
        const rows = sorted.map((timestamp) => processRow(timestamp, 1));
        const kept = await readTimes(processKind, 'process', rows, intervalMs);
        const points = new Set(sorted.map((time) => Math.floor(time / intervalMs)));
        const firsts = [...points].map((point) =>
          sorted.find((time) => Math.floor(time / intervalMs) === point),
        );
        expect([...new Set(kept)]).toEqual(firsts);
        expect(kept).toEqual(sorted.filter((time) => firsts.includes(time)));
      }),
    );
  });
});

describe('buildTableSource()', () => {
  const rows = snapshots(50, (row) => ({ process_count: row }));
  const parts = (changes: Partial<TableParts> = {}): TableParts => ({
    table: 'memory',
    native: memoryKind,
    columns: 'all',
    read: buildSampleReader(sourceOf(memoryKind, rows), 'memory', { toMs: Infinity }, 0),
    plannedSamples: null,
    firstMs: rows[0]!.timestamp,
    ...changes,
  });
  const counts = async (open: AsyncIterable<arrow.RecordBatch>): Promise<number[]> => {
    const found: number[] = [];
    for await (const batch of open) {
      for (const value of batch.getChild('processes_count')!) found.push(Number(value));
    }
    return found;
  };
  const { signal } = new AbortController();

  it('gives the same rows from any row on', async () => {
    const table = buildTableSource(parts());
    for (const skip of [0, 1, 7, 8, 49, 50, 60]) {
      expect(await counts(table.open(skip, signal))).toEqual(rows.map((_, i) => i).slice(skip));
    }
  });

  it('keeps the columns asked for, in that order', async () => {
    expect(buildTableSource(parts({ columns: 'document' })).schema.names).toEqual([
      'timestamp',
      'total_mb',
      'available_mb',
      'used_percent',
      'page_file_used_mb',
      'processes_count',
    ]);
    const picked = buildTableSource(parts({ columns: ['processes_count', 'timestamp'] }));
    expect(picked.schema.names).toEqual(['processes_count', 'timestamp']);
    expect(await counts(picked.open(45, signal))).toEqual([45, 46, 47, 48, 49]);
  });

  it('fails when it gives other rows than were planned', async () => {
    const table = buildTableSource(parts({ plannedSamples: 51 }));
    await expect(counts(table.open(0, signal))).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_EXPORT_SOURCE_CHANGED' }),
    );
  });

  it('fails when retention took the oldest rows since it was planned', async () => {
    const table = buildTableSource(parts({ firstMs: rows[0]!.timestamp - 1 }));
    await expect(counts(table.open(0, signal))).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_EXPORT_SOURCE_CHANGED' }),
    );
  });

  it('stops when the signal aborts', async () => {
    const abort = new AbortController();
    const iterator = buildTableSource(parts()).open(0, abort.signal)[Symbol.asyncIterator]();
    await iterator.next();
    abort.abort();
    await expect(iterator.next()).rejects.toThrow(/abort/i);
  });
});

describe('readFirstTime()', () => {
  it('is the time of the first row in the range, null without one', async () => {
    const source = sourceOf(processKind, [processRow(5, 1), processRow(9, 1)]);
    expect(await readFirstTime(source, 'process', { fromMs: 6, toMs: 10 })).toBe(9);
    expect(await readFirstTime(source, 'process', { fromMs: 10, toMs: 20 })).toBeNull();
  });
});
