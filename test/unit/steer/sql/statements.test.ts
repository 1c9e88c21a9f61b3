// What the text of a statement says: its template, whether it only reads, whether every plan gives its rows.
import { describe, expect, it } from 'vitest';
import { judgeOrder } from '../../../../src/steer/sql/result-order.ts';
import { hashParameters, parseSqlTemplate } from '../../../../src/steer/sql/sql-template.ts';
import { splitSql, tokenizeSql } from '../../../../src/steer/sql/sql-tokens.ts';
import { classifyStatement } from '../../../../src/steer/sql/statement-class.ts';

const templateOf = (sql: string): string | undefined => parseSqlTemplate(sql)?.text;
const classOf = (sql: string): string => {
  const found = classifyStatement(parseSqlTemplate(sql)!.tokens);
  return found.reads ? 'reads' : found.why;
};
const aggregates = new Set(['count', 'sum', 'avg', 'array_agg', 'string_agg', 'max']);
const orderOf = (sql: string): ReturnType<typeof judgeOrder> =>
  judgeOrder(parseSqlTemplate(sql)!.tokens, (name) => aggregates.has(name));

describe('parseSqlTemplate()', () => {
  it.each([
    [
      'literals of every kind',
      "select 1, 'a', E'\\'', $x$ it's $x$, b'1', 0xff, 1e3",
      'select $1 , $2 , $3 , $4 , $5 , $6 , $7',
    ],
    [
      'comments, blanks and case',
      'SELECT a /* b /* c */ */ FROM t -- d\n WHERE x=1;',
      'select a from t where x = $1',
    ],
    ['names with quotes', 'select "A b" from "Ü" where é = 2', 'select "A b" from "Ü" where é = $1'],
    ['casts', "select '5'::int + a::text", 'select $1 :: int + a :: text'],
    [
      'signs',
      'select a - 5 from t where b = -5 and c in (-1)',
      'select a - $1 from t where b = $2 and c in ( ... )',
    ],
    [
      'lists of any length',
      'select 1 from t where a in (1,2,3) and b = 4',
      'select $1 from t where a in ( ... ) and b = $2',
    ],
    [
      'arrays',
      'select 1 from t where a = any(array[1,2])',
      'select $1 from t where a = any ( array [ ... ] )',
    ],
    [
      'parameters',
      'select * from t where a = $2 and b = $1 and c = 7',
      'select * from t where a = $1 and b = $2 and c = $3',
    ],
    [
      'places of ORDER BY and GROUP BY',
      'select a, b from t group by 1, 2 order by 2 limit 5',
      'select a , b from t group by 1 , 2 order by 2 limit $1',
    ],
  ])('makes one of statements that differ in %s', (_, sql, template) => {
    expect(templateOf(sql)).toBe(template);
  });

  it('keeps statements apart whose structure differs', () => {
    const texts = [
      'select a from t order by 1',
      'select a from t order by 2',
      'select a from t',
      'select "a " from t',
    ];
    expect(new Set(texts.map(templateOf)).size).toBe(texts.length);
  });

  it.each(["select 'open", 'select /* open', 'select "open', "select E'\\'", 'select $a$ open $b$'])(
    'reads nothing of %s, whose end is missing',
    (sql) => expect(parseSqlTemplate(sql)).toBeNull(),
  );
});

describe('hashParameters()', () => {
  const hashOf = (sql: string, values: readonly unknown[] = []): string =>
    hashParameters(parseSqlTemplate(sql)!, values);

  it('differs with literals, their sign and values, and not with blanks', () => {
    const sql = 'select * from t where a = 1 and b = $1';
    expect(hashOf(sql, [1])).toBe(hashOf('select *  from t where a=1 and b=$1 -- x', [1]));
    const others = [
      hashOf(sql, [2]),
      hashOf(sql, ['1']),
      hashOf(sql.replace('1 ', '-1 '), [1]),
      hashOf(sql.replace('1 ', '2 '), [1]),
    ];
    expect(new Set([...others, hashOf(sql, [1])]).size).toBe(5);
  });

  it('takes values that JSON cannot say', () => {
    const loop: unknown[] = [];
    loop.push(loop);
    expect(() => hashOf('select $1', [1n, loop, undefined, Symbol('x')])).not.toThrow();
  });
});

describe('tokenizeSql()', () => {
  it('ends an operator before a comment and before a sign', () => {
    expect(tokenizeSql('a=-5--x\n+b->>c')?.map(({ text }) => text)).toEqual([
      'a',
      '=',
      '-',
      '5',
      '+',
      'b',
      '->>',
      'c',
    ]);
  });
});

describe('splitSql()', () => {
  it('splits where a semicolon is none of a string, a comment or a name', () => {
    expect(splitSql(`select ';'; -- ;\n\n select ";" from t /* ; */;; $$;$$`)).toEqual([
      `select ';'`,
      `-- ;\n\n select ";" from t /* ; */`,
      '$$;$$',
    ]);
    expect(splitSql("select 'open; select 1")).toBeNull();
  });
});

describe('classifyStatement()', () => {
  it.each([
    ['reads', 'select 1'],
    ['reads', 'with x as (select 1) select * from x'],
    ['reads', '(select 1) union (select 2)'],
    ['reads', "select substring(a for 2), extract(year from b), replace(a, 'x', 'y') from t"],
    ['reads', "select 'delete from t; drop table t'"],
    ['write', 'insert into t values (1)'],
    ['write', 'with gone as (delete from t returning *) select * from gone'],
    ['write', 'select * into u from t'],
    ['locks-rows', 'select * from t for update'],
    ['locks-rows', 'select * from t for no key update skip locked'],
    ['locks-rows', 'select * from (select * from t for share) x'],
    ['volatile', 'select * from t tablesample system (10)'],
    ['ddl', 'create index on t (a)'],
    ['ddl', 'begin; alter table t add b int; commit'],
    ['analyze', 'vacuum analyze t'],
    ['several-statements', 'select 1; select 2'],
    ['session', 'begin'],
    ['session', "set work_mem = '1MB'"],
    ['session', 'declare c cursor for select 1'],
    ['session', 'copy t from stdin'],
    ['session', 'listen x'],
    ['session', 'explain select 1'],
    ['session', 'execute x(1)'],
    ['session', 'call p()'],
    ['session', ''],
  ])('says %s of %s', (expected, sql) => {
    expect(classOf(sql)).toBe(expected);
  });
});

describe('judgeOrder()', () => {
  it.each([
    ['no limit', 'select * from t'],
    ['an order that tells all its columns apart', 'select id, a from t order by a desc, id limit 5'],
    ['an order by place and alias', 'select a as x, b from t order by x, 2 limit 5'],
    ['an order of all groups', 'select a, count(*) from t group by a order by count(*), a limit 3'],
    ['one row', 'select count(*) from t limit 1'],
    ['ranks', 'select id, rank() over (order by a) from t'],
  ])('lets pass %s', (_, sql) => {
    expect(orderOf(sql)).toMatchObject({ uniqueKeys: [] });
  });

  it.each([
    ['a limit without order', 'select * from t limit 5'],
    ['an offset without order', 'select id from t offset 5'],
    ['an order with equals', 'select id from t join u using (k) order by a limit 5'],
    ['a limit within', 'select count(*) from (select a from t order by b limit 5) x join u on true'],
    ['DISTINCT ON', 'select distinct on (a) a, b from t order by a'],
    ['lists', 'select array_agg(a) from t'],
    ['numbers of rows', 'select row_number() over (order by a) from t'],
    ['a moving frame', 'select sum(a) over (order by b rows 2 preceding) from t'],
    ['a limit of a union', 'select a from t union select a from u order by a limit 2'],
  ])('holds back %s', (_, sql) => {
    const needs = orderOf(sql);
    // A subquery over one table might be settled by a unique key: that is for the catalog to say.
    expect(needs === null || needs.uniqueKeys.length > 0).toBe(true);
  });

  it('asks the catalog for a unique key of the one table, and for columns that may be floats', () => {
    expect(orderOf('select * from s.t as x where a = 1 order by x.b, c limit 5')).toEqual({
      uniqueKeys: [{ table: 's.t', columns: ['b', 'c'] }],
      exactColumns: [],
    });
    expect(orderOf('select sum(a * b), max(c) from t')).toEqual({ uniqueKeys: [], exactColumns: ['a', 'b'] });
  });
});
