// Filters on every Parquet file that is written, through readers that skip by statistics and page indexes: they find
// what a full scan finds, wherever NaN, infinities, zeros of both signs and long texts stand.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as arrow from 'apache-arrow';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildRecordBatch, optional, required } from '../../../src/core/index.ts';
import type { AnyRow, RecordKind } from '../../../src/core/index.ts';
import { writeShards } from '../../../src/export/publish/parquet-shards.ts';
import type { PublishColumn } from '../../../src/export/publish/publish-contract.ts';
import { buildBatchTable } from '../../../src/export/batch-table.ts';
import { writeTables } from '../../../src/export/write-tables.ts';
import { encodeSegment } from '../../../src/store/encode-segment.ts';
import { python } from '../../support/python.ts';
import { LineProcess } from '../../support/line-process.ts';

/** Enough for two pages of a float64 column by Polars, and many by the writer of publications. */
const ROWS = 150_000;

const kind: RecordKind = {
  name: 'filters',
  version: 1,
  fields: [
    required('one_nan', 'float64', 'x', 'NaN in the first page, beside the greatest value'),
    required('single', 'float32', 'x', 'NaN now and then'),
    optional('nulls', 'float64', 'x', 'NaN, nulls and numbers'),
    optional('no_number', 'float64', 'x', 'NaN and nulls alone'),
    optional('nothing', 'float32', 'x', 'nulls alone'),
    required('infinite', 'float64', 'x', 'infinities at the ends'),
    required('zeros', 'float64', 'x', 'zeros of both signs'),
    required('minus_zero', 'float32', 'x', '-0 alone'),
    required('unsigned', 'uint64', 'x', 'on both sides of 2^63'),
    optional('text', 'utf8', 'x', 'long, alike, up to the greatest code points'),
  ],
};

const everyNth = (i: number, n: number): boolean => i % n === 0;

function rowAt(i: number, rows: number): AnyRow {
  const share = i / rows;
  return {
    one_nan: i === 5 ? Number.NaN : i === 6 ? 1e9 : Math.sin(i),
    single: everyNth(i, 1000) ? Number.NaN : share,
    nulls: everyNth(i, 7) ? null : everyNth(i, 501) ? Number.NaN : -share,
    no_number: everyNth(i, 3) ? null : Number.NaN,
    nothing: null,
    infinite: i === 0 ? -Infinity : i === rows - 1 ? Infinity : share,
    zeros: everyNth(i, 2) ? -0 : 0,
    minus_zero: -0,
    unsigned: (BigInt(i) << 64n) / BigInt(rows),
    text: everyNth(i, 11) ? null : `${'\u{10ffff}\uffffé'[i % 3]!.repeat(60)}${i % 500}`,
  };
}

const rowsOf = (count: number): AnyRow[] => Array.from({ length: count }, (_, i) => rowAt(i, count));

/** Texts make many pages of few rows: the big table does without. */
const bigKind: RecordKind = { ...kind, fields: kind.fields.filter(({ type }) => type !== 'utf8') };

function tableOf(batch: arrow.RecordBatch) {
  const open = async function* () {
    yield batch;
  };
  return buildBatchTable({ name: 'filters', schema: batch.schema, rowEstimate: batch.numRows, open });
}

let folder: string;
let others: LineProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ruvector-filters-'));
  others = new LineProcess(python, [join(import.meta.dirname, '../../support/export/check-pushdown.py')]);
});

afterAll(async () => {
  await others[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function writeExport(name: string, rows: readonly AnyRow[], of = kind): Promise<string> {
  const path = join(folder, `${name}.parquet`);
  const tables = [tableOf(buildRecordBatch(of, rows))];
  await writeTables({ tables, format: 'parquet', path });
  return path;
}

async function writePublication(rows: readonly AnyRow[]): Promise<string[]> {
  const columns = kind.fields.map((field): PublishColumn => ({ ...field, role: 'feature' }));
  const split = {
    name: 'train',
    open: async function* () {
      yield buildRecordBatch(kind, rows);
    },
  };
  await mkdir(join(folder, 'data'));
  const { files } = await writeShards(split, {
    root: folder,
    folder: 'data',
    columns,
    shardBytes: 1 << 18,
  });
  return files.map(({ path }) => join(folder, path));
}

async function writeSegment(rows: readonly AnyRow[]): Promise<string> {
  const path = join(folder, 'segment.parquet');
  await writeFile(path, encodeSegment(kind, rows, [1]));
  return path;
}

it('createDataExporter() and encodeSegment() write Parquet in which filters find what a full scan finds', async () => {
  const some = rowsOf(9000);
  const files = [
    await writeExport('export', rowsOf(ROWS), bigKind),
    await writeExport('small', some),
    await writeExport('empty', []),
    ...(await writePublication(some)),
    await writeSegment(some.slice(0, 3600)),
  ];
  const request = join(folder, 'files.json');
  await writeFile(request, JSON.stringify(files));
  others.process.stdin.write(`${request}\n`);
  const { checks, problems } = await others.next<{ checks: number; problems: string[] }>();
  expect(problems).toEqual([]);
  expect(checks).toBeGreaterThan(500);
}, 300_000);
