// Whether a console runs what was typed, waits for more, or says that it is wrong.
import { describe, expect, it } from 'vitest';
import { checkComplete } from '../../../kernel/language/is-complete.ts';

const incomplete: readonly [code: string, indent: string][] = [
  ['function f() {', '  '],
  ['function f(', '  '],
  ['function f(a: number', '  '],
  ['if (a) {\n  if (b) {', '    '],
  ['if (a) {\n  b();', '  '],
  ['if (a)', '  '],
  ['if (a) b(); else', '  '],
  ['for (const a of', '  '],
  ['do {', '  '],
  ['try {\n  a();\n}', ''],
  ['switch (a) {\n  case 1:', '    '],
  ['const a =', '  '],
  ['const a = [1, 2,', '  '],
  ['const { a, b', '  '],
  ['call(a,', '  '],
  ['call(\n  a,', '  '],
  ['a +', ''],
  ['a ? b', ''],
  ['a.', ''],
  ['new', ''],
  ['(a) =>', '  '],
  ['const f = async (a: number): Promise<number> =>', '  '],
  ['class A {', '  '],
  ['class A extends B', ''],
  ['@decorated', ''],
  ['@decorated({ a: 1 })', '  '],
  ['interface A {\n  a: string;', '  '],
  ['type A =', '  '],
  ['type A = {\n  a: 1;', '  '],
  ['enum E {\n  A,', '  '],
  ['const a = new Map<string,', ''],
  ['const pair = <A, B>(a: A', '  '],
  ['import {', '  '],
  ['import { a }', ''],
  ['import', ''],
  ['`text', ''],
  ['`text ${a', '  '],
  ['`text ${a} more', ''],
  ["const a = `it's", ''],
  ['/* comment', ''],
  ['const a = 1; /* comment', ''],
  ['function f() { // why', '  '],
  ['"text \\', ''],
  ['{ a: 1,', '  '],
  ['{ a: 1, b: {', '  '],
  ['await Promise.all([', '  '],
  ['<div>', ''],
  ['const a = <b>text {x}', ''],
  ['const a = (\n  <ul>\n    <li/>', '    '],
  ['%%python', ''],
  ['%%python -i a\nprint(a)', ''],
];

const complete = [
  '',
  '1 + 1',
  'const a = 1',
  'function f() {\n}',
  'if (a) { b() } else { c() }',
  '{ a: 1, b: 2 }',
  '`text ${`inner ${a}`} more`',
  '`\n"unclosed\n`',
  '/[`"\']/.test(a)',
  "'/* no comment'",
  '// comment with ( and `',
  '/* comment */',
  '@decorated class A {}',
  'const pair = <A, B>(a: A, b: B): [A, B] => [a, b]',
  'const a = <number>b',
  'const a = <b>text</b>',
  '<><hr/></>',
  'const a: Array<Array<number>> = []',
  'for await (const a of b) {}',
  'await using a = b()',
  'import x from "y" with { type: "json" }',
  '%timeit a',
  '!ls (',
  'const files = %sx ls',
  '%cd ..\nconst a = 1',
  '%%python\nprint(1)\n',
  '#!/usr/bin/env node\n1',
];

const invalid = [
  'const = 7q',
  'const = 1',
  'a b c',
  ')',
  'function f() { return 1 }}',
  '"unclosed',
  "const a = 'unclosed\nconst b = 1",
  'const 1a = 2',
  'if a {',
  'class 1A {}',
  'foo(]',
  '<b></i>',
  'let let = 1; )(',
];

describe('checkComplete()', () => {
  it.each(incomplete)('waits for more after %j', (code, indent) => {
    expect(checkComplete(code)).toEqual({ status: 'incomplete', indent });
  });

  it.each(complete)('runs %j', (code) => {
    expect(checkComplete(code)).toEqual({ status: 'complete' });
  });

  it.each(invalid)('refuses %j', (code) => {
    expect(checkComplete(code)).toEqual({ status: 'invalid' });
  });
});
