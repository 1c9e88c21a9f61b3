import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkLDiversity } from '../../../src/prepare/index.ts';

describe('checkLDiversity()', () => {
  it('counts the labels of each group and reports the poorest', () => {
    const groups = ['mon', 'mon', 'mon', 'tue', 'tue'];
    expect(checkLDiversity(groups, [0, 1, 1, 2, 2])).toEqual({
      asked: 2,
      reached: 1,
      entropy: 1,
      groups: 2,
      groupsBelow: 1,
      rowsBelow: 2,
    });
  });

  it('gives the entropy of evenly spread labels as their number', () => {
    expect(checkLDiversity([1, 1, 1, 1], [0, 1, 2, 3], 4).entropy).toBeCloseTo(4, 10);
  });

  it('reaches nothing without rows', () => {
    expect(checkLDiversity([], [])).toMatchObject({ reached: null, entropy: null, groups: 0 });
  });

  it('never finds more entropy than distinct labels', () => {
    const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 4 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(rows, (pairs) => {
        const checked = checkLDiversity(
          pairs.map(([group]) => group),
          pairs.map(([, label]) => label),
        );
        expect(checked.entropy!).toBeLessThanOrEqual(5 + 1e-9);
        expect(checked.reached!).toBeGreaterThanOrEqual(1);
        expect(checked.rowsBelow).toBeLessThanOrEqual(pairs.length);
      }),
    );
  });
});
