// EXPLAIN of real PostgreSQL, PGlite and DuckDB, and plans of real Polars: every operator is found, and shares add up to
// what the engine says of the whole.
import { execFileSync } from 'node:child_process';
import { PGlite } from '@electric-sql/pglite';
import * as arrow from 'apache-arrow';
import pl from 'nodejs-polars';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  buildPipelineDag,
  buildPostgresExplain,
  parseDuckDbExplain,
  parsePolarsPlan,
  parsePostgresExplain,
} from '../../../src/dag/index.ts';
import type { OperatorFacts, QueryDag } from '../../../src/dag/index.ts';
import {
  parallelStatements,
  planStatements,
  planTables,
  withWorkers,
} from '../../support/dag/postgres-plans.ts';
import { createArraySink, createArraySource, filter, pipeline, sort } from '../../../src/pipeline/index.ts';
import { startPostgres } from '../../support/pipeline/postgres-server.ts';
import type { PostgresServer } from '../../support/pipeline/postgres-server.ts';
import { python } from '../../support/python.ts';

interface Plan {
  readonly 'Node Type': string;
  readonly 'Total Cost': number;
  readonly 'Plan Rows': number;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Actual Total Time': number;
  readonly Plans?: readonly Plan[];
}
type Explain = readonly [{ readonly Plan: Plan }];

const all = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(all)];
const sum = (dag: QueryDag, fact: keyof OperatorFacts): number =>
  dag.nodes().reduce((total, { facts }) => total + (facts[fact] ?? 0), 0);
const names = (dag: QueryDag): string[] =>
  dag
    .nodes()
    .map(({ details }) => String(details['name']))
    .sort();

const byNumber = (a: number, b: number): number => a - b;

/** What a graph must say of the plan that it was read from. */
function expectPlan(dag: QueryDag, [{ Plan: top }]: Explain): void {
  const plans = all(top);
  expect(names(dag)).toEqual(plans.map((plan) => plan['Node Type']).sort());
  expect(dag.nodes().filter(({ type }) => type === 'other')).toEqual([]);
  // Connected, and with one end: the top.
  expect(dag.sinks()).toHaveLength(1);
  const [end] = dag.sinks();
  expect(dag.ancestors(end!)).toHaveLength(plans.length - 1);
  expect(sum(dag, 'estimatedCost')).toBeCloseTo(top['Total Cost'], 6);
  const rows = plans.map((plan) => plan['Actual Rows'] * plan['Actual Loops']);
  expect(
    dag
      .nodes()
      .map(({ facts }) => facts.actualRows!)
      .sort(byNumber),
  ).toEqual(rows.sort(byNumber));
  // Times are rounded to 1 µs, and those of a loop are multiplied by the loops.
  const rounding = plans.reduce((total, plan) => total + 0.001 * Math.max(1, plan['Actual Loops']), 0);
  const ms = sum(dag, 'exclusiveMs');
  // A CTE that writes and that nobody scans runs behind the top.
  const behind = plans.filter((plan) => plan['Node Type'] === 'ModifyTable' && top['Node Type'] === 'Result');
  const whole = behind.reduce((total, plan) => total + plan['Actual Total Time'], top['Actual Total Time']);
  expect(Math.abs(ms - whole)).toBeLessThan(rounding + top['Actual Total Time'] * 0.02);
}

/** The way there and back keeps every fact. */
function expectSameAgain(dag: QueryDag): void {
  const back = parsePostgresExplain(JSON.parse(JSON.stringify(buildPostgresExplain(dag))));
  const keyOf = ({ details }: { details: object }): string =>
    JSON.stringify(
      Object.entries({ ...details, loops: 0, 'CTE Name': 0, 'Subplan Name': 0 }).sort(([a], [b]) =>
        a < b ? -1 : 1,
      ),
    );
  const factsOf = (of: QueryDag): (readonly [string, OperatorFacts])[] =>
    of
      .nodes()
      .map((node) => [keyOf(node), node.facts] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));
  const [before, after] = [factsOf(dag), factsOf(back)];
  expect(after.map(([key]) => key)).toEqual(before.map(([key]) => key));
  before.forEach(([, facts], at) => {
    for (const name of ['estimatedRows', 'estimatedCost', 'rowBytes', 'actualRows', 'selectivity'] as const)
      expect(after[at]![1][name] ?? 0, name).toBeCloseTo(facts[name] ?? 0, 6);
  });
  const ms = sum(dag, 'exclusiveMs');
  expect(Math.abs(sum(back, 'exclusiveMs') - ms)).toBeLessThanOrEqual(ms * 1e-6);
}

describe('parsePostgresExplain() of PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
    await server.query(planTables);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const explain = async (sql: string, options: string, before = ''): Promise<Explain> => {
    const results = (await server.query(
      `${before} BEGIN; EXPLAIN (FORMAT JSON, ${options}) ${sql}; ROLLBACK`,
    )) as unknown as { command: string; rows: { 'QUERY PLAN': Explain }[] }[];
    return results.find(({ command }) => command === 'EXPLAIN')!.rows[0]!['QUERY PLAN'];
  };

  it.each(Object.entries(planStatements))('reads %s', async (_name, sql) => {
    const plan = await explain(sql, 'ANALYZE, BUFFERS, VERBOSE');
    const dag = parsePostgresExplain(plan);
    expectPlan(dag, plan);
    expectSameAgain(dag);
  });

  it.each(Object.entries(parallelStatements))('reads %s that workers share', async (_name, sql) => {
    const plan = await explain(sql, 'ANALYZE', withWorkers);
    expect(JSON.stringify(plan)).toContain('Workers Planned');
    const dag = parsePostgresExplain(plan);
    expectPlan(dag, plan);
    expectSameAgain(dag);
  });

  it('reads a plan that never ran', async () => {
    const dag = parsePostgresExplain(await explain('SELECT count(*) FROM o WHERE c < 500', 'VERBOSE'));
    expect(
      dag
        .nodes()
        .flatMap(({ facts }) => [facts.actualRows, facts.exclusiveMs].filter((fact) => fact !== undefined)),
    ).toEqual([]);
    expect(dag.node(0).facts.estimatedRows).toBeGreaterThan(20_000);
  });

  it('estimates the rows of all processes, as the planner does without workers', async () => {
    const sql = 'SELECT sum(v) FROM o WHERE v > 0.1';
    const alone = parsePostgresExplain(await explain(sql, 'VERBOSE'));
    const shared = parsePostgresExplain(await explain(sql, 'VERBOSE', withWorkers));
    const rows = (dag: QueryDag): number => dag.node(0).facts.estimatedRows!;
    // Rows of a partial plan are rounded before they are multiplied.
    expect(Math.abs(rows(shared) - rows(alone))).toBeLessThan(3);
  });

  it('tells ran loops from those of the planner in a nested loop', async () => {
    const dag = parsePostgresExplain(
      await explain(
        'SELECT * FROM cu JOIN o ON o.id = cu.id WHERE cu.id < 30',
        'ANALYZE',
        'SET enable_hashjoin = off; SET enable_mergejoin = off;',
      ),
    );
    const inner = dag.nodes().find(({ details }) => details['Parent Relationship'] === 'Inner')!;
    expect(inner.facts).toMatchObject({ actualRows: 29 });
    expect(inner.facts.estimatedRows).toBeCloseTo(29, 0);
  });
});

describe('parsePostgresExplain() of PGlite', () => {
  it('reads the plans of its version of PostgreSQL', async () => {
    const database = new PGlite();
    try {
      await database.exec(planTables.replace('60000', '6000'));
      for (const [name, sql] of Object.entries(planStatements)) {
        const { rows } = await database.transaction(async (transaction) => {
          const found = await transaction.query<{ 'QUERY PLAN': Explain }>(
            `EXPLAIN (FORMAT JSON, ANALYZE) ${sql}`,
          );
          await transaction.rollback();
          return found;
        });
        const plan = rows[0]!['QUERY PLAN'];
        const dag = parsePostgresExplain(rows);
        expect(names(dag), name).toEqual(
          all(plan[0].Plan)
            .map((each) => each['Node Type'])
            .sort(),
        );
        expect(sum(dag, 'estimatedCost'), name).toBeCloseTo(plan[0].Plan['Total Cost'], 6);
        expect(dag.sinks(), name).toHaveLength(1);
        expectSameAgain(dag);
      }
    } finally {
      await database.close();
    }
  });
});

describe('parseDuckDbExplain() of DuckDB', () => {
  const program = `
import duckdb, json, sys
c = duckdb.connect()
c.execute("create table o as select i id, i % 1000 c, random() v from range(60000) t(i)")
c.execute("create table cu as select i id, md5(i::varchar) n from range(1000) t(i)")
plans = {}
for sql in json.load(sys.stdin):
    explain = lambda how: json.loads(c.execute(f"explain ({how}format json) " + sql).fetchall()[0][1])
    plans[sql] = {"plan": explain(""), "profile": explain("analyze, "), "rows": len(c.execute(sql).fetchall())}
print(json.dumps(plans))`;
  const statements = [
    'select n, count(*), sum(v) from o join cu on o.c = cu.id where v > 0.5 group by 1 order by 2 desc limit 10',
    'with x as materialized (select * from o where c < 10) select a.id from x a join x b using (id) where a.v > (select avg(v) from o)',
    'select id from o union all select id from cu',
    'select id, row_number() over (partition by c order by v) from o where c < 100',
    'select * from cu where exists (select 1 from o where o.c = cu.id and v > 0.9)',
    'with recursive t(n) as (select 1 union all select n + 1 from t where n < 100) select sum(n) from t',
    "insert into cu select i, 'x' from range(5) t(i)",
  ];

  it('reads plans and profiles as graphs of one shape', () => {
    const output = execFileSync(python, ['-c', program], {
      input: JSON.stringify(statements),
      encoding: 'utf8',
    });
    type Operator = { name: string; timing: number; children: Operator[] };
    const plans = JSON.parse(output) as Record<
      string,
      { plan: object; profile: { operator: Operator[] }; rows: number }
    >;
    const every = (operators: readonly Operator[]): Operator[] =>
      operators.flatMap((operator) => [operator, ...every(operator.children ?? [])]);
    for (const [sql, { plan, profile, rows }] of Object.entries(plans)) {
      const [planned, ran] = [parseDuckDbExplain(plan), parseDuckDbExplain(profile)];
      const shape = ({ nodeCount, edgeCount }: QueryDag): number[] => [nodeCount, edgeCount];
      expect(shape(planned), sql).toEqual(shape(ran));
      expect(ran.sinks(), sql).toHaveLength(1);
      const told = every(profile.operator).filter(
        ({ name }) => !/^(RESULT_COLLECTOR|EXPLAIN_ANALYZE)$/.test(name),
      );
      expect(ran.nodeCount, sql).toBe(told.length);
      expect(sum(ran, 'exclusiveMs'), sql).toBeCloseTo(
        told.reduce((ms, { timing }) => ms + timing * 1000, 0),
        6,
      );
      const last = ran.node(ran.sinks()[0]!);
      if (!['CTE', 'UNION', 'INSERT'].includes(String(last.details['name'])))
        expect(last.facts.actualRows, sql).toBe(rows);
    }
  });
});

describe('parsePolarsPlan() of Polars', () => {
  it('reads plans as written and as optimized', () => {
    const frame = pl.DataFrame({ id: [1, 2, 3], c: [1, 1, 2], v: [0.1, 0.2, 0.3] }).lazy();
    const cities = pl.DataFrame({ c: [1, 2], n: ['x', 'y'] }).lazy();
    const query = frame
      .filter(pl.col('v').gt(0.1))
      .join(cities, { on: 'c' })
      .groupBy('n')
      .agg(pl.col('v').sum().alias('s'))
      .sort('s')
      .select('n')
      .limit(5);
    const typesOf = (text: string): string[] =>
      parsePolarsPlan(text)
        .nodes()
        .map(({ type }) => type);
    expect(typesOf(query.describePlan())).toEqual([
      'seq_scan',
      'filter',
      'seq_scan',
      'hash_join',
      'group_by',
      'sort',
      'project',
      'limit',
    ]);
    for (const dag of [
      parsePolarsPlan(query.describeOptimizedPlan()),
      parsePolarsPlan(query.unique().describePlan()),
    ]) {
      expect(dag.sinks()).toHaveLength(1);
      expect(dag.sources()).toHaveLength(2);
      expect(dag.nodes().filter(({ type }) => type === 'other')).toEqual([]);
    }
    const both = pl.concat([frame, frame.withColumn(pl.col('v').mul(2).alias('v'))]);
    expect(typesOf(both.describePlan())).toEqual(['seq_scan', 'project', 'seq_scan', 'append']);
    const kept = frame.withColumn(pl.col('v').mul(2).alias('w')).cache();
    const cached = parsePolarsPlan(kept.join(kept.filter(pl.col('w').gt(1)), { on: 'id' }).describePlan());
    expect(cached.nodes().filter(({ type }) => type === 'materialize')).toHaveLength(1);
  });
});

describe('buildPipelineDag() of a pipeline', () => {
  it('reads its explanation and what a run measured', async () => {
    const ids = arrow.vectorFromArray(
      Array.from({ length: 1000 }, (_, at) => at),
      new arrow.Int32(),
    );
    const plan = await pipeline()
      .from(createArraySource(new arrow.Table({ id: ids }).batches))
      .through((batch) => batch)
      .through(sort({ by: ['id'] }))
      .through(filter('id >= 400'))
      .through((batch) => batch)
      .to(createArraySink())
      .plan();
    const [{ stages }, { progress }] = [await plan.explain(), await plan.run()];
    const dag = buildPipelineDag(stages, progress);
    expect(dag.nodes().map(({ type }) => type)).toEqual([
      'seq_scan',
      'transform',
      'materialize',
      'materialize',
      'sort',
      'filter',
      'transform',
      'write',
    ]);
    const told = progress.flatMap((leg) => leg.stages).reduce((ms, { busyMs }) => ms + busyMs, 0);
    expect(sum(dag, 'exclusiveMs')).toBeCloseTo(told, 6);
    expect(dag.nodes().map(({ facts }) => facts.actualRows)).toEqual([
      1000,
      1000,
      1000,
      undefined,
      undefined,
      600,
      600,
      600,
    ]);
    expect(dag.node(5).details).toMatchObject({ name: 'filter', predicate: 'id >= 400', leg: 2 });
  });
});
