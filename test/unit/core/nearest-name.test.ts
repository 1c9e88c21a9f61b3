import { describe, expect, it } from 'vitest';
import { findNearest } from '../../../src/core/index.ts';

describe('findNearest()', () => {
  it.each([
    ['fitler', 'filter'],
    ['filtr', 'filter'],
    ['FILTER', 'filter'],
    ['postgress', 'postgres'],
    ['f', null],
    ['nothing', null],
  ])('finds for %s %s', (name, wanted) => {
    expect(findNearest(name, ['filter', 'fill', 'postgres'])).toBe(wanted);
  });
});
