import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { blockLengthOf, scoreAnswers, scorePair } from '../../../src/models/scores.ts';

const rowsOf = (labels: number[], blockLength = 5, classes = [0, 1, 2, 3]) => ({
  labels,
  classes,
  blockLength,
});

it('scoreAnswers() gives the macro-F1 of the field', () => {
  // TP, FP, FN of class 0: 2, 1, 1; of class 1: 1, 1, 1.
  const { macroF1 } = scoreAnswers(rowsOf([0, 0, 0, 1, 1], 1, [0, 1]), [0, 0, 1, 1, 0]);
  expect(macroF1).toBeCloseTo((4 / 6 + 2 / 4) / 2, 12);
});

it('scoreAnswers() is sure of rows that are all right and all wrong', () => {
  const labels = Array.from({ length: 100 }, (_, i) => i % 4);
  expect(scoreAnswers(rowsOf(labels), labels)).toEqual({ macroF1: 1, interval: [1, 1] });
  const wrong = labels.map((label) => (label + 1) % 4);
  expect(scoreAnswers(rowsOf(labels), wrong)).toEqual({ macroF1: 0, interval: [0, 0] });
});

it('scorePair() finds no difference between a model and itself, whatever it answers', () => {
  const label = fc.nat(3);
  fc.assert(
    fc.property(fc.array(fc.tuple(label, label), { minLength: 2, maxLength: 200 }), (pairs) => {
      const predicted = pairs.map(([, answer]) => answer);
      const rows = rowsOf(
        pairs.map(([expected]) => expected),
        3 > pairs.length ? 1 : 3,
      );
      const { difference, interval } = scorePair(rows, predicted, predicted);
      expect([difference, ...interval]).toEqual([0, 0, 0]);
    }),
    { numRuns: 20 },
  );
});

it('scorePair() tells models apart that each alone could not be', () => {
  // Phases that are hard for both: the score swings, the difference does not.
  const labels = Array.from({ length: 400 }, (_, i) => (i >> 1) % 2);
  const isHard = (i: number): boolean => (i / 80) % 2 >= 1;
  const a = labels.map((label, i) => (isHard(i) && i % 3 === 0 ? 1 - label : label));
  const b = labels.map((label, i) => (i % 20 === 3 ? 1 - label : a[i]!));
  const pair = scorePair(rowsOf(labels, 40, [0, 1]), a, b);
  expect(pair.interval[0]).toBeGreaterThan(0);
  expect(pair.b.interval[1]).toBeGreaterThan(pair.a.interval[0]);
});

it.each([
  [1000, null, 10],
  [1000, 5000, 10],
  [1000, 60_000, 60],
  [100, 60_000, 20],
  [3, 60_000, 1],
])('blockLengthOf() of %i rows a second apart with horizon %s is %i', (rows, horizonMs, wanted) => {
  const times = Array.from({ length: rows }, (_, i) => i * 1000);
  expect(blockLengthOf(rows, times, horizonMs)).toBe(wanted);
});
