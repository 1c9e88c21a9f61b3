import { describe, expect, it } from 'vitest';
import { resolveExport } from '../../../src/export/export-config.ts';
import type { ExportConfig } from '../../../src/export/export-options.ts';

describe('resolveExport()', () => {
  it('anonymises memory at full rate by default', () => {
    expect(resolveExport('data.csv', undefined, {})).toMatchObject({
      format: 'csv',
      compression: undefined,
      anonymize: true,
      tables: ['memory'],
      columns: 'all',
      sampleIntervalMs: 0,
      timePrecisionMs: 3_600_000,
      k: 5,
    });
  });

  it('adds tables by the flags, unless they are listed', () => {
    const flags = { includeProcesses: true, includeEvents: true };
    expect(resolveExport('d/', 'csv', flags).tables).toEqual(['memory', 'process', 'optimization']);
    expect(resolveExport('d/', 'csv', { ...flags, tables: ['process'] }).tables).toEqual(['process']);
    expect(resolveExport('d/', 'csv', { tables: ['process', 'memory'] }).tables).toEqual([
      'memory',
      'process',
    ]);
  });

  it('takes undefined as not given', () => {
    const config: ExportConfig = { anonymize: undefined, k: undefined, columns: undefined };
    expect(resolveExport('data.csv', undefined, config)).toMatchObject({
      anonymize: true,
      k: 5,
      columns: 'all',
    });
  });

  it('names every mistake in one report', () => {
    const config = {
      k: 0,
      sampleIntervalMs: -1,
      timePrecisionMs: 0.5,
      tables: ['memory', 'prozess'],
      columns: [],
      compression: 'lz4',
      colour: 'red',
    } as unknown as ExportConfig;
    const resolve = (): unknown => resolveExport('data.csv', 'parquet', config, ['start is not before end']);
    expect(resolve).toThrow(expect.objectContaining({ code: 'ERR_EXPORT_OPTIONS' }));
    for (const part of [
      'start is not before end',
      'k is 0',
      'sampleIntervalMs is -1',
      'timePrecisionMs is 0.5',
      'tables is ["memory","prozess"], wanted some of memory, process, optimization',
      'columns is []',
      'compression is "lz4"',
      '"colour" is no option',
      'format is parquet but the path ends in ".csv"',
    ]) {
      expect(resolve).toThrow(part);
    }
  });
});
