// What the commands print beside their results.
import { expect, it } from 'vitest';
import { countNoun, formatSeconds, showControls } from '../../../src/app/terminal.ts';

it.each([
  [0.04, '0.0 s'],
  [9.94, '9.9 s'],
  [9.97, '10 s'],
  [89.4, '89 s'],
  [89.6, '1 min 30 s'],
  [119.4, '1 min 59 s'],
  [119.7, '2 min 0 s'],
  [3599.9, '60 min 0 s'],
  [5399.4, '89 min 59 s'],
  [5399.6, '1.5 h'],
  [86_400, '24.0 h'],
])('formatSeconds(%d) gives %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

it.each([
  ['Unexpected token \u001b[31m', 'Unexpected token \\x1b[31m'],
  ['a\rb\u0007\u0000', 'a\\x0db\\x07\\x00'],
  ['a \u009b2J', 'a \\x9b2J'],
  ['two\nlines\tand ünïcode ✔', 'two\nlines\tand ünïcode ✔'],
])('showControls() shows what would command a terminal, of %j', (text, shown) => {
  expect(showControls(text)).toBe(shown);
});

it('countNoun() is singular for one', () => {
  expect([0, 1, 2].map((count) => countNoun(count, 'client'))).toEqual([
    '0 clients',
    '1 client',
    '2 clients',
  ]);
});
