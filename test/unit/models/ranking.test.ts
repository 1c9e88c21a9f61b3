import { expect, it } from 'vitest';
import { judge } from '../../../src/models/gate.ts';
import { figureOf, scoreAnswers, scorePair } from '../../../src/models/scores.ts';

const rows = (labels: number[]) => ({ task: 'anomaly', labels, classes: [], blockLength: 1 }) as const;

it('scoreAnswers() gives the average precision of a detector, rows of one score together', () => {
  // scikit-learn: average_precision_score([0,1,0,1,0],[.1,.9,.5,.5,.2]) = 0.8333
  expect(figureOf(scoreAnswers(rows([0, 1, 0, 1, 0]), [0.1, 0.9, 0.5, 0.5, 0.2]))).toBeCloseTo(0.8333, 4);
});

it('scorePair() gives the mean absolute error of forecasts, of which less is better', () => {
  const values = Float32Array.from({ length: 40 }, (_, i) => i);
  const held = { task: 'forecast', labels: [], classes: [], values, blockLength: 4 } as const;
  const pair = scorePair(held, values.map((v) => v + 1), values.map((v) => v - 3));
  expect(pair).toMatchObject({ a: { mae: 1 }, b: { mae: 3 }, difference: -2, interval: [-2, -2] });
});

it('judge() passes a forecast that errs less than persistence, and says it in its own words', () => {
  const values = Float32Array.from({ length: 60 }, (_, i) => 50 + 10 * Math.sin(i));
  const report = judge({
    name: 'f@1',
    task: 'forecast',
    rows: { rows: 60, timestamps: null, features: new Float32Array(60), labels: new Int8Array(60), values, baselines: { persistence: values.map((v) => v + 4) } },
    predicted: values.map((v) => v + 1),
    live: null,
    averagedOver: [],
    horizonMs: null,
  });
  expect(report).toMatchObject({ verdict: 'passed', metric: 'mae', rivals: [{ name: 'persistence', mae: 4, candidate: { mae: 1 } }] });
  expect(report.reason).toContain('mean absolute error 1.000 on 60 held-out rows is not above the baseline persistence');
});
