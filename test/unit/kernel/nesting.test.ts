// Code that is too deep for a parser, and code that is only long.
import { describe, expect, it } from 'vitest';
import { isTooDeep } from '../../../kernel/runtime/nesting.ts';

const many = 20_000;
const deep: readonly (readonly [string, string])[] = [
  ['parentheses', `${'('.repeat(many)}1${')'.repeat(many)}`],
  ['parentheses that are not closed', '('.repeat(many)],
  ['arrays', `${'['.repeat(many)}${']'.repeat(many)}`],
  ['objects', `x = ${'{ a: '.repeat(many)}1${' }'.repeat(many)}`],
  ['blocks', `${'{'.repeat(many)}${'}'.repeat(many)}`],
  ['calls', `${'f('.repeat(many)}${')'.repeat(many)}`],
  ['functions', `${'function f() {'.repeat(many)}${'}'.repeat(many)}`],
  ['templates', `${'`${'.repeat(many)}1${'}`'.repeat(many)}`],
  ['conditions', `${'a ? b : '.repeat(many)}c`],
  ['arrow functions', `${'x => '.repeat(many)}1`],
  ['assignments', `${'a = '.repeat(many)}1`],
  ['if', `${'if (a) '.repeat(many)};`],
  ['else if', `if (a) {}${' else if (a) {}'.repeat(many)}`],
  ['not', `${'!'.repeat(many)}1`],
  ['minus', `${'- '.repeat(many)}1`],
  ['typeof', `${'typeof '.repeat(many)}1`],
  ['new', `${'new '.repeat(many)}X`],
  ['powers', `a${' ** a'.repeat(many)}`],
  ['generic types', `type T = ${'A<'.repeat(many)}B${'>'.repeat(many)}`],
  ['calls in a row', `a${'.b()'.repeat(many)}`],
  ['parentheses over lines', `${'(\n'.repeat(many)}1${'\n)'.repeat(many)}`],
];

describe('isTooDeep()', () => {
  it.each(deep)('tells %s', (_what, code) => expect(isTooDeep(code)).toBe(true));

  it.each([
    ['a short cell', 'const a = [[[1]]]'],
    ['many statements', 'x = 1;\n'.repeat(many)],
    ['many statements without semicolons', 'x = 1\n'.repeat(many)],
    ['a long array', `[${'1, '.repeat(many)}1]`],
    ['a long array of objects', `[${'{ a: -1, b: !0, c: x ? y : z },\n'.repeat(many)}]`],
    ['many functions', 'function f(a) { return a ? (b) => [a, b] : null }\n'.repeat(many)],
    ['a long text', `'${'('.repeat(many)}'`],
    ['a long template', `\`${'([{ '.repeat(many)}\``],
    ['a long comment', `/* ${'('.repeat(many)} */ 1 // ${'['.repeat(many)}`],
    ['a long sum', `1${' + 1'.repeat(5000)}`],
    ['brackets in regular expressions', '/[(]/.test(x)\n'.repeat(500)],
    ['a switch', `switch (x) {\n${'case 1: y = 2; break\n'.repeat(many)}}`],
  ])('lets %s be', (_what, code) => expect(isTooDeep(code)).toBe(false));
});
