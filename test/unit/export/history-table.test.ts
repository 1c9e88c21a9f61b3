import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryKind, processKind, recordKinds } from '../../../src/core/index.ts';
import type { AnyRow } from '../../../src/core/index.ts';
import { buildHistoryTable, readFirstTime } from '../../../src/export/history-table.ts';
import type { HistoryTableParts } from '../../../src/export/history-table.ts';
import type { ExportTable } from '../../../src/export/export-options.ts';
import type { ExportedTable } from '../../../src/export/file-contract.ts';
import { sourceOfRows } from '../../support/export/row-partitions.ts';
import { snapshots } from '../../support/memory-rows.ts';

const { signal } = new AbortController();

const processRow = (timestamp: number, pid: number): AnyRow => ({
  timestamp,
  pid,
  name: `p${pid}`,
  rss_kib: pid,
});

/** A column of a table, whose parts have the rows that they say. */
async function readColumn(table: ExportedTable, name: string, partRows: number): Promise<number[]> {
  const found: number[] = [];
  for await (const { frame, rows } of table.parts(partRows, signal)) {
    const values = (await frame.collect()).getColumn(name).toArray() as (number | bigint | Date)[];
    expect(values).toHaveLength(rows);
    found.push(...values.map(Number));
  }
  return found;
}

function readTimes(table: ExportTable, rows: readonly AnyRow[], intervalMs: number): Promise<number[]> {
  const parts: HistoryTableParts = {
    source: sourceOfRows({ [table]: rows }),
    table,
    range: { toMs: Infinity },
    native: recordKinds[table]!,
    anonymous: null,
    columns: ['timestamp'],
    sampleIntervalMs: intervalMs,
    firstMs: rows.length === 0 ? null : Number(rows[0]!['timestamp']),
  };
  return readColumn(buildHistoryTable(parts), 'timestamp', 10);
}

describe('buildHistoryTable() with a sample interval', () => {
  it('keeps the first sample at or after each grid point', async () => {
    const rows = [900, 1000, 1400, 2300, 2900, 5100, 5200].map((timestamp) => ({
      ...snapshots(1)[0]!,
      timestamp,
    }));
    expect(await readTimes('memory', rows, 1000)).toEqual([900, 1000, 2300, 5100]);
    expect(await readTimes('memory', rows, 0)).toHaveLength(7);
  });

  it('keeps whole process scans, across partitions', async () => {
    const rows = [1000, 1500, 2000].flatMap((timestamp) =>
      Array.from({ length: 10 }, (_, pid) => processRow(timestamp, pid + 1)),
    );
    const times = await readTimes('process', rows, 1000);
    expect(times).toEqual([...Array<number>(10).fill(1000), ...Array<number>(10).fill(2000)]);
  });

  it('keeps one timestamp a grid point at most, and one for each point that has a sample', async () => {
    const times = fc.array(fc.integer({ min: -9000, max: 20_000 }), { maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 1, max: 5000 }), async (given, intervalMs) => {
        const sorted = [...given].sort((a, b) => a - b);
        const rows = sorted.map((timestamp) => processRow(timestamp, 1));
        const kept = await readTimes('process', rows, intervalMs);
        const points = new Set(sorted.map((time) => Math.floor(time / intervalMs)));
        const firsts = [...points].map((point) =>
          sorted.find((time) => Math.floor(time / intervalMs) === point),
        );
        expect([...new Set(kept)]).toEqual(firsts);
        expect(kept).toEqual(sorted.filter((time) => firsts.includes(time)));
      }),
      { numRuns: 10 },
    );
  }, 30_000);
});

describe('buildHistoryTable()', () => {
  const rows = snapshots(50, (row) => ({ process_count: row }));
  const parts = (changes: Partial<HistoryTableParts> = {}): HistoryTableParts => ({
    source: sourceOfRows({ memory: rows }),
    table: 'memory',
    range: { toMs: Infinity },
    native: memoryKind,
    anonymous: null,
    columns: 'all',
    sampleIntervalMs: 0,
    firstMs: rows[0]!.timestamp,
    ...changes,
  });

  it('gives the same rows however large its parts are', async () => {
    const table = buildHistoryTable(parts());
    for (const partRows of [1, 20]) {
      expect(await readColumn(table, 'processes_count', partRows)).toEqual(rows.map((_, i) => i));
    }
  });

  it('keeps the columns asked for, in that order', async () => {
    const document = buildHistoryTable(parts({ columns: 'document' }));
    const names = [
      'timestamp',
      'total_mb',
      'available_mb',
      'used_percent',
      'page_file_used_mb',
      'processes_count',
    ];
    expect(document.schema.names).toEqual(names);
    for await (const { frame } of document.parts(100, signal)) expect(frame.columns).toEqual(names);
    const picked = buildHistoryTable(parts({ columns: ['processes_count', 'timestamp'] }));
    expect(picked.schema.names).toEqual(['processes_count', 'timestamp']);
    expect(await readColumn(picked, 'processes_count', 100)).toEqual(rows.map((_, i) => i));
  });

  it('fails when retention took the oldest rows since it was planned', async () => {
    const table = buildHistoryTable(parts({ firstMs: rows[0]!.timestamp - 1 }));
    await expect(readColumn(table, 'processes_count', 100)).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_EXPORT_SOURCE_CHANGED' }),
    );
  });

  it('stops when the signal aborts', async () => {
    const abort = new AbortController();
    const iterator = buildHistoryTable(parts()).parts(1, abort.signal)[Symbol.asyncIterator]();
    await iterator.next();
    abort.abort();
    await expect(iterator.next()).rejects.toThrow(/abort/i);
  });
});

describe('readFirstTime()', () => {
  it('is the time of the first row in the range, null without one', async () => {
    const source = sourceOfRows({ process: [processRow(5, 1), processRow(9, 1)] });
    expect(await readFirstTime(source, 'process', { fromMs: 6, toMs: 10 })).toBe(9);
    expect(await readFirstTime(source, 'process', { fromMs: 10, toMs: 20 })).toBeNull();
  });
});

it('buildHistoryTable() has the kind of the process table', () => {
  const source = sourceOfRows({});
  const range = { toMs: 1 };
  const { schema } = buildHistoryTable({
    source,
    table: 'process',
    range,
    native: processKind,
    anonymous: null,
    columns: 'all',
    sampleIntervalMs: 0,
    firstMs: null,
  });
  expect(schema.metadata.get('ruvector.kind')).toBe('process');
});
