import { expect, it } from 'vitest';
import {
  MAX_WINDOW_STEPS,
  findWindowFlaw,
  parseWindowColumn,
  stepsWithin,
  windowColumns,
} from '../../../src/core/index.ts';

it('windowColumns() names every step, oldest first, and without a window the features', () => {
  expect(windowColumns(['a', 'b'], { steps: 2, everyMs: 500 })).toEqual(['a@-1', 'b@-1', 'a@-0', 'b@-0']);
  expect(windowColumns(['a', 'b'], undefined)).toEqual(['a', 'b']);
});

it('parseWindowColumn() gives feature and age, and age 0 for a name without one', () => {
  expect(parseWindowColumn('swap_in_rate@-12')).toEqual({ name: 'swap_in_rate', age: 12 });
  expect(parseWindowColumn('swap_in_rate')).toEqual({ name: 'swap_in_rate', age: 0 });
});

const window = (steps: number, everyMs: number) => ({ steps, everyMs });

it.each([
  ['the newest row', undefined, window(4, 1000), [3]],
  ['the newest row alone', undefined, undefined, [0]],
  ['itself', window(3, 1000), window(3, 1000), [0, 1, 2]],
  ['a shorter one', window(2, 1000), window(4, 1000), [2, 3]],
  ['a coarser one', window(2, 3000), window(4, 1000), [0, 3]],
  ['no longer one', window(5, 1000), window(4, 1000), null],
  ['no finer one', window(2, 500), window(4, 1000), null],
  ['none between its steps', window(2, 1500), window(4, 1000), null],
  ['none where it is one row', window(2, 1000), undefined, null],
])('stepsWithin() finds %s', (_, inner, outer, expected) => {
  expect(stepsWithin(inner, outer)).toEqual(expected);
});

it.each([
  null,
  'x',
  [],
  {},
  window(1, 1000),
  window(MAX_WINDOW_STEPS + 1, 1000),
  window(2.5, 1000),
  window(2, 0),
])('findWindowFlaw() says what is wrong with %j', (value) =>
  expect(findWindowFlaw(value)).toMatch(/wanted a whole number/),
);

it('findWindowFlaw() finds none in a window', () => {
  expect(findWindowFlaw(window(MAX_WINDOW_STEPS, 1))).toBeNull();
});
