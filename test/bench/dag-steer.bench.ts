// What a decision costs, what steering adds to a quick query, and what it gains on a skewed workload with parameters that it
// did not learn on: PostgreSQL and PGlite, against the default, the best global setting, and extended statistics.
import { PGlite } from '@electric-sql/pglite';
import { Client } from 'pg';
import { skewStatistics, skewTables, skewTemplates } from '../../src/app/steer/skewed-shop.ts';
import { steer } from '../../src/steer/index.ts';
import { postgresArms } from '../../src/steer/sql/arms.ts';
import { createPostgresDatabase } from '../../src/steer/sql/postgres.ts';
import type { PgClient } from '../../src/steer/sql/postgres.ts';
import type { SteeredDatabase } from '../../src/steer/sql/database.ts';
import { SteeredConnection } from '../../src/steer/sql/steering.ts';
import { openSteeringMemory } from '../../src/steer/sql/steering-memory.ts';
import { startPostgres } from '../support/pipeline/postgres-server.ts';
import { runLive } from '../support/steer/live-run.ts';
import type { LiveDatabase, LiveResult } from '../support/steer/live-run.ts';
import { median } from './harness.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const PASSES = 40;
const TEXT = skewTemplates[2]!.statements[0]!;

/** Answers at once, so that what is left is steering. */
async function createDecider(): Promise<() => Promise<unknown>> {
  const answer = { rows: [] };
  const database = {
    engine: 'postgres',
    canInterrupt: true,
    isInTransaction: () => false,
    readCall: (args) => ({ args, sql: String(args[0]), values: [] }),
    run: () => Promise.resolve({ result: answer, ms: 5 }),
    runWith: () => Promise.resolve({ result: answer, ms: 4 }),
    explain: () => Promise.resolve(null),
  } as Partial<SteeredDatabase> as SteeredDatabase;
  const memory = await openSteeringMemory('postgres', postgresArms, {});
  const connection = new SteeredConnection(database, memory, postgresArms, {});
  const entry = memory.entryOf('');
  return () => {
    // Looked at already: an arm to choose from, and nothing to ask the database.
    for (const each of memory.entries.values()) {
      if (each !== entry)
        Object.assign(each, {
          arms: ['no_indexscan', 'no_hashjoin'],
          lookedAt: ['', '', '', ''],
          features: [1, 1, 1, 1],
        });
    }
    return connection.handle([TEXT]) as Promise<unknown>;
  };
}

async function timePerCall(run: () => Promise<unknown>, calls: number): Promise<number> {
  const startMs = performance.now();
  for (let i = 0; i < calls; i++) await run();
  return (performance.now() - startMs) / calls;
}

/** Two ways to run a statement, turn about. @returns by how much the second takes longer, in percent */
async function findOverhead(plain: () => Promise<unknown>, other: () => Promise<unknown>): Promise<number> {
  const [a, b]: [number[], number[]] = [[], []];
  for (let i = 0; i < 400; i++) {
    for (const [run, times] of i % 2 === 0
      ? ([
          [plain, a],
          [other, b],
        ] as const)
      : ([
          [other, b],
          [plain, a],
        ] as const)) {
      const startMs = performance.now();
      await run();
      times.push(performance.now() - startMs);
    }
  }
  return 100 * (median(b) / median(a) - 1);
}

const steerTopic: BenchTopic = {
  name: 'dag.steer',
  async *cases() {
    const decide = await createDecider();
    const shared = { bench: 'dag.steer', better: 'lower', anchor: null } as const;
    yield {
      ...shared,
      case: 'decision, cached',
      unit: 'ms',
      anchorName: 'none',
      ours: () => timePerCall(decide, 2000),
      goal: (ms) => ms <= 0.2,
    };
    await using server = await startPostgres();
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query('CREATE TABLE n AS SELECT i FROM generate_series(1, 12000) i; ANALYZE n');
    const sql = 'SELECT count(*) FROM n WHERE i % 3 = 1';
    const steered = await steer(client);
    for (let i = 0; i < 50; i++) await steered.query(sql);
    await steered.steering.settled();
    const plain = (): Promise<unknown> => client.query(sql);
    const database = createPostgresDatabase(client as unknown as PgClient, () => performance.now());
    const call = database.readCall([sql])!;
    const overhead = {
      ...shared,
      unit: '% of a query of about 1 ms',
      anchorName: 'the client itself, turn about',
      runs: 3,
    };
    yield {
      ...overhead,
      case: 'overhead, default',
      ours: () => findOverhead(plain, () => steered.query(sql)),
      goal: (share) => share <= 5,
    };
    yield {
      ...overhead,
      case: 'overhead, under an arm with its time limit',
      ours: () => findOverhead(plain, () => database.runWith(call, { enable_hashjoin: 'off' }, 1000)),
      goal: (share) => share <= 5,
    };
    await steered.close();
    await client.end();
  },
};

function* liveCases(engine: string, result: LiveResult): Generator<BenchCase> {
  const { comparison, oracleMs, bestGlobal, recovered, controlRatio } = result;
  const shared = { bench: 'dag.steer-live', runs: 1, warmup: false } as const;
  const once = (value: number) => () => Promise.resolve(value);
  yield {
    ...shared,
    case: `${engine}: default to oracle, recovered`,
    unit: 'share',
    better: 'higher',
    anchorName: `of ${comparison.defaultMs.toFixed(0)} to ${oracleMs.toFixed(0)} ms`,
    anchor: null,
    ours: once(recovered),
    goal: (share) => share >= 0.85,
  };
  yield {
    ...shared,
    case: `${engine}: all 96 statements`,
    unit: 'ms',
    better: 'lower',
    anchorName: 'default',
    anchor: once(comparison.defaultMs),
    ours: once(comparison.steeredMs),
  };
  yield {
    ...shared,
    case: `${engine}: all 96 statements, best global`,
    unit: 'ms',
    better: 'lower',
    anchorName: bestGlobal.arm,
    anchor: once(bestGlobal.ms),
    ours: once(comparison.steeredMs),
    goal: (_, ratio) => ratio! >= 1.1,
  };
  yield {
    ...shared,
    case: `${engine}: slower by over 20 % and 2 ms`,
    unit: 'of 96',
    better: 'lower',
    anchorName: 'none',
    anchor: null,
    ours: once(comparison.regressions),
    goal: (count) => count <= 2,
  };
  yield {
    ...shared,
    case: `${engine}: controls`,
    unit: 'of the default',
    better: 'lower',
    anchorName: 'none',
    anchor: null,
    ours: once(controlRatio),
    goal: (ratio) => ratio <= 1.05,
  };
  yield {
    ...shared,
    case: `${engine}: other rows than the default's`,
    unit: 'statements',
    better: 'lower',
    anchorName: 'none',
    anchor: null,
    ours: once(comparison.different),
    goal: (count) => count === 0,
  };
}

async function* measureEngine(
  engine: string,
  database: LiveDatabase,
  orders: number,
): AsyncGenerator<BenchCase> {
  await database.exec(skewTables(orders));
  yield* liveCases(engine, await runLive(database, PASSES));
  await database.exec(skewStatistics);
  const tuned = await runLive(database, PASSES, [0]);
  yield {
    bench: 'dag.steer-live',
    case: `${engine}, extended statistics: held-out half`,
    unit: 'ms',
    better: 'lower',
    anchorName: 'default with extended statistics',
    anchor: () => Promise.resolve(tuned.comparison.defaultMs),
    ours: () => Promise.resolve(tuned.comparison.steeredMs),
    runs: 1,
    warmup: false,
  };
}

const liveTopic: BenchTopic = {
  name: 'dag.steer-live',
  async *cases() {
    const embedded = await PGlite.create();
    yield* measureEngine('PGlite', { client: embedded, exec: (script) => embedded.exec(script) }, 100_000);
    await embedded.close();
    await using server = await startPostgres();
    const client = new Client({ connectionString: server.url });
    await client.connect();
    yield* measureEngine('PostgreSQL', { client, exec: (script) => client.query(script) }, 200_000);
    await client.end();
  },
};

export const topics = [steerTopic, liveTopic];
