// A set of numbers kept as stretches holds what a plain set holds, whatever the order in which numbers come.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SequenceRanges } from '../../../src/fleet/collect/sequence-ranges.ts';

describe('SequenceRanges', () => {
  it('holds what a set holds when stretches come in any order and overlap', () => {
    const stretch = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 9 }));
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 30 }), (stretches) => {
        const ranges = new SequenceRanges();
        const plain = new Set<number>();
        for (const [first, more] of stretches) {
          ranges.add(first, first + more);
          for (let number = first; number <= first + more; number++) plain.add(number);
        }
        for (let number = 0; number <= 71; number++) expect(ranges.has(number)).toBe(plain.has(number));
        const sorted = [...plain].sort((a, b) => a - b);
        const span = sorted.length === 0 ? 0 : sorted.at(-1)! - sorted[0]! + 1;
        expect(ranges.missing).toBe(span - plain.size);
      }),
    );
  });

  it('joins stretches that touch', () => {
    const ranges = new SequenceRanges();
    for (const number of [5, 1, 3, 2, 4]) ranges.add(number);
    expect(ranges.stretches).toEqual([{ first: 1, last: 5 }]);
  });
});
