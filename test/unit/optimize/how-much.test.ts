import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { labels } from '../../../src/core/index.ts';
import { createSenpaiLaw, stallOf, tmoReclaimBytes } from '../../../src/optimize/index.ts';
import type { StallReading } from '../../../src/optimize/index.ts';

const GIB = 2 ** 30;
const unknown: StallReading = {
  swapInFraction: null,
  majorFaultFraction: null,
  refaultFraction: null,
  psiFraction: null,
};
const calm: StallReading = { ...unknown, majorFaultFraction: 0, refaultFraction: 0, psiFraction: 0 };

describe('tmoReclaimBytes()', () => {
  test('gives current · r at no stall, as TMO publishes', () => {
    expect(tmoReclaimBytes(10 * GIB, 0.0005, 0, 0.001)).toBeCloseTo(10 * GIB * 0.0005);
  });

  test('falls in a straight line to nothing at the threshold', () => {
    const values = [0.00025, 0.0005, 0.00075, 0.001, 0.01].map((stall) =>
      tmoReclaimBytes(1000, 1, stall, 0.001),
    );
    expect(values.map(Math.round)).toEqual([750, 500, 250, 0, 0]);
  });
});

describe('stallOf()', () => {
  test('takes the target before PSI, which reads 0 while processes stall', () => {
    expect(stallOf({ ...calm, majorFaultFraction: 0.0062 }).fraction).toBe(0.0062);
  });

  test('ignores the pressure of the host while the target itself is calm', () => {
    expect(stallOf({ ...calm, psiFraction: 0.5 }).fraction).toBe(0);
  });

  test('takes pages that came back when read-ahead hides them from major faults', () => {
    const stall = stallOf({ ...calm, refaultFraction: 0.02 });
    expect(stall).toEqual({ fraction: 0.02, source: 'pages that came back to the target' });
  });

  test('takes measured swap-in delay before everything and PSI last', () => {
    expect(stallOf({ ...calm, swapInFraction: 0.3, majorFaultFraction: 0.4 }).fraction).toBe(0.3);
    expect(stallOf({ ...unknown, psiFraction: 0.2 }).fraction).toBe(0.2);
  });
});

describe('createSenpaiLaw().budgetBytes()', () => {
  const law = createSenpaiLaw();

  test('scales with the label and stays within half of the target', () => {
    const budgets = labels.map((label) => law.budgetBytes({ label, currentBytes: GIB, stall: calm }));
    expect(budgets).toEqual([0, 0.01 * GIB, 0.1 * GIB, 0.5 * GIB].map(Math.floor));
  });

  test('backs off at once when the stall reaches 0.1 %', () => {
    const stall = { ...calm, majorFaultFraction: 0.001 };
    expect(law.budgetBytes({ label: 'Critical', currentBytes: GIB, stall })).toBe(0);
  });

  test('does not reclaim blind', () => {
    expect(law.budgetBytes({ label: 'Critical', currentBytes: GIB, stall: unknown })).toBe(0);
    const broken = { ...unknown, psiFraction: Number.NaN };
    expect(law.budgetBytes({ label: 'Critical', currentBytes: GIB, stall: broken })).toBe(0);
  });

  test('never exceeds the caps and never grows with the stall', () => {
    const stalls = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.constantFrom(...labels),
        fc.nat(2 ** 45),
        stalls,
        stalls,
        (label, currentBytes, a, b) => {
          const at = (share: number): number =>
            law.budgetBytes({ label, currentBytes, stall: { ...calm, majorFaultFraction: share } });
          const [less, more] = [at(Math.min(a, b)), at(Math.max(a, b))];
          return more <= less && less <= Math.min(512 * 2 ** 20, currentBytes * 0.5) && more >= 0;
        },
      ),
    );
  });
});
