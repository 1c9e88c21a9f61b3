// EXPLAIN of PostgreSQL: what is known by hand of loops, workers, CTEs, InitPlans and limits; broken plans. Plans of a
// real server: test/conformance/dag.
import { describe, expect, it } from 'vitest';
import { isRuvectorError } from '../../../../src/core/index.ts';
import {
  buildPostgresExplain,
  OperatorNode,
  parsePostgresExplain,
  QueryDag,
} from '../../../../src/dag/index.ts';
import { createRandomDag } from '../../../support/dag/random-dag.ts';
import { createPrintedRandom } from '../../../support/random.ts';

type Fields = Record<string, unknown>;

/** An operator: its cost, rows and time per loop, and what stands below. */
function plan(name: string, cost: number, rows: number, more: Fields = {}, ...below: Fields[]): Fields {
  const numbers = { 'Total Cost': cost, 'Plan Rows': rows, 'Plan Width': 8 };
  return { 'Node Type': name, ...numbers, ...more, ...(below.length > 0 && { Plans: below }) };
}

const ran = (ms: number, rows: number, loops = 1): Fields => ({
  'Actual Total Time': ms,
  'Actual Rows': rows,
  'Actual Loops': loops,
});
const as = (relationship: string, name?: string): Fields => ({
  'Parent Relationship': relationship,
  ...(name !== undefined && { 'Subplan Name': name }),
});
const parse = (top: Fields): QueryDag => parsePostgresExplain([{ Plan: top }]);

/** Facts by the name of the operator. */
function factsOf(dag: QueryDag): Record<string, OperatorNode['facts']> {
  return Object.fromEntries(dag.nodes().map(({ details, facts }) => [String(details['name']), facts]));
}
const inputsOf = (dag: QueryDag, name: string): unknown[] => {
  const node = dag.nodes().find(({ details }) => details['name'] === name)!;
  return dag.parents(node.id).map((id) => dag.node(id).details['name']);
};

describe('parsePostgresExplain()', () => {
  it('gives rows and times of all loops when an inner side ran often', () => {
    const dag = parse(
      plan(
        'Nested Loop',
        500,
        40,
        ran(100, 30),
        plan('Seq Scan', 20, 10, {
          ...as('Outer'),
          ...ran(5, 12),
          'Relation Name': 'a',
          'Rows Removed by Filter': 8,
        }),
        plan('Index Scan', 40, 4, { ...as('Inner'), ...ran(7, 2.5, 12), 'Index Name': 'b_pkey' }),
      ),
    );
    const facts = factsOf(dag);
    expect(facts['Index Scan']).toMatchObject({
      estimatedRows: 40,
      estimatedCost: 400,
      actualRows: 30,
      exclusiveMs: 84,
    });
    expect(facts['Nested Loop']).toMatchObject({ estimatedCost: 80, exclusiveMs: 11, selectivity: 30 / 42 });
    expect(facts['Seq Scan']).toMatchObject({ selectivity: 0.6, serviceRate: 4000 });
    expect(inputsOf(dag, 'Nested Loop')).toEqual(['Seq Scan', 'Index Scan']);
    expect(dag.node(0).details).toMatchObject({ table: 'a', 'Rows Removed by Filter': 8 });
  });

  it('gives the mean of the processes when workers share a part', () => {
    const facts = factsOf(
      parse(
        plan(
          'Gather',
          100,
          240,
          { ...ran(60, 300), 'Workers Planned': 2, 'Workers Launched': 2 },
          plan(
            'Hash',
            80,
            100,
            { ...as('Outer'), ...ran(50, 100, 3) },
            plan('Seq Scan', 30, 100, { ...as('Outer'), ...ran(30, 300) }),
          ),
        ),
      ),
    );
    expect(facts['Gather']).toMatchObject({ exclusiveMs: 10, actualRows: 300 });
    expect(facts['Hash']).toMatchObject({ exclusiveMs: 40, actualRows: 300, estimatedRows: 240 });
    // One process scanned for all.
    expect(facts['Seq Scan']).toMatchObject({ exclusiveMs: 10, actualRows: 300 });
  });

  it('leads a CTE to those who scan it, and takes its time from theirs', () => {
    const dag = parse(
      plan(
        'Hash Join',
        100,
        5,
        ran(50, 5),
        plan(
          'Sort',
          30,
          10,
          { ...as('InitPlan', 'CTE x'), ...ran(20, 10) },
          plan('Seq Scan', 10, 10, { ...as('Outer'), ...ran(8, 10) }),
        ),
        plan('CTE Scan', 5, 10, { ...as('Outer'), ...ran(24, 10), 'CTE Name': 'x', Alias: 'first' }),
        plan(
          'Hash',
          6,
          10,
          { ...as('Inner'), ...ran(8, 10) },
          plan('CTE Scan', 5, 10, { ...as('Outer'), ...ran(6, 10), 'CTE Name': 'x' }),
        ),
      ),
    );
    const sort = dag.nodes().find(({ type }) => type === 'sort')!;
    const scans = dag.children(sort.id).map((id) => dag.node(id));
    expect(scans.map(({ details }) => details['name'])).toEqual(['CTE Scan', 'CTE Scan']);
    expect(scans.map(({ facts }) => facts.exclusiveMs)).toEqual([24 - 16, 6 - 4]);
    expect(inputsOf(dag, 'Hash Join')).toEqual(['CTE Scan', 'Hash']);
    const whole = dag.nodes().reduce((sum, { facts }) => sum + facts.exclusiveMs!, 0);
    expect(whole).toBeCloseTo(50, 9);
  });

  it('leads an InitPlan to the operator whose expression has its value, in the names of versions 15 and 17', () => {
    for (const [name, value] of [
      ['InitPlan 1 (returns $0)', '(v > $0)'],
      ['InitPlan 1', '(v > (InitPlan 1).col1)'],
    ]) {
      const dag = parse(
        plan(
          'Limit',
          50,
          1,
          ran(30, 1),
          plan('Aggregate', 20, 1, { ...as('InitPlan', name), ...ran(20, 1), Strategy: 'Plain' }),
          plan('Seq Scan', 90, 9, { ...as('Outer'), ...ran(28, 9), Filter: value }),
        ),
      );
      expect(inputsOf(dag, 'Seq Scan')).toEqual(['Aggregate']);
      expect(factsOf(dag)['Seq Scan']).toMatchObject({ exclusiveMs: 8, selectivity: 1 });
      expect(factsOf(dag)['Limit']).toMatchObject({ exclusiveMs: 2 });
    }
  });

  it('shares out the cost of the plan when a limit pays for a part of what is below', () => {
    const facts = factsOf(
      parse(
        plan('Limit', 5, 10, {}, plan('Sort', 80, 100, as('Outer'), plan('Seq Scan', 20, 100, as('Outer')))),
      ),
    );
    expect(facts['Seq Scan']).toStrictEqual({ estimatedRows: 100, estimatedCost: 1.25, rowBytes: 8 });
    expect(facts['Sort']).toMatchObject({ estimatedCost: 3.75 });
    expect(facts['Limit']).toMatchObject({ estimatedCost: 0 });
  });

  it('gives an operator that never ran no rows and no time', () => {
    const dag = parse(
      plan(
        'Nested Loop',
        9,
        1,
        ran(2, 0),
        plan('Seq Scan', 4, 1, { ...as('Outer'), ...ran(1, 0) }),
        plan('Index Scan', 4, 1, { ...as('Inner'), ...ran(0, 0, 0) }),
      ),
    );
    expect(factsOf(dag)['Index Scan']).toStrictEqual({
      estimatedRows: 1,
      estimatedCost: 4,
      rowBytes: 8,
      actualRows: 0,
      exclusiveMs: 0,
    });
  });

  it('keeps the names of operators and fields of a version never seen', () => {
    const dag = parse(
      plan('Quantum Scan', 5, 10, {
        Entanglement: 0.5,
        'New List': ['a'],
        'New Object': { a: 1 },
        'Parent Relationship': 'Sideways',
      }),
    );
    expect(dag.node(0)).toMatchObject({ type: 'other', facts: { estimatedCost: 5 } });
    expect(dag.node(0).details).toEqual({
      name: 'Quantum Scan',
      Entanglement: 0.5,
      'New List': ['a'],
      'Parent Relationship': 'Sideways',
    });
  });

  it.each([
    ['Index Scan', { 'Order By': '(e <-> $1)', 'Index Name': 'v_hnsw_idx' }, 'hnsw_scan'],
    ['Index Scan', { 'Order By': '(e <=> $1)', 'Index Name': 'v_ivfflat' }, 'ivf_flat_scan'],
    ['Index Scan', { 'Index Name': 'hnsw_id' }, 'index_scan'],
    ['Aggregate', { Strategy: 'Hashed' }, 'group_by'],
    ['Aggregate', { Strategy: 'Plain' }, 'aggregate'],
    ['constructor', {}, 'other'],
  ])('takes %s with %o as %s', (name, fields, type) => {
    expect(parse(plan(name, 1, 1, fields)).node(0).type).toBe(type);
  });

  it('takes text, the list, its entry, and the row of a driver', () => {
    const entry = { Plan: plan('Result', 0, 1), 'Planning Time': 1 };
    for (const form of [
      entry,
      [entry],
      JSON.stringify([entry]),
      [{ 'QUERY PLAN': [entry] }],
      { 'QUERY PLAN': JSON.stringify([entry]) },
    ])
      expect(parsePostgresExplain(form).nodeCount).toBe(1);
  });

  it.each([
    ['{', 'document', 'it is no JSON'],
    [[], 'document', 'it holds 0 plans'],
    [{ 'QUERY PLAN': { 'QUERY PLAN': {} } }, 'document', 'it has no "Plan"'],
    [{ Plan: plan('Sort', 1, 1, {}, { Cost: 1 }) }, 'Plan.Plans[0]', 'it has no "Node Type"'],
    [{ Plan: plan('Sort', 1, 1, {}, plan('Hash', -3, 1)) }, 'Plan.Plans[0] (Hash)', '"Total Cost" is -3'],
    [{ Plan: plan('Sort', 1, 1, { 'Actual Rows': 'many' }) }, 'Plan (Sort)', '"Actual Rows" is many'],
    [{ Plan: { ...plan('Sort', 1, 1), Plans: {} } }, 'Plan (Sort).Plans', 'it is object, no list'],
    [{ Plan: [1] }, 'Plan', 'it is a list, no object'],
  ])('says of %j where and what is wrong', (form, node, state) => {
    expect(() => parsePostgresExplain(form)).toThrow(
      expect.objectContaining({
        code: 'ERR_DAG_PLAN',
        message: expect.stringContaining(state) as string,
        details: { node },
      }),
    );
  });

  it('refuses a plan that is nested without end', () => {
    let deep = plan('Result', 1, 1);
    for (let level = 0; level < 20_000; level++) deep = plan('Materialize', 1, 1, {}, deep);
    expect(() => parse(deep)).toThrow(/nested deeper than 500 levels/);
  });

  it('gives a graph or a typed error for each of 10,000 broken plans', () => {
    const random = createPrintedRandom('parsePostgresExplain()');
    let document = '';
    const values: unknown[] = [
      null,
      -1,
      NaN,
      'x',
      [],
      {},
      'InitPlan',
      'CTE x',
      'CTE Scan',
      'Gather',
      1e308,
      0,
    ];
    const codes = new Set<string>();
    for (let run = 0; run < 10_000; run++) {
      // Five broken ones of each plan.
      if (run % 5 === 0) document = JSON.stringify(buildPostgresExplain(createRandomDag(random, 5, 1)));
      const broken = JSON.parse(document) as object;
      for (let times = 1 + Math.floor(random() * 3); times > 0; times--) breakOne(random, broken, values);
      try {
        parsePostgresExplain(broken).topologicalOrder();
      } catch (error) {
        if (!isRuvectorError(error)) throw error;
        codes.add(error.code);
      }
    }
    expect([...codes].filter((code) => !/^ERR_DAG_(PLAN|CYCLE|OPERATOR)$/.test(code))).toEqual([]);
  }, 60_000);
});

function breakOne(random: () => number, document: object, values: readonly unknown[]): void {
  let holder = document as Fields;
  while (random() < 0.8) {
    const inner = Object.values(holder).filter((value) => typeof value === 'object' && value !== null);
    if (inner.length === 0) break;
    holder = inner[Math.floor(random() * inner.length)] as Fields;
  }
  const keys = [...Object.keys(holder), 'Subplan Name', 'CTE Name', 'Parent Relationship'];
  const key = keys[Math.floor(random() * keys.length)]!;
  if (random() < 0.3) delete holder[key];
  else holder[key] = values[Math.floor(random() * values.length)];
}

describe('buildPostgresExplain()', () => {
  it('gives a tree whose numbers include what is below, as tools that draw plans expect it', () => {
    const dag = new QueryDag();
    dag.addNode(
      OperatorNode.seqScan(0, 'users').with({
        estimatedCost: 10,
        estimatedRows: 100,
        actualRows: 90,
        exclusiveMs: 4,
      }),
    );
    dag.addNode(
      OperatorNode.filter(1, 'age > 18').with({
        estimatedCost: 1,
        estimatedRows: 50,
        actualRows: 40,
        exclusiveMs: 1,
      }),
    );
    dag.addEdge(0, 1);
    const actual = { 'Actual Startup Time': 0, 'Actual Loops': 1, 'Startup Cost': 0 };
    expect(buildPostgresExplain(dag)).toEqual([
      {
        Plan: {
          'Node Type': 'Filter',
          Filter: 'age > 18',
          'Total Cost': 11,
          'Plan Rows': 50,
          ...actual,
          'Actual Total Time': 5,
          'Actual Rows': 40,
          Plans: [
            {
              'Node Type': 'Seq Scan',
              'Parent Relationship': 'Outer',
              'Relation Name': 'users',
              ...actual,
              'Total Cost': 10,
              'Plan Rows': 100,
              'Actual Total Time': 4,
              'Actual Rows': 90,
            },
          ],
        },
      },
    ]);
  });

  it('makes a CTE of an operator that several read, and one top of several ends', () => {
    const dag = new QueryDag();
    for (const id of [0, 1, 2]) dag.addNode(OperatorNode.materialize(id).with({ exclusiveMs: 2 }));
    dag.addEdge(0, 1);
    dag.addEdge(0, 2);
    const [{ Plan }] = buildPostgresExplain(dag);
    expect(Plan).toMatchObject({ 'Node Type': 'Append', 'Actual Total Time': 6 });
    const below = Plan['Plans'] as Fields[];
    expect(below.map((fields) => fields['Subplan Name'])).toEqual([undefined, undefined, 'CTE operator 0']);
    const back = parsePostgresExplain(buildPostgresExplain(dag));
    expect(back.nodes().reduce((sum, { facts }) => sum + (facts.exclusiveMs ?? 0), 0)).toBeCloseTo(6, 9);
  });

  it('keeps an operator for all its readers when one is added later', () => {
    const dag = parse(
      plan('Sort', 9, 1, ran(3, 1), plan('Seq Scan', 4, 1, { ...as('Outer'), ...ran(1, 1) })),
    );
    dag.addNode(OperatorNode.result(7));
    dag.addEdge(0, 7);
    const back = parsePostgresExplain(buildPostgresExplain(dag));
    const scan = back.nodes().find(({ type }) => type === 'seq_scan')!;
    expect(back.children(scan.id)).toHaveLength(2);
  });

  it('keeps the times of CTEs whose scans run an InitPlan or another scan of them, whatever the clock said', () => {
    const random = createPrintedRandom('times of CTEs');
    const time = (): Fields =>
      ran(random() < 0.3 ? random() * 10 : 0.1 + random(), 10, 1 + Math.floor(random() * 3));
    const scan = (relationship: string, cte: string, ...below: Fields[]): Fields =>
      plan('CTE Scan', 5, 10, { ...as(relationship), ...time(), 'CTE Name': cte }, ...below);
    const held = (kind: string, name: string, ...below: Fields[]): Fields =>
      plan('Aggregate', 5, 1, { ...as(kind, name), ...time() }, ...below);
    const whole = (dag: QueryDag): number =>
      dag.nodes().reduce((total, { facts }) => total + facts.exclusiveMs!, 0);
    for (let run = 0; run < 300; run++) {
      const dag = parse(
        plan(
          'Nested Loop',
          100,
          10,
          time(),
          held('InitPlan', 'CTE x', plan('Seq Scan', 5, 10, { ...as('Outer'), ...time() })),
          held('InitPlan', 'CTE y', scan('Outer', 'x')),
          scan(
            'Outer',
            'x',
            held('InitPlan', 'InitPlan 3', plan('Seq Scan', 5, 10, { ...as('Outer'), ...time() })),
          ),
          scan('Inner', 'y', held('SubPlan', 'SubPlan 4', scan('Outer', 'y'))),
        ),
      );
      const back = parsePostgresExplain(buildPostgresExplain(dag));
      expect(whole(back)).toBeCloseTo(whole(dag), 6);
    }
  });

  it('refuses a graph that is deeper than any plan', () => {
    const dag = new QueryDag();
    for (let id = 0; id < 5000; id++) dag.addNode(OperatorNode.materialize(id));
    for (let id = 1; id < 5000; id++) dag.addEdge(id - 1, id);
    expect(() => buildPostgresExplain(dag)).toThrow(/more than 500 levels deep/);
  });

  it('refuses a graph without operators', () => {
    expect(() => buildPostgresExplain(new QueryDag())).toThrow(
      expect.objectContaining({ code: 'ERR_DAG_PLAN' }),
    );
  });
});
