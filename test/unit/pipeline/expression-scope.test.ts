// How far expressions look, by what Polars makes of them. Nothing is read: the frames have no rows.
import polars from 'nodejs-polars';
import { describe, expect, it } from 'vitest';
import { readCondition, readExpressions } from '../../../src/pipeline/plan/expression.ts';

const frame = polars
  .DataFrame({ a: [1], b: [1.5], s: ['x'], t: [new Date(0)] })
  .lazy()
  .filter(polars.lit(false));

const scopeOf = (text: string) => readExpressions('select', [text], frame).scope;

describe('readExpressions()', () => {
  const perRow = [
    'a',
    '1 as one',
    'a / 1024.0 as q, b - a as d',
    'a % 2 = 0 as even',
    "case when a > 1 then upper(s) else coalesce(s, 'none') end as u",
    'abs(a) as x, round(b, 1) as r, ln(b) as l, pow(a, 2) as p, sqrt(b) as q, sign(b) as g, floor(b) as f',
    'greatest(a, b) as m, least(a, b) as n, nullif(a, 1) as i, cast(s as int) as c, try_cast(s as int) as d',
    "a in (1, 2) as i, a between 1 and 2 as w, s like 'x%' as l, b is not null as k",
    "extract(year from t) as y, strftime(t, '%Y') as f, substr(s, 1, 2) as u, s || 'x' as v, length(s) as n",
  ];
  it.each(perRow)('sees that "%s" looks at one row', (text) => {
    expect(scopeOf(text)).toBe('row');
  });

  const whole = [
    'sum(a) as x',
    'a - avg(a) as x',
    'count(*) as n',
    'lag(a) over (order by t) as x',
    'row_number() over (partition by s order by t) as x',
    'case when a > max(a) then 1 else 0 end as x',
    'abs(a - min(b)) as x',
    'rank() over (order by a) as r',
  ];
  it.each(whole)('sees that "%s" looks at other rows', (text) => {
    expect(scopeOf(text)).toBe('table');
  });

  it('sees as much in expressions of Polars', () => {
    const { col } = polars;
    const scope = (expression: Parameters<typeof readExpressions>[1][number]) =>
      readExpressions('select', [expression], frame).scope;
    expect(scope(col('a').add(1).round(2).alias('x'))).toBe('row');
    expect(scope(col('a').cumSum())).toBe('table');
    expect(scope(col('a').shift(1))).toBe('table');
    expect(scope(col('a').forwardFill())).toBe('table');
    expect(scope(polars.len())).toBe('table');
    // Functions that Polars cannot write down may do anything.
    expect(scope(col('s').str.toUpperCase())).toBe('table');
  });

  const refused = [
    'a from self',
    'a from self where a > 1 --',
    'a from self group by a --',
    'a b c',
    '',
    'nope(a)',
  ];
  it.each(refused)('refuses "%s", which is no list of expressions', (text) => {
    expect(() => scopeOf(text)).toThrow(expect.objectContaining({ code: 'ERR_PIPELINE_EXPRESSION' }));
  });
});

describe('readCondition()', () => {
  it('reads a condition, and refuses what is more', () => {
    expect(readCondition('filter', "a > 1 and s = 'x'", frame).scope).toBe('row');
    expect(readCondition('filter', 'a > avg(a)', frame).scope).toBe('table');
    for (const text of ['a > 1 limit 3', 'a > 1) order by (a', '']) {
      expect(() => readCondition('filter', text, frame)).toThrow(
        expect.objectContaining({ code: 'ERR_PIPELINE_EXPRESSION' }),
      );
    }
  });
});
