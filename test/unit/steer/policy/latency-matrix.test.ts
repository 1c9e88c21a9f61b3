// Matrices from CSV: forms of names and cells, and what is refused.
import { expect, it } from 'vitest';
import { parseLatencyMatrix } from '../../../../src/steer/policy/index.ts';

const parse = (text: string, templatePattern?: RegExp) =>
  parseLatencyMatrix(text, { name: 'test.csv', ...(templatePattern && { templatePattern }) });

it.each([
  ['query001_0', 'query001'],
  ['query013_spj_12', 'query013_spj'],
  ['10a', '10'],
  ['1a7', '1a'],
  ['2b103.sql', '2b'],
  ['q7', 'q7'],
  ['warehouse', 'warehouse'],
])('parseLatencyMatrix() names the template of %s as %s', (query, template) => {
  expect(parse(`filename,0,1\n${query},1,2\n`).templates).toEqual([template]);
});

it('parseLatencyMatrix() takes the template from a pattern when one is given', () => {
  const { templates, templateOf } = parse('q,0\nalpha/1,1\nalpha/2,1\nbeta/1,2\n', /^(\w+)\//);
  expect(templates).toEqual(['alpha', 'beta']);
  expect([...templateOf]).toEqual([0, 0, 1]);
});

it('parseLatencyMatrix() keeps missing and stopped cells apart when it reads them', () => {
  const { latency, isStopped, planOf, leftOut, queries } = parse(
    'q,default,a,b,c\r\n"x, 1",2,,>300,inf\r\n\r\n"say ""y""",4,4,timeout,1e1\r\nz,NA,1,2,3\r\n',
  );
  expect(queries).toEqual(['x, 1', 'say "y"']);
  expect(leftOut).toEqual(['z']);
  expect([...latency]).toEqual([2, NaN, 300, 300, 4, 4, 10, 10]);
  expect([...isStopped]).toEqual([0, 0, 1, 1, 0, 0, 1, 0]);
  // Equal latencies are one plan; equal time-outs are not.
  expect([...planOf]).toEqual([0, 1, 2, 3, 0, 0, 2, 3]);
});

it('parseLatencyMatrix() reads a matrix when it has one arm, one query, a BOM and no last line break', () => {
  const { arms, queries } = parse('\uFEFFname,only\na1,5');
  expect([arms, queries]).toEqual([['only'], ['a1']]);
});

it.each([
  ['', /empty/],
  ['q\na\n', /no column/],
  ['q,0,0\na,1,2\n', /two columns are named "0"/],
  ['q,0\n', /no queries/],
  ['q,0\na,1\na,2\n', /line 3 is a second row of "a"/],
  ['q,0,1\na,1\n', /line 2 has 2 cells, the header 3/],
  ['q,0,1\na,1,fast\n', /line 2, column "1" is "fast"/],
  ['q,0,1\na,1,-2\n', /"-2"/],
  ['q,0,1\na,1,>\n', /">"/],
  ['q,0\n,1\n', /line 2 has no name/],
  ['q,0\na,\n', /no query has a latency of the default/],
  ['q,0\n"a,1\n', /quote that is not closed/],
])('parseLatencyMatrix() refuses %j with what is wrong', (text, state) => {
  expect(() => parse(text)).toThrow(
    expect.objectContaining({ code: 'ERR_STEER_MATRIX', message: expect.stringMatching(state) }),
  );
});
