// Steering of a real PostgreSQL: faster, the same answers, nothing left behind; faults in the middle of it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Pool } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { skewTables, skewTemplates } from '../../../src/app/steer/skewed-shop.ts';
import { tryLock } from '../../../src/files/index.ts';
import { readSteeringState, removeStateFile, steer } from '../../../src/steer/index.ts';
import type { SteeredRun } from '../../../src/steer/index.ts';
import { createPostgresDatabase } from '../../../src/steer/sql/postgres.ts';
import type { PgClient } from '../../../src/steer/sql/postgres.ts';
import { startPostgres } from '../../support/pipeline/postgres-server.ts';
import type { PostgresServer } from '../../support/pipeline/postgres-server.ts';
import { learnUntil } from '../../support/steer/learn.ts';

const topK = skewTemplates.find(({ name }) => name === 'dearest of a customer')!.statements;
const seen = topK.slice(0, 6);

let server: PostgresServer;
let folder: string;
let client: Client;
const clients: Client[] = [];

async function connect(): Promise<Client> {
  const fresh = new Client({ connectionString: server.url });
  fresh.on('error', () => undefined);
  await fresh.connect();
  clients.push(fresh);
  return fresh;
}

beforeAll(async () => {
  server = await startPostgres();
  folder = await mkdtemp(join(tmpdir(), 'rvm-steer-'));
  client = await connect();
  await client.query(skewTables(60_000));
  await client.query(`CREATE TABLE keys AS SELECT i * 100 AS id FROM generate_series(1, 300) i;
    CREATE TABLE floats AS SELECT i AS id, random() AS v FROM generate_series(1, 1000) i;
    CREATE VIEW tops AS SELECT id FROM orders ORDER BY amount LIMIT 5;
    CREATE FUNCTION counted() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 1; END';
    CREATE SEQUENCE numbers; ANALYZE keys, floats`);
});

afterEach(async () => {
  for (const each of clients.splice(1)) await each.end().catch(() => undefined);
});

afterAll(async () => {
  await client?.end();
  await server?.[Symbol.asyncDispose]();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const settingsOf = async (of: Client): Promise<unknown> =>
  (
    await of.query(
      `SELECT name, setting FROM pg_settings WHERE name LIKE 'enable%' OR name = 'statement_timeout' ORDER BY 1`,
    )
  ).rows;

describe('steer()', () => {
  it('comes to use a faster arm, also for parameters that it never saw, and gives the rows of the default', async () => {
    const before = await settingsOf(client);
    await using steered = await steer(client);
    const run = (sql: string) => client.query(sql);
    await learnUntil(
      run,
      steered,
      seen,
      ([template]) => template?.arm === 'no_indexscan' || template?.arm === 'no_sorted_index',
    );
    const heldOut: SteeredRun[] = [];
    steered.steering.watch((each) => heldOut.push(each));
    for (const sql of topK.slice(6)) {
      for (let i = 0; i < 3; i++) expect((await steered.query(sql)).rows).toEqual((await run(sql)).rows);
    }
    expect(heldOut.filter(({ why }) => why === 'verified').length).toBeGreaterThanOrEqual(heldOut.length - 1);
    expect(await settingsOf(client)).toEqual(before);
    const [{ id }] = steered.steering.status().templates as unknown as [{ id: string }];
    const explained = steered.steering.explain(id);
    expect(explained.plan!.nodeCount).toBeGreaterThan(1);
    expect(explained.tables).toEqual(['"public"."orders"']);
    expect(explained.policy!.arms.some(({ status }) => status === 'same-plan')).toBe(true);
  });

  it.each([
    ['write', 'UPDATE keys SET id = id WHERE id < 0'],
    ['write', 'WITH x AS (DELETE FROM keys WHERE id < 0 RETURNING id) SELECT * FROM x'],
    ['locks-rows', 'SELECT * FROM keys ORDER BY id FOR UPDATE'],
    ['volatile', 'SELECT count(*) FROM orders WHERE random() > 2'],
    ['volatile', "SELECT nextval('numbers'), count(*) FROM orders"],
    ['volatile', 'SELECT counted() FROM keys'],
    ['catalog', 'SELECT count(*) FROM pg_class'],
    ['catalog', "SELECT current_setting('enable_nestloop'), count(*) FROM orders"],
    ['order', 'SELECT id FROM orders LIMIT 3'],
    ['order', 'SELECT id FROM orders ORDER BY amount LIMIT 3'],
    ['order', 'SELECT count(*) FROM tops'],
    ['order', 'SELECT sum(v) FROM floats'],
    ['order', "SELECT string_agg(name, ',') FROM customers WHERE id < 5"],
    ['several-statements', 'SELECT 1; SELECT 2'],
    ['session', 'SHOW enable_nestloop'],
  ])('passes through as %s: %s', async (why, sql) => {
    const own = await connect();
    await using steered = await steer(own);
    for (let i = 0; i < 3; i++) {
      await steered.query(sql);
      await steered.steering.settled();
    }
    expect(Object.keys(steered.steering.status().passed)).toEqual([why]);
  });

  it('steers nothing in a transaction of the user, and leaves its state as it is', async () => {
    const own = await connect();
    await using steered = await steer(own);
    await steered.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await steered.query('SET LOCAL enable_nestloop = off');
    for (const sql of seen) await steered.query(sql);
    await steered.steering.settled();
    expect((await steered.query('SHOW enable_nestloop')).rows).toEqual([{ enable_nestloop: 'off' }]);
    await expect(steered.query('SELECT 1 / 0')).rejects.toMatchObject({ code: '22012' });
    await expect(steered.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
    await steered.query('ROLLBACK');
    expect(steered.steering.status().passed).toMatchObject({ transaction: 8 });
    expect(steered.steering.status().templates).toEqual([]);
  });

  it('takes every form of call that the client takes, and keeps their order', async () => {
    const own = await connect();
    await using steered = await steer(own);
    const text = 'SELECT id, $1::int AS x FROM keys WHERE id = $2';
    for (let i = 0; i < 12; i++) {
      const one = await steered.query<{ id: number }>(text, [i, 100]);
      expect(one.rows).toEqual([{ id: 100, x: i }]);
      const named = await steered.query({ name: 'by-id', text, values: [i, 200], rowMode: 'array' });
      expect(named.rows).toEqual([[200, i]]);
      await steered.steering.settled();
    }
    const called = await new Promise((resolve) => {
      steered.query('SELECT count(*)::int AS n FROM keys', (_: Error, result: { rows: unknown[] }) =>
        resolve(result.rows),
      );
    });
    expect(called).toEqual([{ n: 300 }]);
    const [, , after] = await Promise.all([
      steered.query('CREATE TEMP TABLE notes (a int)'),
      steered.query('INSERT INTO notes VALUES (1)'),
      steered.query('SELECT a FROM notes'),
    ]);
    expect(after.rows).toEqual([{ a: 1 }]);
    await expect(steered.query('SELECT nothing FROM keys')).rejects.toMatchObject({ code: '42703' });
  });

  it('steers a client of a pool', async () => {
    const pool = new Pool({ connectionString: server.url, max: 1 });
    const pooled = await pool.connect();
    const steered = await steer(pooled);
    expect((await steered.query(seen[0]!)).rows).toHaveLength(10);
    await steered.close();
    pooled.release();
    await pool.end();
  });

  it('refuses what is no client', async () => {
    await expect(steer({ query: () => undefined })).rejects.toMatchObject({ code: 'ERR_STEER_CLIENT' });
    await expect(steer(client, { recall: 2 })).rejects.toMatchObject({ code: 'ERR_STEER_OPTION' });
  });

  it('stops an arm that is hundreds of times slower, and answers with the default', async () => {
    const own = await connect();
    await using steered = await steer(own, { maxOpenExplorations: 1 });
    // With an index, each subquery reads one row of its end; without one, the whole table.
    const statements = [0, 1, 2].map(
      (i) =>
        `SELECT sum((SELECT max(o.id) FROM orders o WHERE o.id < k.id + ${i})) FROM keys k, generate_series(1, 5)`,
    );
    const slow: SteeredRun[] = [];
    steered.steering.watch((run) => run.isReplayed && slow.push(run));
    await learnUntil(
      (sql) => own.query(sql),
      steered,
      statements,
      ([template]) => (template?.timeouts ?? 0) > 0,
    );
    expect(slow.length).toBeGreaterThan(0);
    const [{ id }] = steered.steering.status().templates as unknown as [{ id: string }];
    const stopped = steered.steering.explain(id).policy!.arms.filter(({ timeouts }) => timeouts > 0);
    expect(stopped.every(({ status }) => status !== 'verified')).toBe(true);
    expect((await own.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '0' }]);
  });

  it('goes on after the server ended its connection in the middle of a query', async () => {
    const stateFile = join(folder, 'restart.json');
    const own = await connect();
    const steered = await steer(own, { stateFile });
    for (const sql of seen) await steered.query(sql);
    await steered.steering.settled();
    const { pid } = (await own.query('SELECT pg_backend_pid() AS pid')).rows[0] as { pid: number };
    const running = steered.query('SELECT count(*) FROM generate_series(1, 1000000000)');
    const ended = running.then(
      () => 'answered',
      () => 'rejected',
    );
    await expect
      .poll(async () => {
        const { rows } = await client.query(
          `SELECT pg_terminate_backend(${pid}) FROM pg_stat_activity WHERE pid = ${pid} AND query LIKE 'SELECT count%'`,
        );
        return rows.length;
      })
      .toBe(1);
    expect(await ended).toBe('rejected');
    await expect(steered.query(seen[0]!)).rejects.toThrow();
    await steered.close();
    await using again = await steer(await connect(), { stateFile });
    expect(again.steering.status().templates[0]).toMatchObject({ runs: 7, pass: null });
    expect((await again.query(seen[0]!)).rows).toHaveLength(10);
  });

  it('shares what it learns among clients with one state file, and keeps it', async () => {
    const stateFile = join(folder, 'shared.json');
    const [one, two] = [
      await steer(await connect(), { stateFile }),
      await steer(await connect(), { stateFile }),
    ];
    await learnUntil(
      (sql) => client.query(sql),
      one,
      seen,
      ([template]) => template?.state === 'steered',
    );
    const runs: SteeredRun[] = [];
    two.steering.watch((run) => runs.push(run));
    for (let i = 0; i < 3; i++) await two.query(topK[7]!);
    expect(runs.some(({ why }) => why === 'verified')).toBe(true);
    await one.close();
    await two.close();
    const state = (await readSteeringState(stateFile))!;
    expect(state.status.templates[0]).toMatchObject({ state: 'steered' });
    expect(() => state.explain('nothing')).toThrow(expect.objectContaining({ code: 'ERR_STEER_TEMPLATE' }));
    await using later = await steer(await connect(), { stateFile });
    expect(later.steering.status().templates[0]!.arm).toBe(state.status.templates[0]!.arm);
    later.steering.kill(state.status.templates[0]!.id);
    expect(later.steering.status().templates[0]!.state).toBe('killed');
    await expect(removeStateFile(stateFile)).rejects.toMatchObject({ code: 'ERR_STEER_LOCKED' });
  });

  it('starts from a file that another process writes, and does not write it', async () => {
    const stateFile = join(folder, 'others.json');
    const lock = tryLock(`${stateFile}.lock`)!;
    await using steered = await steer(client, { stateFile });
    await steered.query(seen[0]!);
    await steered.steering.save();
    expect(steered.steering.status().isKept).toBe(false);
    expect(await readSteeringState(stateFile)).toBeNull();
    lock.release();
  });

  it('drops what it learned when tables change, here and elsewhere', async () => {
    const own = await connect();
    await own.query(
      'CREATE TABLE moving AS SELECT * FROM orders; ALTER TABLE moving ADD PRIMARY KEY (id); CREATE INDEX ON moving (amount, id); CREATE INDEX ON moving (customer); ANALYZE moving',
    );
    const statements = seen.map((sql) => sql.replace('orders', 'moving'));
    await using steered = await steer(own);
    const why = (): string | undefined => {
      const { id } = steered.steering
        .status()
        .templates.find(({ text }) => text.includes('from moving where'))!;
      return steered.steering.explain(id).policy?.invalidated?.why;
    };
    const look = async (): Promise<void> => {
      for (const sql of statements) await steered.query(sql);
      await steered.steering.settled();
    };
    await look();
    await steered.query('ANALYZE moving');
    expect(why()).toBe('analyze');
    await look();
    await client.query('CREATE INDEX later ON moving (product)');
    await steered.steering.refresh();
    expect(why()).toBe('ddl');
    await look();
    await client.query(
      'INSERT INTO moving SELECT id + 1000000, customer, product, channel, amount FROM orders',
    );
    await steered.steering.refresh();
    expect(why()).toBe('rows');
  });
});

describe('createPostgresDatabase()', () => {
  it('lets the shorter of two limits stop a statement, and leaves the user theirs', async () => {
    const own = await connect();
    const database = createPostgresDatabase(own as unknown as PgClient, () => performance.now());
    const call = database.readCall(['SELECT pg_sleep($1)', [60]])!;
    const stopped = await database.runWith(call, {}, 50).catch((error: unknown) => error);
    expect(database.isTimeout(stopped)).toBe(true);
    await own.query("SET statement_timeout = '40ms'");
    const own40 = await database.runWith(call, {}, 60_000).catch((error: unknown) => error);
    expect(database.isTimeout(own40)).toBe(true);
    expect((await own.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '40ms' }]);
  });

  it('leaves no setting behind when a statement fails under an arm', async () => {
    const own = await connect();
    const before = await settingsOf(own);
    const database = createPostgresDatabase(own as unknown as PgClient, () => performance.now());
    const call = database.readCall(['SELECT 1 / (id - 100) FROM keys'])!;
    await expect(database.runWith(call, { enable_hashjoin: 'off' }, 5000)).rejects.toMatchObject({
      code: '22012',
    });
    expect(await settingsOf(own)).toEqual(before);
  });
});
