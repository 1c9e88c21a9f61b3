// Plans of DuckDB, Polars and pipelines by hand; those of real ones: test/conformance/dag.
import { describe, expect, it } from 'vitest';
import { isRuvectorError } from '../../../../src/core/index.ts';
import { buildPipelineDag, parseDuckDbExplain, parsePolarsPlan } from '../../../../src/dag/index.ts';
import type { QueryDag } from '../../../../src/dag/index.ts';
import { createPrintedRandom } from '../../../support/random.ts';

const shapeOf = (dag: QueryDag): string[] =>
  dag.nodes().map(({ id, type }) => `${id} ${type} → ${dag.children(id).join()}`);
const rejected = (node: string, state: string): unknown =>
  expect.objectContaining({
    code: 'ERR_DAG_PLAN',
    message: expect.stringContaining(state) as string,
    details: { node },
  });

describe('parseDuckDbExplain()', () => {
  const scan = { name: 'SEQ_SCAN ', children: [], extra_info: { Table: 'o', 'Estimated Cardinality': '40' } };

  it('reads a profile of version 1, with its own names', () => {
    const profile = {
      latency: 0.1,
      children: [
        {
          operator_type: 'EXPLAIN_ANALYZE',
          operator_name: 'EXPLAIN_ANALYZE',
          operator_timing: 0,
          children: [
            {
              operator_type: 'HASH_GROUP_BY',
              operator_name: 'HASH_GROUP_BY',
              operator_timing: 0.002,
              operator_cardinality: 10,
              result_set_size: 160,
              extra_info: { Groups: '#0' },
              children: [
                {
                  operator_type: 'TABLE_SCAN',
                  operator_name: 'READ_PARQUET',
                  operator_timing: 0.001,
                  operator_cardinality: 500,
                  operator_rows_scanned: 1000,
                  extra_info: {},
                  children: [],
                },
              ],
            },
          ],
        },
      ],
    };
    const dag = parseDuckDbExplain(JSON.stringify(profile));
    expect(shapeOf(dag)).toEqual(['0 seq_scan → 1', '1 group_by → ']);
    expect(dag.node(0).facts).toEqual({
      actualRows: 500,
      exclusiveMs: 1,
      selectivity: 0.5,
      serviceRate: 1e6,
    });
    expect(dag.node(1).facts).toEqual({
      actualRows: 10,
      exclusiveMs: 2,
      rowBytes: 16,
      selectivity: 0.02,
      serviceRate: 250_000,
    });
  });

  it('leads a CTE to its scans, keeps unknown names, and a CTE that nobody scans', () => {
    const read = { name: 'CTE_SCAN', children: [], extra_info: { 'CTE Index': '7' } };
    const cte = (...children: object[]): object => ({
      name: 'CTE',
      children,
      extra_info: { 'Table Index': '7' },
    });
    const used = cte(scan, { name: 'FLUX_JOIN', children: [read, read], extra_info: {} });
    expect(shapeOf(parseDuckDbExplain([used]))).toEqual([
      '0 seq_scan → 1,2',
      '1 materialize → 3',
      '2 materialize → 3',
      '3 other → 4',
      '4 materialize → ',
    ]);
    expect(parseDuckDbExplain([used]).node(3).details).toEqual({ name: 'FLUX_JOIN' });
    expect(shapeOf(parseDuckDbExplain([cte(scan, scan)]))).toHaveLength(3);
  });

  it.each([
    ['nothing', 'document', 'it is no JSON'],
    [[], 'document', 'it has no operator'],
    [[{ children: [] }], '[0]', 'it has no name'],
    [[{ name: 'A', children: [{ name: 'B', timing: -1 }] }], '[0].children[0] (B)', '"timing" is -1'],
    [[{ ...scan, extra_info: { 'Estimated Cardinality': 'lots' } }], '[0] (SEQ_SCAN)', 'estimate is "lots"'],
    [[{ name: 'A', children: 3 }], '[0] (A).children', 'it is number, no list'],
  ])('says of %j where and what is wrong', (form, node, state) => {
    expect(() => parseDuckDbExplain(form)).toThrow(rejected(node, state));
  });
});

describe('parsePolarsPlan()', () => {
  it('reads both sides of a join, a cache once, and what belongs to the operator above', () => {
    const dag = parsePolarsPlan(`
AGGREGATE[maintain_order: false]
  [col("v").sum()] BY [col("n")]
  FROM
  INNER JOIN:
  LEFT PLAN ON: [col("c")]
    CACHE[id: 5]
      Parquet SCAN [/data/a.parquet]
      PROJECT 2/3 COLUMNS
      SELECTION: col("v") > 0.1
      ESTIMATED ROWS: 40
  RIGHT PLAN ON: [col("c")]
    FILTER col("v") > 2
    FROM
      CACHE[id: 5]
        Parquet SCAN [/data/a.parquet]
  END INNER JOIN`);
    expect(shapeOf(dag)).toEqual([
      '0 seq_scan → 1',
      '1 materialize → 2,3',
      '2 filter → 3',
      '3 hash_join → 4',
      '4 group_by → ',
    ]);
    expect(dag.node(0)).toMatchObject({
      facts: { estimatedRows: 40 },
      details: { name: 'Parquet SCAN', table: '[/data/a.parquet]', predicate: 'col("v") > 0.1' },
    });
    expect(dag.node(4).details).toMatchObject({ functions: 'col("v").sum()', groupKeys: 'col("n")' });
  });

  it('keeps the name of an operator that is not known', () => {
    const dag = parsePolarsPlan('TELEPORT[to: 3]\n  DF ["a"]; PROJECT */1 COLUMNS');
    expect(dag.node(1)).toMatchObject({ type: 'other', details: { name: 'TELEPORT' } });
  });

  it.each([
    ['', 'document', 'it names no operator'],
    ['hello world', 'line 1', 'it names no operator'],
    [
      'DF ["a"]; PROJECT */1 COLUMNS\nSORT BY [col("a")]',
      'line 2',
      '"SORT BY [col("a")]" stands below no operator',
    ],
  ])('says of %j where and what is wrong', (text, node, state) => {
    expect(() => parsePolarsPlan(text)).toThrow(rejected(node, state));
  });
});

describe('buildPipelineDag()', () => {
  const stages = ['csv', 'filter', 'my stage', 'parquet'].map((name) => ({ name, runs: 'batches', leg: 1 }));

  it('gives a chain with the rates that a run measured', () => {
    const measured = [
      { name: 'csv', kind: 'source', rows: 1000, busyMs: 100, workers: 1 },
      { name: 'filter', kind: 'transform', rows: 1000, busyMs: 50, workers: 1 },
      { name: 'my stage', kind: 'transform', rows: 400, busyMs: 800, workers: 2 },
    ];
    const dag = buildPipelineDag(stages, [{ stages: measured }]);
    expect(shapeOf(dag)).toEqual(['0 seq_scan → 1', '1 filter → 2', '2 transform → 3', '3 write → ']);
    expect(dag.node(0).facts).toEqual({ actualRows: 1000, exclusiveMs: 100, serviceRate: 10_000 });
    expect(dag.node(1).facts).toEqual({
      actualRows: 400,
      exclusiveMs: 50,
      selectivity: 0.4,
      serviceRate: 20_000,
    });
    expect(dag.node(2).facts).toMatchObject({ exclusiveMs: 400, serviceRate: 1000 });
    expect(dag.node(3).facts).toEqual({});
  });

  it('names the stage whose figure cannot be, and refuses a plan without stages', () => {
    const broken = [{ name: 'filter', kind: 'transform', rows: NaN, busyMs: 1, workers: 1 }];
    expect(() => buildPipelineDag(stages, [{ stages: broken }])).toThrow(rejected('filter', 'rows is NaN'));
    expect(() => buildPipelineDag([])).toThrow(rejected('stages', 'there is none'));
  });
});

describe('parseDuckDbExplain() and parsePolarsPlan()', () => {
  it('give a graph or a typed error for each of 4,000 broken plans', () => {
    const random = createPrintedRandom('parseDuckDbExplain() and parsePolarsPlan()');
    const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
    const names = ['CTE', 'CTE_SCAN', 'SEQ_SCAN', 'EXPLAIN_ANALYZE', 'NEW', '', 7, null];
    const values = [-1, NaN, '3', '~4 Rows', 'x', [], {}, null, 1e308];
    const operator = (depth: number): object => ({
      name: pick(names),
      timing: pick(values),
      extra_info: pick([{}, { 'Table Index': 1, 'CTE Index': 1, 'Estimated Cardinality': pick(values) }, 3]),
      children: random() < 0.1 ? pick(values) : depth > 4 ? [] : [operator(depth + 1), operator(depth + 1)],
    });
    const lines = [
      'CACHE[id: 1]',
      'INNER JOIN:',
      'FROM',
      'DF ["a"]; P',
      'ESTIMATED ROWS: 3',
      '[x] BY [y]',
      'NEW[1]',
      '?',
    ];
    const line = (): string => ' '.repeat(Math.floor(random() * 6)) + pick(lines);
    for (let run = 0; run < 2000; run++) {
      for (const read of [
        () => parseDuckDbExplain([operator(0)]),
        () => parsePolarsPlan(Array.from({ length: 8 }, line).join('\n')),
      ]) {
        try {
          read().topologicalOrder();
        } catch (error) {
          if (!isRuvectorError(error) || !/^ERR_DAG_(PLAN|CYCLE|OPERATOR)$/.test(error.code)) throw error;
        }
      }
    }
  });
});
