// Queries and tables of a real PostgreSQL as source and sink.
import * as arrow from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgresSink, openPostgresSource } from '../../../src/pipeline/index.ts';
import { batchOf, readSource, valuesOf } from '../../support/pipeline/batches.ts';
import { startPostgres } from '../../support/pipeline/postgres-server.ts';
import type { PostgresServer } from '../../support/pipeline/postgres-server.ts';
import { until } from '../../support/until.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server[Symbol.asyncDispose]());

const read = async (query: string, options: object = {}): Promise<arrow.Table> =>
  readSource(await openPostgresSource({ connection: server.url, query, ...options }));

const busy = async (): Promise<number> => {
  const { rows } = await server.query(
    `SELECT 1 FROM pg_stat_activity WHERE application_name = 'ruvector-memopt'`,
  );
  return rows.length;
};

describe('openPostgresSource()', () => {
  it.each([
    ['int2', '-32768', 'Int16', -32768],
    ['int4', '2147483647', 'Int32', 2147483647],
    ['int8', '-9223372036854775808', 'Int64', -9223372036854775808n],
    ['oid', '4294967295', 'Uint32', 4294967295],
    ['float4', '1.5', 'Float32', 1.5],
    ['float8', 'NaN', 'Float64', Number.NaN],
    ['bool', 'true', 'Bool', true],
    ['text', 'Grüße\n\t"', 'Utf8', 'Grüße\n\t"'],
    ['varchar(3)', 'abc', 'Utf8', 'abc'],
    ['bytea', String.raw`\x00ff`, 'Binary', new Uint8Array([0, 255])],
    ['numeric', '-1234567.00890', 'Float64', -1234567.0089],
    ['numeric', '0.00001', 'Float64', 0.00001],
    ['numeric', '120000', 'Float64', 120000],
    ['numeric', 'Infinity', 'Float64', Number.POSITIVE_INFINITY],
    ['timestamp', '1969-12-31 23:59:59.5', 'Timestamp<MICROSECOND>', -500],
    [
      'timestamptz',
      '2026-01-31 12:00:00.25+02',
      'Timestamp<MICROSECOND, UTC>',
      Date.parse('2026-01-31T10:00:00.250Z'),
    ],
    ['date', '1960-02-29', 'Date32<DAY>', Date.parse('1960-02-29T00:00:00Z')],
    ['json', '{"a": [1]}', 'Utf8', '{"a": [1]}'],
    ['jsonb', '{"a":[1]}', 'Utf8', '{"a": [1]}'],
    ['uuid', '00112233-4455-6677-8899-aabbccddeeff', 'Utf8', '00112233-4455-6677-8899-aabbccddeeff'],
    ['interval', '90 minutes', 'Utf8', '01:30:00'],
    ['inet', '10.0.0.1', 'Utf8', '10.0.0.1/32'],
    ['int4[]', '{1,NULL,3}', 'List<Int32>', [1, null, 3]],
    ['text[]', '{}', 'List<Utf8>', []],
    ['text[]', '{"a b",NULL}', 'List<Utf8>', ['a b', null]],
    ['float8[]', '{0.5}', 'List<Float64>', [0.5]],
  ])('maps %s %s', async (type, value, arrowType, wanted) => {
    const table = await read(`SELECT '${value}'::${type} AS v UNION ALL SELECT NULL`);
    expect(String(table.schema.fields[0]!.type)).toBe(arrowType);
    expect(valuesOf(table, 'v')).toEqual([wanted, null]);
  });

  it('gives numeric exactly as text', async () => {
    const table = await read(
      `SELECT unnest('{0,-0.0100,12345678901234567890.5,1e10,NaN,0.00012}'::numeric[]) AS n`,
      {
        numeric: 'text',
      },
    );
    expect(valuesOf(table, 'n')).toEqual([
      '0',
      '-0.0100',
      '12345678901234567890.5',
      '10000000000',
      'NaN',
      '0.00012',
    ]);
  });

  it('takes a query with a comment, a semicolon and an order', async () => {
    const table = await read(
      'SELECT i FROM generate_series(1, 2500) AS i ORDER BY i DESC -- newest first\n;',
    );
    expect(table.batches.map(({ numRows }) => numRows)).toEqual([1000, 1000, 500]);
    expect(valuesOf(table, 'i')[0]).toBe(2500);
  });

  it('reads values that are far larger than a chunk of the socket', async () => {
    const table = await read(`SELECT repeat('x', 3000000 + i) AS v FROM generate_series(1, 3) AS i`);
    expect(valuesOf(table, 'v').map((value) => (value as string).length)).toEqual([
      3000001, 3000002, 3000003,
    ]);
  });

  it('holds no more than a batch and a chunk however many rows there are', async () => {
    const query = `SELECT i, repeat('x', 1000) AS s FROM generate_series(1, 100000) AS i`;
    const source = await openPostgresSource({ connection: server.url, query });
    let rows = 0;
    let most = 0;
    const { signal } = new AbortController();
    for (;;) {
      const batch = await source.nextBatch(100_000, signal);
      if (batch === null) break;
      rows += batch.numRows;
      most = Math.max(most, batch.numRows, source.memoryUsage() / 1000);
    }
    await source.close!();
    expect(rows).toBe(100_000);
    expect(most).toBeLessThan(20_000);
  });

  it('goes on behind a row when its order is told', async () => {
    const query = 'SELECT i FROM generate_series(1, 100) AS i ORDER BY i';
    const source = await openPostgresSource({ connection: server.url, query, ordered: true });
    await source.seek!(98);
    expect(valuesOf(await readSource(source), 'i')).toEqual([99, 100]);
  });

  it('stops a query that computes when it is aborted, at once on this side and soon on the other', async () => {
    const source = await openPostgresSource({
      connection: server.url,
      query: 'SELECT pg_sleep(600)::text AS v',
    });
    const controller = new AbortController();
    const reading = source.nextBatch(10, controller.signal);
    const startMs = performance.now();
    controller.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    expect(performance.now() - startMs).toBeLessThan(50);
    await source.close!();
    await until(async () => (await busy()) === 0, 'the server had ended the query');
  });

  it.each([
    ['a query that is none', 'SELEC 1', 'ERR_PIPELINE_QUERY', /syntax error/],
    ['a query that writes', 'CREATE TABLE x ()', 'ERR_PIPELINE_QUERY', /syntax error/],
    ['two columns of one name', 'SELECT 1 AS a, 2 AS a', 'ERR_PIPELINE_SCHEMA', /more than one column "a"/],
    [
      'an error in a later row',
      'SELECT 1 / (5 - i) AS q FROM generate_series(1, 9) AS i',
      'ERR_PIPELINE_QUERY',
      /zero/,
    ],
    [
      'infinite times',
      `SELECT 'infinity'::timestamp AS t`,
      'ERR_PIPELINE_SOURCE_VALUE',
      /"t".*row 1 holds "infinity"/,
    ],
    ['nested arrays', `SELECT '{{1},{2}}'::int[] AS a`, 'ERR_PIPELINE_SOURCE_VALUE', /2 dimensions/],
  ])('refuses %s', async (_, query, code, message) => {
    const reading = read(query);
    await expect(reading).rejects.toMatchObject({ code });
    await expect(reading).rejects.toThrow(message);
    await until(async () => (await busy()) === 0, 'no connection was left');
  });

  it('says who cannot be reached, without the password', async () => {
    const connection = 'postgres://me:secret@127.0.0.1:1/db';
    const opening = openPostgresSource({ connection, query: 'SELECT 1' });
    await expect(opening).rejects.toMatchObject({ code: 'ERR_PIPELINE_CONNECTION' });
    await expect(opening).rejects.toThrow('PostgreSQL at 127.0.0.1:1/db');
    await expect(opening).rejects.not.toThrow('secret');
  });
});

const list = new arrow.List(new arrow.Field('item', new arrow.Utf8(), true));
const rows = batchOf({
  i: arrow.vectorFromArray([1, null, -3], new arrow.Int16()),
  n: arrow.vectorFromArray([2n ** 40n, null, 0n], new arrow.Int64()),
  f: arrow.vectorFromArray([0.1, null, Number.NEGATIVE_INFINITY], new arrow.Float64()),
  s: arrow.vectorFromArray(
    ['a\tb\n\\c', null, String.raw`\N`],
    new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()),
  ),
  b: arrow.vectorFromArray([true, null, false], new arrow.Bool()),
  t: arrow.vectorFromArray([1700000000123, null, -1], new arrow.TimestampMillisecond('UTC')),
  d: arrow.vectorFromArray([new Date('1960-02-29'), null, new Date('2026-01-01')], new arrow.DateDay()),
  x: arrow.vectorFromArray([new Uint8Array([0, 92, 255]), null, new Uint8Array()], new arrow.Binary()),
  l: arrow.vectorFromArray([['a,b', null, '"\\'], null, []], list),
});

describe('openPostgresSink()', () => {
  it('writes what the source reads again, slices too', async () => {
    const sink = await openPostgresSink({ connection: server.url, table: 'public.all_types', create: true });
    await sink.consume(rows.slice(0, 1));
    await sink.consume(rows.slice(1, 3));
    await sink.finish!();
    const table = await read('SELECT * FROM all_types');
    const wanted = new arrow.Table([rows]);
    for (const { name } of wanted.schema.fields)
      expect(valuesOf(table, name)).toEqual(valuesOf(wanted, name));
  });

  it('is all or nothing: an abort, a refused row and a killed connection leave the table as it was', async () => {
    await server.query('CREATE TABLE kept (i int CHECK (i < 100)); INSERT INTO kept VALUES (7)');
    const options = { connection: server.url, table: 'kept', replace: true };
    const batch = (i: number) => batchOf({ i: arrow.vectorFromArray([i], new arrow.Int32()) });
    const count = async () => (await server.query('SELECT i FROM kept')).rows;

    const aborted = await openPostgresSink(options);
    await aborted.consume(batch(8));
    await aborted.abort!();
    await until(async () => (await busy()) === 0, 'the server had rolled back');
    expect(await count()).toEqual([{ i: 7 }]);

    const refused = await openPostgresSink(options);
    await refused.consume(batch(8));
    await refused.consume(batch(100));
    await expect(refused.finish!()).rejects.toMatchObject({ code: 'ERR_PIPELINE_TABLE' });
    await refused.abort!();
    expect(await count()).toEqual([{ i: 7 }]);

    const killed = await openPostgresSink(options);
    await killed.consume(batch(8));
    await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ruvector-memopt'`,
    );
    await expect(killed.finish!()).rejects.toMatchObject({ code: 'ERR_PIPELINE_TABLE' });
    await killed.abort!();
    expect(await count()).toEqual([{ i: 7 }]);

    const whole = await openPostgresSink(options);
    await whole.consume(batch(8));
    await whole.finish!();
    expect(await count()).toEqual([{ i: 8 }]);
  });

  it('fills columns of other types as the server reads text', async () => {
    await server.query(`CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE other (n numeric, j jsonb, m mood)`);
    const sink = await openPostgresSink({ connection: server.url, table: 'other' });
    await sink.consume(
      batchOf({
        m: arrow.vectorFromArray(['ok']),
        j: arrow.vectorFromArray(['{"a":1}']),
        n: arrow.vectorFromArray([5], new arrow.Int8()),
      }),
    );
    await sink.finish!();
    expect((await server.query('SELECT * FROM other')).rows).toEqual([{ n: '5', j: { a: 1 }, m: 'ok' }]);
  });

  it('refuses a table that is missing and columns it has no type for', async () => {
    const missing = await openPostgresSink({ connection: server.url, table: 'missing' });
    await expect(missing.consume(rows)).rejects.toMatchObject({
      code: 'ERR_PIPELINE_TABLE',
      message: expect.stringContaining('relation "missing" does not exist') as string,
    });
    await missing.abort!();
    const nested = batchOf({ v: arrow.vectorFromArray([{ a: 1 }]) });
    const sink = await openPostgresSink({ connection: server.url, table: 'nested', create: true });
    await expect(sink.consume(nested)).rejects.toMatchObject({ code: 'ERR_PIPELINE_SCHEMA' });
    await sink.abort!();
  });
});
