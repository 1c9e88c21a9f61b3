// Cost models against their peers: least squares against SciPy, rows and costs against PostgreSQL's own planner, and
// times fitted to real EXPLAIN (ANALYZE) on plans that the fit has not seen.
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  OperatorNode,
  parsePostgresExplain,
  PostgresCostModel,
  QueryDag,
  reportCostModel,
  solveNonNegative,
} from '../../../src/dag/index.ts';
import type { PgClassRow, PgSettingsRow, PgStatsRow } from '../../../src/dag/index.ts';
import { planTables } from '../../support/dag/postgres-plans.ts';
import { startPostgres } from '../../support/pipeline/postgres-server.ts';
import type { PostgresServer } from '../../support/pipeline/postgres-server.ts';
import { python } from '../../support/python.ts';
import { createPrintedRandom } from '../../support/random.ts';

describe('solveNonNegative()', () => {
  it('gives what scipy.optimize.nnls gives of 300 random problems', () => {
    const random = createPrintedRandom('solveNonNegative() and SciPy');
    const problems = Array.from({ length: 300 }, () => {
      const columns = 1 + Math.floor(random() * 8);
      const rows = Array.from({ length: columns + Math.floor(random() * 30) }, () =>
        Array.from({ length: columns }, () => random() - 0.4),
      );
      return { rows, target: rows.map(() => random() * 10 - 3) };
    });
    const program = `
import json, sys
from scipy.optimize import nnls
print(json.dumps([list(nnls(p["rows"], p["target"])[0]) for p in json.load(sys.stdin)]))`;
    const output = execFileSync(python, ['-c', program], {
      input: JSON.stringify(problems),
      encoding: 'utf8',
    });
    const theirs = JSON.parse(output) as number[][];
    problems.forEach(({ rows, target }, at) => {
      const { solution } = solveNonNegative(rows, target);
      solution.forEach((value, k) => expect(value).toBeCloseTo(theirs[at]![k]!, 7));
    });
  });
});

describe('PostgresCostModel of PostgreSQL', () => {
  let server: PostgresServer;
  let model: PostgresCostModel;
  beforeAll(async () => {
    server = await startPostgres();
    await server.query(planTables);
    const select = async <Row>(sql: string): Promise<Row[]> => (await server.query(sql)).rows as Row[];
    model = new PostgresCostModel({
      classes: await select<PgClassRow>('SELECT relname, reltuples, relpages FROM pg_class'),
      columns: await select<PgStatsRow>(`SELECT * FROM pg_stats WHERE schemaname = 'public'`),
      settings: await select<PgSettingsRow>('SELECT name, setting FROM pg_settings'),
    });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const explain = async (sql: string, options: string, before = ''): Promise<QueryDag> => {
    const result = await server.query(`${before} EXPLAIN (FORMAT JSON, ${options}) ${sql}`);
    const results = [result].flat() as unknown as { rows: object[] }[];
    return parsePostgresExplain(results.at(-1)!.rows);
  };

  it.each([
    'v < 0.25',
    'v > 0.9 AND c < 100',
    'c = 17',
    'c = ANY (ARRAY[5, 7])',
    'c <> 5',
    'v < 0.1 OR v > 0.7',
    'id IS NULL',
    // Not near the end of `c`: there the planner asks the index for the last value, which no row of statistics has.
    'c >= 700 AND v >= 0.5',
  ])('expects the rows and the cost of the planner where %s', async (predicate) => {
    const planned = await explain(
      `SELECT * FROM o WHERE ${predicate}`,
      'VERBOSE',
      'SET enable_indexscan = off; SET enable_bitmapscan = off; SET max_parallel_workers_per_gather = 0;',
    );
    const scan = planned.node(0);
    const dag = QueryDag.withCostModel(model);
    const written = new OperatorNode(0, 'seq_scan', {
      details: { table: 'o', predicate: String(scan.details['predicate']) },
    });
    dag.addNode(written);
    const { rows, cost } = dag.estimates().get(0)!;
    expect(Math.abs(rows - scan.facts.estimatedRows!)).toBeLessThanOrEqual(
      Math.max(2, scan.facts.estimatedRows! * 0.02),
    );
    // Arrays and ORs are priced by the planner with a finer pen.
    expect(Math.abs(cost / scan.facts.estimatedCost! - 1)).toBeLessThan(0.2);
  });

  it('expects the cost of the planner to the cent for a whole table', async () => {
    const scan = (await explain('SELECT * FROM o', 'VERBOSE')).node(0);
    const dag = QueryDag.withCostModel(model);
    dag.addNode(OperatorNode.seqScan(0, 'o'));
    expect(dag.estimates().get(0)!.cost).toBeCloseTo(scan.facts.estimatedCost!, 2);
  });

  it('foretells times of plans it has not seen within a few times, once it is fitted', async () => {
    const queries = [
      'SELECT * FROM o WHERE v > 0.5',
      'SELECT count(*) FROM o JOIN cu ON o.c = cu.id',
      'SELECT c, sum(v) FROM o GROUP BY c',
      'SELECT * FROM o ORDER BY v',
      'SELECT * FROM o WHERE c = 5',
      'SELECT * FROM o a JOIN o b ON a.id = b.id WHERE a.c < 200',
    ];
    const ways = [
      '',
      'SET enable_hashjoin = off;',
      'SET enable_indexscan = off; SET enable_bitmapscan = off;',
      'SET enable_hashagg = off;',
    ];
    const plansOf = async (sql: string): Promise<QueryDag[]> => {
      const plans: QueryDag[] = [];
      // Once for the caches.
      await server.query(sql);
      for (const way of ways)
        plans.push(await explain(sql, 'ANALYZE', `SET max_parallel_workers_per_gather = 0; ${way}`));
      return plans;
    };
    const measured: QueryDag[][] = [];
    for (const sql of queries) measured.push(await plansOf(sql));
    const [held, ...rest] = [measured[1]!, ...measured.filter((_plans, at) => at !== 1)];
    const { model: fitted, operators } = model.fit(rest.flat());
    expect(operators).toBeGreaterThan(20);
    expect(Object.values(fitted.constants).every((cost) => cost >= 0)).toBe(true);
    const errors = held.map((plan) => {
      const cost = [...plan.estimates(fitted).values()].reduce((sum, estimate) => sum + estimate.cost, 0);
      const ms = plan.nodes().reduce((sum, { facts }) => sum + facts.exclusiveMs!, 0);
      return Math.max(cost / ms, ms / cost);
    });
    expect(errors.sort((a, b) => a - b)[1]).toBeLessThan(20);
    const report = reportCostModel(fitted, measured);
    process.stdout.write(`fitted to ${operators} operators: ${JSON.stringify({ errors, ...report })}\n`);
    expect(report.regret.queries).toBe(queries.length);
    expect(report.regret.total).toBeGreaterThanOrEqual(1);
    expect(report.rows.median).toBeLessThan(2);
  });
});
