// Steering of databases in this process: PGlite, with vectors too, and DuckDB.
import { DuckDBInstance } from '@duckdb/node-api';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skewTables, skewTemplates } from '../../../src/app/steer/skewed-shop.ts';
import { steer } from '../../../src/steer/index.ts';
import type { SteeredRun } from '../../../src/steer/index.ts';
import { learnUntil } from '../../support/steer/learn.ts';

const topK = skewTemplates.find(({ name }) => name === 'dearest of a customer')!.statements;

describe('steer() of a PGlite', () => {
  let database: PGlite;
  beforeAll(async () => {
    database = await PGlite.create({ extensions: { vector } });
    await database.exec(skewTables(60_000));
    await database.exec(`CREATE EXTENSION vector; CREATE TABLE documents (id int, topic int, embedding vector(8));
      INSERT INTO documents SELECT i, i % 10, (SELECT array_agg(sin(i * (0.37 + k * 0.11) + k))::vector(8) FROM generate_series(1, 8) k)
        FROM generate_series(1, 4000) i;
      CREATE INDEX ON documents USING hnsw (embedding vector_l2_ops); ANALYZE documents`);
  });
  afterAll(() => database?.close());

  it('comes to use a faster arm and gives the rows of the default, with parameters and without', async () => {
    await using steered = await steer(database);
    await learnUntil(
      (sql) => database.query(sql),
      steered,
      topK.slice(0, 6),
      ([template]) => template?.state === 'steered',
    );
    const runs: SteeredRun[] = [];
    steered.steering.watch((run) => runs.push(run));
    const text = topK[0]!.replace(/customer = \d+/, 'customer = $1');
    for (const [sql, values] of [
      [topK[7]!, []],
      [text, [106]],
      [text, [107]],
    ] as const) {
      const [own, same] = [await steered.query(sql, [...values]), await database.query(sql, [...values])];
      expect(own.rows).toEqual(same.rows);
      expect(own.fields).toEqual(same.fields);
    }
    expect(runs.some(({ why }) => why === 'verified')).toBe(true);
    expect((await database.query('SHOW enable_indexscan')).rows).toEqual([{ enable_indexscan: 'on' }]);
  });

  it('steers nothing while a transaction is open', async () => {
    await using steered = await steer(database);
    await database.exec('BEGIN');
    for (const sql of topK) await steered.query(sql);
    await database.exec('ROLLBACK');
    expect(steered.steering.status().passed).toEqual({ transaction: 8 });
  });

  it('sets hnsw.ef_search to the smallest that finds enough, by filter, and returns as many rows as are asked for', async () => {
    const recall = 0.95;
    await using steered = await steer(database, { recall });
    const probe = (seed: number): string =>
      `[${Array.from({ length: 8 }, (_, k) => Math.sin(seed * 3.7 + k * 1.3).toFixed(4)).join(',')}]`;
    const near = (seed: number, filter = ''): string =>
      `SELECT id FROM documents ${filter} ORDER BY embedding <-> '${probe(seed)}' LIMIT 10`;
    for (const filter of ['', 'WHERE topic < 5']) {
      let seed = 0;
      const isDecided = (): boolean =>
        steered.steering
          .status()
          .templates.some(
            ({ id, text }) =>
              text.includes('where topic') === (filter !== '') &&
              steered.steering.explain(id).cells.some(({ efSearch }) => efSearch !== null),
          );
      while (!isDecided()) {
        await steered.query(near(seed++, filter));
        await steered.steering.settled();
        expect(seed).toBeLessThan(200);
      }
      let [found, wanted] = [0, 0];
      for (let i = 0; i < 20; i++) {
        const sql = near(1000 + i, filter);
        const { rows } = await steered.query<{ id: number }>(sql);
        const exact = await database.transaction(async (transaction) => {
          await transaction.exec('SET LOCAL enable_indexscan = off');
          return (await transaction.query<{ id: number }>(sql)).rows;
        });
        expect(rows).toHaveLength(10);
        const ids = new Set(exact.map(({ id }) => id));
        wanted += 10;
        found += rows.filter(({ id }) => ids.has(id)).length;
      }
      expect(found / wanted).toBeGreaterThanOrEqual(0.9);
    }
  });

  it('passes queries by vector through when no recall was asked for', async () => {
    await using steered = await steer(database);
    const sql = "SELECT id FROM documents ORDER BY embedding <-> '[1,0,0,0,0,0,0,0]' LIMIT 5";
    for (let i = 0; i < 3; i++) {
      await steered.query(sql);
      await steered.steering.settled();
    }
    expect(steered.steering.status().templates[0]!.pass).toBe('order');
  });
});

describe('steer() of a DuckDB connection', () => {
  it('gives the rows of the default under every arm, and puts settings back', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(`CREATE TABLE t AS SELECT i, i % 10 AS c FROM range(200000) r(i);
      CREATE TABLE s AS SELECT i, i % 7 AS d FROM range(5000) r(i); CREATE TABLE u AS SELECT i, i % 3 AS e FROM range(100) r(i)`);
    const settings = async (): Promise<unknown> =>
      (
        await connection.runAndReadAll(
          "SELECT current_setting('disabled_optimizers') d, current_setting('threads') t",
        )
      ).getRowObjectsJson();
    const before = await settings();
    await using steered = await steer(connection);
    const statements = [1, 2, 3].map(
      (c) =>
        `SELECT count(*), sum(t.i) FROM t JOIN s ON t.i % 5000 = s.i JOIN u ON u.i = s.d WHERE t.c = ${c}`,
    );
    for (let pass = 0; pass < 20; pass++) {
      for (const sql of statements) {
        const own = (await steered.query(sql)).getRowObjectsJson();
        expect(own).toEqual((await connection.runAndReadAll(sql)).getRowObjectsJson());
      }
      await steered.steering.settled();
    }
    for (const sql of [
      'SELECT random()',
      'SELECT i FROM t LIMIT 2',
      'SELECT avg(i) FROM t',
      'INSERT INTO u VALUES (1, 1)',
    ]) {
      await steered.query(sql);
      await steered.steering.settled();
    }
    expect(steered.steering.status().problems).toEqual([]);
    const passes = steered.steering.status().templates.map(({ pass }) => pass);
    expect(passes).toEqual([null, 'volatile', 'order', 'order']);
    expect(await settings()).toEqual(before);
    connection.closeSync();
  });
});
