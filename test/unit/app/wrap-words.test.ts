// Lines of a terminal end between words.
import { describe, expect, it } from 'vitest';
import { formatRows, formatTable } from '../../../src/app/terminal.ts';
import { wrapWords } from '../../../src/app/wrap-words.ts';

describe('wrapWords()', () => {
  it.each([
    ['short', 'short'],
    ['one two three four five six', 'one two three four\nfive six'],
    ['  - one two three four five', '  - one two three\n  four five'],
    ['first\nsecond line that is too long', 'first\nsecond line that is\ntoo long'],
    ['see /a/path/that/is/longer/than/a/line now', 'see\n/a/path/that/is/longer/than/a/line\nnow'],
  ])('breaks %j between words', (text, wrapped) => {
    expect(wrapWords(text, 20)).toBe(wrapped);
  });

  it.each([Infinity, 5])('leaves a text as it is for %d columns', (columns) => {
    expect(wrapWords('one two three four five', columns)).toBe('one two three four five');
  });
});

it('formatRows() goes on below the value', () => {
  expect(formatRows([['name', 'one two three four five six']], 28)).toBe(
    'name  one two three four\n      five six',
  );
});

describe('formatTable()', () => {
  const rows = [
    ['a@1', 'live', '0.5'],
    ['b@22', '', '0.25'],
  ];

  it('aligns columns under their heads', () => {
    expect(formatTable(['model', 'alias', 'score'], rows, 80)).toBe(
      'model  alias  score\na@1    live   0.5\nb@22          0.25',
    );
  });

  it('becomes a block for each row where the terminal is too narrow', () => {
    expect(formatTable(['model', 'alias', 'score'], rows, 15)).toBe(
      'a@1\n  alias  live\n  score  0.5\nb@22\n  score  0.25',
    );
  });
});
