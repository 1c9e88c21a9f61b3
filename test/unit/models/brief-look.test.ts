// When a side of the ring looks before it sleeps, and when it stops doing so.
import { expect, it } from 'vitest';
import { createBriefLook } from '../../../src/models/brief-look.ts';
import type { BriefLook } from '../../../src/models/brief-look.ts';

/** A look on a clock that moves 1 µs each time it is read. */
function onSlowClock(cores = 2): { look: BriefLook; elapsedUs: () => number } {
  let readings = 0;
  return { look: createBriefLook({ cores, now: () => readings++ / 1000 }), elapsedUs: () => readings };
}

/** Of the next `count` occasions, how many are due; each one looks in vain. */
function lookInVain(look: BriefLook, count: number): number {
  let due = 0;
  for (let i = 0; i < count; i++) {
    if (!look.isDue()) continue;
    due++;
    look.until(() => false);
  }
  return due;
}

it('until() returns at once when it is there and after 40 µs when it is not', () => {
  const { look, elapsedUs } = onSlowClock();
  expect(look.until(() => true)).toBe(true);
  expect(elapsedUs()).toBe(1);
  expect(look.until(() => false)).toBe(false);
  expect(elapsedUs()).toBeGreaterThanOrEqual(41);
  expect(elapsedUs()).toBeLessThanOrEqual(44);
});

it('until() sees what comes while it looks', () => {
  let asked = 0;
  expect(onSlowClock().look.until(() => ++asked === 20)).toBe(true);
});

it('isDue() says no more often with each look in vain, but never for good', () => {
  const { look } = onSlowClock();
  expect(lookInVain(look, 1 + 2 + 3 + 5 + 9)).toBe(5);
  expect(lookInVain(look, 1700)).toBe(100);
});

it('isDue() says yes again on every occasion after one look that found something', () => {
  const { look } = onSlowClock();
  lookInVain(look, 1000);
  while (!look.isDue());
  look.until(() => true);
  for (let i = 0; i < 5; i++) expect(look.isDue()).toBe(true);
});

it('isDue() never says yes on a single core', () => {
  const { look } = onSlowClock(1);
  for (let i = 0; i < 1000; i++) expect(look.isDue()).toBe(false);
});
