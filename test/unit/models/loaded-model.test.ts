// Raw answers → predictions, and the tally behind a rollback.
import { expect, test } from 'vitest';
import { ERROR_WINDOW, countOutcome, toPrediction } from '../../../src/models/loaded-model.ts';
import type { LoadedModel } from '../../../src/models/loaded-model.ts';

const model = { classes: [0, 1, 3], stamp: 'memopt@v' };

test('toPrediction() spreads the columns over the four labels', () => {
  const answer = { label: 3, probabilities: Float32Array.of(0.25, 0.25, 0.5) };
  expect(toPrediction(model, answer)).toEqual({
    label: 'Critical',
    probabilities: Float32Array.of(0.25, 0.25, 0, 0.5),
    modelVersion: 'memopt@v',
  });
});

test.each([
  ['a probability that is not a number', { label: 0, probabilities: Float32Array.of(Number.NaN, 0, 1) }],
  ['an infinite probability', { label: 0, probabilities: Float32Array.of(0, Number.POSITIVE_INFINITY, 1) }],
  ['a label outside the list', { label: 7, probabilities: Float32Array.of(0, 0, 1) }],
])('toPrediction() refuses %s', (_, answer) => {
  expect(() => toPrediction(model, answer)).toThrow(expect.objectContaining({ code: 'ERR_MODEL_NAN' }));
});

test('countOutcome() forgets errors of an earlier window', () => {
  const tally = { windowRequests: 0, windowErrors: 0 } as LoadedModel;
  for (let i = 0; i < ERROR_WINDOW; i++) countOutcome(tally, 1);
  expect(tally.windowErrors).toBe(ERROR_WINDOW);
  countOutcome(tally, 0);
  expect(tally).toEqual({ windowRequests: 1, windowErrors: 0 });
});
