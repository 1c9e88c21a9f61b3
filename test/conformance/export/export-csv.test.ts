// CSV as readers take it that guess with their defaults, and as a spreadsheet takes it.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import * as arrow from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildBatchTable } from '../../../src/export/batch-table.ts';
import { resolveExport } from '../../../src/export/export-config.ts';
import { writeTables } from '../../../src/export/write-tables.ts';
import { python } from '../../support/python.ts';

let root: string;
const at = (name: string): string => join(root, name);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ruvector-export-csv-'));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

type Columns = Readonly<Record<string, readonly (string | number | null)[]>>;

function buildVector(values: Columns[string]): arrow.Vector {
  const type = values.some((value) => typeof value === 'number') ? new arrow.Int32() : new arrow.Utf8();
  return arrow.vectorFromArray([...values], type);
}

async function write(name: string, columns: Columns, options: { excel?: boolean } = {}): Promise<string> {
  const table = new arrow.Table(
    Object.fromEntries(Object.entries(columns).map(([column, values]) => [column, buildVector(values)])),
  );
  const open = async function* (): AsyncGenerator<arrow.RecordBatch> {
    yield* table.batches;
  };
  const compression = name.endsWith('.gz') ? 'gzip' : name.endsWith('.zst') ? 'zstd' : undefined;
  const tables = [buildBatchTable({ name: 'memory', schema: table.schema, open })];
  await writeTables({ tables, format: 'csv', path: at(name), compression, ...options });
  return at(name);
}

interface Seen {
  readonly rows: number;
  readonly names: readonly string[];
}

async function readEverywhere(path: string): Promise<Readonly<Record<string, Seen>>> {
  const script = join(import.meta.dirname, '../../support/export/read-csv.py');
  const { stdout } = await promisify(execFile)(python, [script, path]);
  return JSON.parse(stdout) as Record<string, Seen>;
}

describe('writeTables() to CSV for readers that guess', () => {
  it('gives all of them their rows when the first text in quotes comes after what they look at', async () => {
    const rows = 60_000;
    const label = Array.from({ length: rows }, (_, i) => (i === 50_000 ? 'a, "b"\nc' : 'calm'));
    const value = Array.from({ length: rows }, (_, i) => i);
    for (const name of ['late.csv', 'late.csv.gz']) {
      const seen = await readEverywhere(await write(name, { value, label }));
      for (const [reader, found] of Object.entries(seen)) {
        expect({ reader, ...found }).toEqual({ reader, rows, names: ['value', 'label'] });
      }
    }
  });

  it('keeps the nulls of a column that is alone, of text and of numbers', async () => {
    for (const values of [
      [null, 'a', null, null, 'b', null],
      [null, 1, null, 2, null, null],
    ]) {
      const seen = await readEverywhere(await write('alone.csv', { only: values }));
      for (const [reader, found] of Object.entries(seen)) {
        expect({ reader, ...found }).toEqual({ reader, rows: 6, names: ['only'] });
      }
    }
  });

  it('keeps names of every kind, short, long, in other scripts, with what CSV needs quotes for', async () => {
    const names = ['a', 'b c', 'd,e', 'f"g', '"', 'größe', '記憶', 'x'.repeat(300), '1', "it's", '=1+1'];
    for (const count of [2, names.length]) {
      const columns = Object.fromEntries(names.slice(0, count).map((name) => [name, [1, 2]]));
      // An object lists "1" first.
      const wanted = { rows: 2, names: Object.keys(columns) };
      const path = await write('names.csv', columns);
      const { csv, pandas, pyarrow, polars } = await readEverywhere(path);
      for (const found of [csv, pandas, pyarrow]) expect(found).toEqual(wanted);
      // Polars leaves doubled quotes in names as they are.
      expect(polars!.names.map((name) => name.replaceAll('""', '"'))).toEqual(wanted.names);
    }
  });

  it('writes the same bytes plain, with gzip and with zstd', async () => {
    const columns = { a: [1, null, 3], b: ['x', 'y', null] };
    const plain = await readFile(await write('same.csv', columns), 'utf8');
    expect(plain).toBe('"a","b"\n1,x\n,y\n3,\n');
    expect(gunzipSync(await readFile(await write('same.csv.gz', columns))).toString()).toBe(plain);
    expect(zstdDecompressSync(await readFile(await write('same.csv.zst', columns))).toString()).toBe(plain);
  });

  it('with excel begins with a byte order mark and runs no text as a formula', async () => {
    const text = ['=1+1', '+49', '-x', '@SUM(A1)', '\tb', 'plain', 'a=b', null, '-'];
    const number = text.map((_, i) => -i);
    for (const name of ['excel.csv', 'excel.csv.gz']) {
      const bytes = await readFile(await write(name, { text, number }, { excel: true }));
      const written = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
      const lines = written.split('\n');
      expect(lines[0]).toBe('\uFEFF"text","number"');
      expect(lines.slice(1, -1).map((line) => line.split(',')[0])).toEqual([
        "'=1+1",
        "'+49",
        "'-x",
        "'@SUM(A1)",
        "'\tb",
        'plain',
        'a=b',
        '',
        "'-",
      ]);
      expect(lines[3]).toBe("'-x,-2");
    }
  });
});

it('resolveExport() refuses excel for what is no CSV', () => {
  expect(resolveExport('a.csv', undefined, { excel: true })).toMatchObject({ excel: true, format: 'csv' });
  for (const path of ['a.parquet', 'a.json', 'a.db', 'a.arrow']) {
    expect(() => resolveExport(path, undefined, { excel: true })).toThrow(/excel is for CSV/);
  }
});

it('writeTables() to CSV is read whole by the call of pandas that docs/export.md names', async () => {
  const document = await readFile(join(import.meta.dirname, '../../../docs/export.md'), 'utf8');
  const call = /`(pd\.read_csv\(path, keep_default_na[^`]+)`/.exec(document)![1]!;
  const name = ['NA', 'null', 'nan', 'NULL', 'None', '#N/A', '001', null];
  const count = [1, null, 3, 4, null, 6, 7, 8];
  const path = await write('words.csv', { name, count });
  const plain = 'astype(object).where(lambda frame: frame.notna(), None).to_dict("list")';
  const code = `import sys, json, pandas as pd; path = sys.argv[1]; print(json.dumps(${call}.${plain}))`;
  const { stdout } = await promisify(execFile)(python, ['-c', code, path]);
  expect(JSON.parse(stdout)).toEqual({ name, count });
});
