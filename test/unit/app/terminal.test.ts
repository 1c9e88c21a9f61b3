// What the commands print beside their results.
import { expect, it } from 'vitest';
import { formatSeconds } from '../../../src/app/terminal.ts';

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
