// The judge of freed memory is judged: what it lets pass and what not.
import { describe, expect, it } from 'vitest';
import { buildTrial, isFreedRight } from '../../support/optimize/freed-trial.ts';
import type { FreedResult } from '../../support/optimize/freed-trial.ts';

const trial = buildTrial(0, false);
const said = (freedKib: number | null, truthKib: number, advisedKib = 40_960): FreedResult => ({
  trial,
  refused: null,
  advisedKib,
  freedKib,
  truthKib,
});

describe('isFreedRight()', () => {
  it('accepts a figure within 5 % of the truth, and unknown', () => {
    expect(isFreedRight(said(39_000, 40_000))).toBe(true);
    expect(isFreedRight(said(null, 40_000))).toBe(true);
  });

  it('refuses a figure that is off by more than 5 %, of either sign', () => {
    expect(isFreedRight(said(36_000, 40_000))).toBe(false);
    expect(isFreedRight(said(-40_000, 40_000))).toBe(false);
  });

  it('refuses what came back being counted as freed', () => {
    expect(isFreedRight(said(10_240, 0))).toBe(false);
  });

  it('refuses more than was advised, however near to the truth', () => {
    expect(isFreedRight(said(41_000, 40_900, 40_960))).toBe(false);
  });
});

describe('buildTrial()', () => {
  it('gives the same trial for the same number, with anonymous memory only on zram', () => {
    expect(buildTrial(7, true)).toEqual(buildTrial(7, true));
    const anonymous = Array.from({ length: 50 }, (_, n) => buildTrial(n, false).anonMib);
    expect(Math.max(...anonymous)).toBe(0);
    expect(buildTrial(1, true).anonMib).toBeGreaterThan(0);
  });
});
