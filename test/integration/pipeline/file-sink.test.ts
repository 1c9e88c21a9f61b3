// Files that native plans write in parts, by their door: joined, placed, refused, given up.
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import * as arrow from 'apache-arrow';
import pl from 'nodejs-polars';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFileSink } from '../../../src/pipeline/index.ts';
import type { FileSinkOptions, NativeSink } from '../../../src/pipeline/index.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ruvector-sink-'));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const frameOf = (numbers: readonly number[]) =>
  pl
    .DataFrame({ n: numbers, text: numbers.map((n) => `row "${n}"`) })
    .withColumns(pl.col('n').cast(pl.UInt64).alias('hash'))
    .lazy();

async function writeParts(sink: NativeSink, parts: readonly (readonly number[])[]): Promise<void> {
  const folder = await sink.open();
  for (const [at, numbers] of parts.entries()) {
    const path = join(folder, `part-${at}`);
    await (await sink.write(frameOf(numbers), path, at)).collect();
    await sink.append(path);
  }
}

async function writeFileOf(
  options: Omit<FileSinkOptions, 'path'>,
  parts: readonly (readonly number[])[],
): Promise<Buffer> {
  const path = join(root, 'file');
  const sink = createFileSink({ ...options, path });
  await writeParts(sink, parts);
  expect(await sink.finish()).toEqual([]);
  expect(await readdir(root)).toEqual(['file']);
  return readFile(path);
}

const parts = [[1, 2], [], [3.5]] as const;

it('createFileSink() joins parts of text, without a schema', async () => {
  const lines = ['"n","text","hash"', '1.0,"row ""1""",1', '2.0,"row ""2""",2', '3.5,"row ""3.5""",3', ''];
  expect((await writeFileOf({ format: 'csv' }, parts)).toString().split('\n')).toEqual(lines);
  const packed = await writeFileOf({ format: 'csv', compression: 'gzip' }, parts);
  expect(gunzipSync(packed).toString().split('\n')).toEqual(lines);
  const rows = [1, 2, 3.5].map((n) => ({ n, text: `row "${n}"`, hash: String(Math.floor(n)) }));
  expect(JSON.parse((await writeFileOf({ format: 'json' }, parts)).toString())).toEqual(rows);
  expect(JSON.parse((await writeFileOf({ format: 'json' }, [[]])).toString())).toEqual([]);
});

it('createFileSink() joins parts of Parquet, Arrow and SQLite', async () => {
  const parquet = pl.readParquet(await writeFileOf({ format: 'parquet' }, parts));
  expect(parquet.getColumn('n').toArray()).toEqual([1, 2, 3.5]);
  const table = arrow.tableFromIPC(await writeFileOf({ format: 'arrow' }, parts));
  expect(String(table.schema.fields[1]!.type)).toBe('Utf8');
  expect(Array.from(table.getChild('text')!)).toEqual(['row "1"', 'row "2"', 'row "3.5"']);
  await writeFileOf({ format: 'sqlite', table: 'some "rows"' }, parts);
  using database = new DatabaseSync(join(root, 'file'), { readOnly: true });
  expect(database.prepare('SELECT text, hash FROM "some ""rows""" WHERE n > 3').all()).toEqual([
    { text: 'row "3.5"', hash: '3' },
  ]);
});

it('createFileSink() refuses a target that another run writes, and leaves what was there when it ends', async () => {
  const path = join(root, 'file.csv');
  await writeFile(path, 'old');
  const sink = createFileSink({ path, format: 'csv' });
  await writeParts(sink, [[1]]);
  const second = createFileSink({ path, format: 'csv' });
  await expect(second.open()).rejects.toMatchObject({
    code: 'ERR_PIPELINE_FILE',
    details: { pid: process.pid },
  });
  await sink.abort();
  expect(await readFile(path, 'utf8')).toBe('old');
  expect(await readdir(root)).toEqual(['file.csv']);
});
