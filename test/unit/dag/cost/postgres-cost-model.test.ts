// The model of PostgreSQL by hand; what a real planner says: test/conformance/dag.
import { describe, expect, it } from 'vitest';
import { OperatorNode, OperatorType, PostgresCostModel, QueryDag } from '../../../../src/dag/index.ts';
import type { PgStatsRow } from '../../../../src/dag/index.ts';

const classes = [
  { relname: 'users', reltuples: 10_000, relpages: '100' },
  { relname: 'orders', reltuples: 100_000, relpages: 1000 },
  { relname: 'fresh', reltuples: -1, relpages: 0 },
];
const column = (tablename: string, attname: string, more: Partial<PgStatsRow>): PgStatsRow => ({
  ...{ tablename, attname, null_frac: 0, avg_width: 4, n_distinct: -1, correlation: 0 },
  ...more,
});
const columns = [
  column('users', 'id', {}),
  column('users', 'age', { n_distinct: 80, null_frac: 0.1, histogram_bounds: '{0,20,40,60,80}' }),
  column('users', 'city', {
    ...{ n_distinct: 12, most_common_vals: '{Berlin,"New York, NY"}', most_common_freqs: [0.3, 0.2] },
  }),
  column('orders', 'user_id', { n_distinct: 5000 }),
];
const model = new PostgresCostModel({ classes, columns });

function rowsOf(...nodes: readonly OperatorNode[]): number {
  const dag = QueryDag.withCostModel(model);
  for (const node of nodes) dag.addNode(node);
  nodes.slice(1).forEach(({ id }, at) => dag.addEdge(nodes[at]!.id, id));
  return dag.estimates().get(nodes.at(-1)!.id)!.rows;
}
const filtered = (predicate: string): number =>
  rowsOf(OperatorNode.seqScan(0, 'users'), OperatorNode.filter(1, predicate)) / 10_000;

describe('PostgresCostModel.estimateCardinality()', () => {
  it.each([
    ['age < 40', 0.45],
    ['age >= 50', 0.9 * 0.375],
    ['users.age > 90', 0],
    ["(city = 'New York, NY'::text)", 0.2],
    ["city = 'Ulm'", 0.5 / 10],
    ["city <> 'Berlin'", 0.7],
    ["city = ANY ('{Berlin,Ulm}'::text[])", 0.35],
    ["((age < 40) AND (city = 'Berlin'::text))", 0.135],
    ["age < 40 OR city = 'Berlin'", 1 - 0.55 * 0.7],
    ['age IS NULL', 0.1],
    ['(age IS NOT NULL)', 0.9],
    ['NOT (age < 40)', 0.55],
    ['unknown = 3', 0.005],
    ['unknown < 3', 1 / 3],
    ['lower(city) ~ $1', 1 / 3],
  ])('lets through of "%s" a share of %d', (predicate, share) => {
    expect(filtered(predicate)).toBeCloseTo(share, 9);
  });

  it('follows joins, groups, limits and vector searches', () => {
    const dag = QueryDag.withCostModel(model);
    dag.addNode(OperatorNode.seqScan(0, 'orders'));
    dag.addNode(OperatorNode.seqScan(1, 'users'));
    dag.addNode(OperatorNode.hashJoin(2, 'orders.user_id = users.id'));
    dag.addNode(OperatorNode.groupBy(3, ['city']));
    dag.addNode(OperatorNode.limit(4, 5));
    for (const [from, to] of [
      [0, 2],
      [1, 2],
      [2, 3],
      [3, 4],
    ] as const)
      dag.addEdge(from, to);
    expect([...dag.estimates().values()].map(({ rows }) => rows)).toEqual([100_000, 10_000, 100_000, 12, 5]);
    expect(rowsOf(OperatorNode.hnswScan(0, 'vectors_idx', 64))).toBe(64);
    expect(rowsOf(OperatorNode.seqScan(0, 'fresh'))).toBe(1000);
  });

  it('gives what a planner said where one did', () => {
    expect(rowsOf(OperatorNode.seqScan(0, 'users').with({ estimatedRows: 7 }))).toBe(7);
  });
});

describe('PostgresCostModel.estimateCost()', () => {
  const costOf = (of: PostgresCostModel): number => {
    const dag = QueryDag.withCostModel(of);
    dag.addNode(OperatorNode.seqScan(0, 'users'));
    return dag.estimates().get(0)!.cost;
  };

  it('adds up pages and rows, with the settings of the server', () => {
    expect(costOf(model)).toBeCloseTo(100 + 10_000 * 0.01, 9);
    const settings = [
      { name: 'seq_page_cost', setting: '3' },
      { name: 'work_mem', setting: '4096' },
    ];
    expect(costOf(new PostgresCostModel({ classes, settings }))).toBeCloseTo(400, 9);
  });

  it('has a finite cost for each type of operator, alone and behind two inputs', () => {
    for (const type of Object.values(OperatorType)) {
      const dag = QueryDag.withCostModel(model);
      dag.addNode(new OperatorNode(0, type));
      dag.addNode(new OperatorNode(1, type));
      dag.addNode(new OperatorNode(2, type));
      dag.addEdge(0, 2);
      dag.addEdge(1, 2);
      expect(dag.estimates().size).toBe(3);
    }
  });
});

describe('PostgresCostModel.fit()', () => {
  it('finds the times that plans were made of, and reckons in ms from then on', () => {
    const plans = Array.from({ length: 12 }, (_, at) => {
      const dag = new QueryDag();
      const rows = 1000 * (at + 1) ** 2;
      dag.addNode(OperatorNode.seqScan(0, at % 2 ? 'users' : 'orders').with({ actualRows: rows }));
      dag.addNode(OperatorNode.sort(1, ['age']).with({ actualRows: rows }));
      dag.addNode(OperatorNode.result(2).with({ actualRows: rows }));
      dag.addEdge(0, 1);
      dag.addEdge(1, 2);
      const pages = at % 2 ? 100 : 1000;
      const tuples = at % 2 ? 10_000 : 100_000;
      dag.updateNode(0, { exclusiveMs: pages * 0.02 + tuples * 0.0001 });
      dag.updateNode(1, { exclusiveMs: 2 * rows * Math.log2(rows) * 0.00005 });
      dag.updateNode(2, { exclusiveMs: rows * 0.0001 });
      return dag;
    });
    const { model: fitted, operators } = model.fit(plans);
    expect([fitted.unit, operators]).toEqual(['ms', 36]);
    expect(fitted.constants.seq_page_cost).toBeCloseTo(0.02, 9);
    expect(fitted.constants.cpu_tuple_cost).toBeCloseTo(0.0001, 9);
    expect(fitted.constants.cpu_operator_cost).toBeCloseTo(0.00005, 9);
    expect(fitted.constants.random_page_cost).toBe(0);
  });

  it('refuses plans that were not measured', () => {
    const dag = new QueryDag();
    dag.addNode(OperatorNode.seqScan(0, 'users'));
    expect(() => model.fit([dag])).toThrow(expect.objectContaining({ code: 'ERR_DAG_FIT' }));
  });
});

describe('new PostgresCostModel()', () => {
  it.each([
    [{ classes: [{ relname: 't', reltuples: NaN, relpages: 1 }] }, '"t": its reltuples is NaN'],
    [{ columns: [column('t', 'a', { null_frac: -1 })] }, '"t.a": its null_frac is -1'],
    [{ settings: [{ name: 'cpu_tuple_cost', setting: 'much' }] }, '"cpu_tuple_cost": its setting is much'],
  ])('refuses %j', (options, state) => {
    expect(() => new PostgresCostModel(options)).toThrow(
      expect.objectContaining({
        code: 'ERR_DAG_STATISTICS',
        message: expect.stringContaining(state) as string,
      }),
    );
  });
});
