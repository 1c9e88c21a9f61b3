import { describe, expect, it } from 'vitest';
import { namesFolder, resolveTarget } from '../../../src/export/file-target.ts';

const resolve = (path: string, format?: string, compression?: string): unknown => {
  const problems: string[] = [];
  const target = resolveTarget(path, { format, compression }, problems);
  return problems.length > 0 ? problems : target;
};

describe('resolveTarget()', () => {
  it('tells format and compression from the suffix', () => {
    expect(resolve('a.csv')).toEqual({ format: 'csv', compression: undefined });
    expect(resolve('a.b.CSV.gz')).toEqual({ format: 'csv', compression: 'gzip' });
    expect(resolve('a.jsonl.zst')).toEqual({ format: 'jsonl', compression: 'zstd' });
    expect(resolve('a.ndjson')).toEqual({ format: 'jsonl', compression: undefined });
    expect(resolve('x/a.db')).toEqual({ format: 'sqlite', compression: undefined });
    expect(resolve('a.feather')).toEqual({ format: 'arrow', compression: undefined });
    expect(resolve('a.parquet', undefined, 'snappy')).toEqual({ format: 'parquet', compression: 'snappy' });
  });

  it('takes a named format for a suffix it does not know, and its other names', () => {
    expect(resolve('a.out', 'csv')).toEqual({ format: 'csv', compression: undefined });
    expect(resolve('a', 'jsonlines')).toEqual({ format: 'jsonl', compression: undefined });
    expect(resolve('a.json', 'jsonl')).toEqual({ format: 'jsonl', compression: undefined });
    expect(resolve('data.csv', 'csv', 'gzip')).toEqual({ format: 'csv', compression: 'gzip' });
  });

  it('refuses what contradicts itself', () => {
    expect(resolve('a.csv', 'parquet')).toEqual([
      'format is parquet but the path ends in ".csv", which is read as csv',
    ]);
    expect(resolve('a.csv.gz', undefined, 'zstd')).toEqual([
      'compression is "zstd" but "a.csv.gz" says gzip',
    ]);
    expect(resolve('a.parquet.gz')).toEqual([
      'compression is "gzip", wanted one of none, zstd, snappy for parquet',
    ]);
    expect(resolve('a.sqlite', undefined, 'zstd')).toEqual([
      'compression is "zstd", wanted one of none for sqlite',
    ]);
    expect(resolve('a.txt')).toEqual([
      'format is missing and "a.txt" does not tell it, wanted one of csv, json, jsonl, parquet, sqlite, arrow',
    ]);
    expect(resolve('a.csv', 'xml')).toEqual([
      'format is "xml", wanted one of csv, json, jsonl, parquet, sqlite, arrow',
    ]);
  });
});

describe('namesFolder()', () => {
  it('is true for a final slash and for names without a suffix', () => {
    expect(['training/', 'a.b/', 'training', 'x.d/training', '.hidden'].map(namesFolder)).toEqual(
      Array.from({ length: 5 }, () => true),
    );
    expect(['a.parquet', 'x/a.csv.gz', '.hidden.csv'].map(namesFolder)).toEqual([false, false, false]);
  });
});
