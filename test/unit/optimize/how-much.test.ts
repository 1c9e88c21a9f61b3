import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labels } from '../../../src/core/index.ts';
import { createStallLaw, goals, stallOf, tmoReclaimBytes } from '../../../src/optimize/index.ts';
import type { HowMuchState, StallReading } from '../../../src/optimize/index.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const unknown: StallReading = { causedFraction: null, majorFaultFraction: null, psiFraction: null };
const calm: StallReading = { causedFraction: 0, majorFaultFraction: 0, psiFraction: 0 };
const state = (fields: Partial<HowMuchState>): HowMuchState => ({
  goal: 'relieve',
  label: 'Critical',
  currentBytes: GIB,
  missingBytes: null,
  stall: calm,
  ...fields,
});

describe('tmoReclaimBytes()', () => {
  it('gives current · r at no stall, as TMO publishes', () => {
    expect(tmoReclaimBytes(10 * GIB, 0.0005, 0, 0.001)).toBeCloseTo(10 * GIB * 0.0005);
  });

  it('falls in a straight line to nothing at the threshold', () => {
    const values = [0.00025, 0.0005, 0.00075, 0.001, 0.01].map((stall) =>
      tmoReclaimBytes(1000, 1, stall, 0.001),
    );
    expect(values.map(Math.round)).toEqual([750, 500, 250, 0, 0]);
  });
});

describe('stallOf()', () => {
  it('counts only what we caused while relieving: a target may wait because memory is scarce', () => {
    const stall = stallOf('relieve', { ...calm, causedFraction: 0.0002, majorFaultFraction: 0.5 });
    expect(stall).toEqual({ fraction: 0.0002, source: 'pages that came back' });
  });

  it('counts all waiting of the target while saving', () => {
    const stall = stallOf('save', { ...calm, causedFraction: 0.0002, majorFaultFraction: 0.5 });
    expect(stall).toEqual({ fraction: 0.5, source: 'major faults of the target' });
  });

  it('takes pages that came back when read-ahead hides them from major faults', () => {
    expect(stallOf('save', { ...calm, causedFraction: 0.02 }).fraction).toBe(0.02);
  });

  it.each(goals)('ignores pressure while the target itself is calm, goal %s', (goal) => {
    expect(stallOf(goal, { ...calm, psiFraction: 0.5 }).fraction).toBe(0);
  });

  it.each(goals)('takes PSI where nothing else is known, and says so when nothing is, goal %s', (goal) => {
    expect(stallOf(goal, { ...unknown, psiFraction: 0.2 }).fraction).toBe(0.2);
    expect(stallOf(goal, unknown)).toEqual({ fraction: null, source: 'no stall is known yet' });
  });
});

describe('createStallLaw().budgetBytes()', () => {
  const law = createStallLaw();

  it('gives by label a share of the target, and nothing without a label', () => {
    const budgets = labels.map((label) => law.budgetBytes(state({ label, currentBytes: 400 * MIB })));
    expect(budgets).toEqual([0, 100 * MIB, 200 * MIB, 400 * MIB]);
  });

  it('gives half of the target while saving, whatever the label', () => {
    const budgets = labels.map((label) =>
      law.budgetBytes(state({ goal: 'save', label, currentBytes: 400 * MIB })),
    );
    expect(new Set(budgets)).toEqual(new Set([200 * MIB]));
  });

  it('takes no more than is missing', () => {
    expect(law.budgetBytes(state({ missingBytes: 3 * MIB }))).toBe(3 * MIB);
    expect(law.budgetBytes(state({ missingBytes: 0 }))).toBe(0);
  });

  it('backs off at once when the stall reaches the budget, and in part before', () => {
    const at = (causedFraction: number, stallBudget?: number): number =>
      (stallBudget === undefined ? law : createStallLaw({ stallBudget })).budgetBytes(
        state({ currentBytes: 400 * MIB, stall: { ...calm, causedFraction } }),
      );
    expect(at(0.001)).toBe(0);
    expect(at(0.0005)).toBe(200 * MIB);
    expect(at(0.001, 0.01)).toBe(360 * MIB);
  });

  it('does not reclaim blind', () => {
    expect(law.budgetBytes(state({ stall: unknown }))).toBe(0);
    expect(law.budgetBytes(state({ stall: { ...unknown, causedFraction: Number.NaN } }))).toBe(0);
  });

  it('never exceeds the caps and never grows with the stall', () => {
    const stalls = fc.double({ min: 0, max: 1, noNaN: true });
    const missing = fc.option(fc.nat(2 ** 40), { nil: null });
    fc.assert(
      fc.property(
        fc.constantFrom(...goals),
        fc.constantFrom(...labels),
        fc.nat(2 ** 45),
        missing,
        stalls,
        stalls,
        (goal, label, currentBytes, missingBytes, a, b) => {
          const at = (share: number): number =>
            law.budgetBytes(
              state({ goal, label, currentBytes, missingBytes, stall: { ...calm, causedFraction: share } }),
            );
          const [less, more] = [at(Math.min(a, b)), at(Math.max(a, b))];
          const most = Math.min(512 * MIB, currentBytes, missingBytes ?? Infinity);
          return more <= less && less <= most && more >= 0;
        },
      ),
    );
  });
});
