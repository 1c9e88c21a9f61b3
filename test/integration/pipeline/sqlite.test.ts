// Queries and tables of SQLite as sources and sinks.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as arrow from 'apache-arrow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteSource, openSqliteTableSink } from '../../../src/pipeline/index.ts';
import { batchOf, readSource, valuesOf } from '../../support/pipeline/batches.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rvm-sqlite-'));
  path = join(folder, 'a.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function fill(sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

describe('openSqliteSource()', () => {
  it('gives declared columns their types, with nulls, in batches', async () => {
    fill(`CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB, flag BOOLEAN, at TIMESTAMP);
      INSERT INTO t VALUES (9223372036854775807, 1, 'Grüße', x'00ff', 1, '2026-01-31 12:00:00'),
        (NULL, NULL, NULL, NULL, NULL, NULL), (-1, 2.5, '', x'', 0, 1700000000123)`);
    const table = await readSource(openSqliteSource({ path, query: 'SELECT * FROM t' }), 2);
    expect(table.schema.fields.map(({ type }) => String(type))).toEqual([
      'Int64',
      'Float64',
      'Utf8',
      'Binary',
      'Bool',
      'Timestamp<MILLISECOND, UTC>',
    ]);
    expect(table.batches.map(({ numRows }) => numRows)).toEqual([2, 1]);
    expect(valuesOf(table, 'i')).toEqual([9223372036854775807n, null, -1n]);
    expect(valuesOf(table, 'r')).toEqual([1, null, 2.5]);
    expect(valuesOf(table, 's')).toEqual(['Grüße', null, '']);
    expect(valuesOf(table, 'b')).toEqual([new Uint8Array([0, 255]), null, new Uint8Array()]);
    expect(valuesOf(table, 'flag')).toEqual([true, null, false]);
    expect(valuesOf(table, 'at')).toEqual([Date.parse('2026-01-31T12:00:00Z'), null, 1700000000123]);
  });

  it('types what is computed by its first rows, and as told', async () => {
    fill('CREATE TABLE t (x); INSERT INTO t VALUES (1), (2.5)');
    const query = `SELECT x, count(*) OVER () AS n, x || '!' AS s FROM t`;
    const table = await readSource(openSqliteSource({ path, query, types: ['n:float32'] }));
    expect(table.schema.fields.map(({ type }) => String(type))).toEqual(['Float64', 'Float32', 'Utf8']);
    expect(valuesOf(table, 's')).toEqual(['1!', '2.5!']);
  });

  it('names row and column of a value that its type does not hold', async () => {
    fill(`CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (1), ('x')`);
    await expect(readSource(openSqliteSource({ path, query: 'SELECT i FROM t' }))).rejects.toMatchObject({
      code: 'ERR_PIPELINE_SOURCE_VALUE',
      details: { column: 'i', row: 2, type: 'int64' },
    });
  });

  it('goes on behind a row when its order is told', async () => {
    fill(
      'CREATE TABLE t (i INTEGER); WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 5000) INSERT INTO t SELECT v FROM n',
    );
    const source = openSqliteSource({ path, query: 'SELECT i FROM t ORDER BY i', ordered: true });
    await source.seek!(4998);
    expect(valuesOf(await readSource(source), 'i')).toEqual([4999n, 5000n]);
    expect('seek' in openSqliteSource({ path, query: 'SELECT i FROM t' })).toBe(false);
  });

  it.each([
    ['a file that is not there', 'SELECT 1', 'none.db'],
    ['a query that is none', 'SELEC 1', 'a.db'],
    ['one that writes', 'DELETE FROM t', 'a.db'],
  ])('refuses %s', (_, query, name) => {
    fill('CREATE TABLE t (i INTEGER)');
    expect(() => openSqliteSource({ path: join(folder, name), query })).toThrow(
      expect.objectContaining({ code: 'ERR_PIPELINE_QUERY' }) as Error,
    );
  });

  it('refuses two columns of one name', () => {
    fill('CREATE TABLE t (i INTEGER)');
    expect(() => openSqliteSource({ path, query: 'SELECT i, i FROM t' })).toThrow(
      expect.objectContaining({ code: 'ERR_PIPELINE_SCHEMA' }) as Error,
    );
  });
});

const rows = batchOf({
  i: arrow.vectorFromArray([1n, null, 3n], new arrow.Int64()),
  f: arrow.vectorFromArray([0.5, null, 2], new arrow.Float64()),
  s: arrow.vectorFromArray(['a', null, "it's"], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32())),
  b: arrow.vectorFromArray([true, null, false], new arrow.Bool()),
  at: arrow.vectorFromArray([1000, null, 2000], new arrow.TimestampMillisecond('UTC')),
  x: arrow.vectorFromArray([new Uint8Array([1]), null, new Uint8Array()], new arrow.Binary()),
});

describe('openSqliteTableSink()', () => {
  it('makes the table, commits at the end and keeps what was there', async () => {
    for (const batch of [rows, rows.slice(2, 3)]) {
      const sink = openSqliteTableSink({ path, table: 'a "quoted" name' });
      await sink.consume(batch);
      await sink.flush();
      await sink.finish!();
    }
    const database = new DatabaseSync(path);
    expect(
      database
        .prepare('SELECT * FROM "a ""quoted"" name"')
        .all()
        .map((row) => ({ ...row })),
    ).toEqual([
      { i: 1, f: 0.5, s: 'a', b: 1, at: 1000, x: new Uint8Array([1]) },
      { i: null, f: null, s: null, b: null, at: null, x: null },
      { i: 3, f: 2, s: "it's", b: 0, at: 2000, x: new Uint8Array() },
      { i: 3, f: 2, s: "it's", b: 0, at: 2000, x: new Uint8Array() },
    ]);
    database.close();
  });

  it('leaves nothing when it is aborted, also not a file of its own', async () => {
    const sink = openSqliteTableSink({ path, table: 't' });
    await sink.consume(rows);
    await sink.abort!();
    expect(existsSync(path)).toBe(false);
  });

  it('replaces rows only when it completes', async () => {
    fill('CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (7)');
    const one = batchOf({ i: arrow.vectorFromArray([8n], new arrow.Int64()) });
    const count = (): unknown => {
      const database = new DatabaseSync(path, { readOnly: true });
      const found = database
        .prepare('SELECT i FROM t')
        .all()
        .map(({ i }) => i);
      database.close();
      return found;
    };
    const aborted = openSqliteTableSink({ path, table: 't', replace: true });
    await aborted.consume(one);
    await aborted.abort!();
    expect(count()).toEqual([7]);
    const sink = openSqliteTableSink({ path, table: 't', replace: true });
    await sink.consume(one);
    await sink.finish!();
    expect(count()).toEqual([8]);
  });

  it('says what a table refuses', async () => {
    fill('CREATE TABLE t (j INTEGER)');
    const sink = openSqliteTableSink({ path, table: 't' });
    await expect(sink.consume(rows)).rejects.toMatchObject({ code: 'ERR_PIPELINE_TABLE' });
    await sink.abort!();
    const list = batchOf({
      l: arrow.vectorFromArray([[1]], new arrow.List(new arrow.Field('item', new arrow.Int32()))),
    });
    const other = openSqliteTableSink({ path, table: 'u' });
    await expect(other.consume(list)).rejects.toMatchObject({ code: 'ERR_PIPELINE_SCHEMA' });
    await other.abort!();
  });
});
