// Raw answers → predictions, and the tally behind a rollback.
import { expect, it } from 'vitest';
import { answerShapeOf } from '../../../src/models/answer-shape.ts';
import { ERROR_WINDOW, countOutcome, toPrediction } from '../../../src/models/loaded-model.ts';
import type { LoadedModel } from '../../../src/models/loaded-model.ts';

const shape = answerShapeOf({ outputs: { label: 'label', probabilities: 'probabilities' }, classes: [0, 1, 3] });
const model = { shape, stamp: 'memopt@v' };

it('toPrediction() spreads the columns over the four labels', () => {
  const answer = { label: 3, values: Float32Array.of(0.25, 0.25, 0.5) };
  expect(toPrediction(model, answer)).toEqual({
    label: 'Critical',
    probabilities: Float32Array.of(0.25, 0.25, 0, 0.5),
    modelVersion: 'memopt@v',
  });
});

it.each([
  ['a probability that is not a number', 0, [Number.NaN, 0, 1], 'ERR_MODEL_NAN'],
  ['an infinite probability', 0, [0, Number.POSITIVE_INFINITY, 1], 'ERR_MODEL_NAN'],
  ['a label outside the list', 7, [0, 0, 1], 'ERR_MODEL_PROBABILITIES'],
  ['a label the model has no class for', 2, [0, 0, 1], 'ERR_MODEL_PROBABILITIES'],
  ['a share below 0 by more than a rounding', 3, [-0.01, 0, 1.01], 'ERR_MODEL_PROBABILITIES'],
  ['raw scores', 3, [-2, 0.5, 7], 'ERR_MODEL_PROBABILITIES'],
  ['shares that sum to 2', 3, [0.5, 0.5, 1], 'ERR_MODEL_PROBABILITIES'],
])('toPrediction() refuses %s', (_, label, shares, code) => {
  const answer = { label, values: Float32Array.from(shares) };
  expect(() => toPrediction(model, answer)).toThrow(expect.objectContaining({ code }));
});

it('toPrediction() clips what a forest overshoots by a rounding, and shares it out', () => {
  const answer = { label: 3, values: Float32Array.of(-1.2e-7, 0, 1.0000001) };
  expect([...toPrediction(model, answer).probabilities]).toEqual([0, 0, 0, 1]);
});

it('countOutcome() forgets errors of an earlier window', () => {
  const tally = { windowRequests: 0, windowErrors: 0 } as LoadedModel;
  for (let i = 0; i < ERROR_WINDOW; i++) countOutcome(tally, 1);
  expect(tally.windowErrors).toBe(ERROR_WINDOW);
  countOutcome(tally, 0);
  expect(tally).toEqual({ windowRequests: 1, windowErrors: 0 });
});
