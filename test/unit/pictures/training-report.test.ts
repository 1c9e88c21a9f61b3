// A training report as text: what a reader sees of the facts of a manifest, and that nothing of them is markup.
import { describe, expect, it } from 'vitest';
import {
  buildCard,
  buildFragment,
  buildPage,
  buildTrainingReport,
  verdictOf,
} from '../../../src/pictures/index.ts';
import type { ReportFacts } from '../../../src/pictures/index.ts';

const HOSTILE = '</title><img src=x onerror=alert(1)>"\'&';

const facts: ReportFacts = {
  name: 'memopt@1',
  created: '2026-01-02T03:04:05Z',
  task: 'classification',
  labels: ['calm', 'short'],
  features: [{ name: 'usage' }, 'trend'],
  trainer: { estimator: 'Forest', parameters: { depth: 3, rate: 0.00012, none: null }, fitSeconds: 1.234 },
  dataset: { id: 'ds-1', rows: 12_345, horizonMs: 60_000 },
  metrics: {
    macroF1: 0.8125,
    interval: [0.7, 0.9],
    rows: { train: 10_000, test: 2345 },
    baseline: {
      majority: { macroF1: 0.4, difference: 0.4125, differenceInterval: [0.3, 0.5] },
      persistence: { macroF1: 0.6, difference: 0.2125, differenceInterval: [-0.01, 0.4] },
      odd: { threshold: 1 },
    },
    confusionMatrix: [
      [90, 10],
      [0, 0],
    ],
    calibration: {
      ece: 0.05,
      bins: [
        { low: 0, high: 0.5, rows: 0, confidence: 0, accuracy: 0 },
        { low: 0.5, high: 1, rows: 2345, confidence: 0.9, accuracy: 0.85 },
      ],
    },
    importance: { rows: 2345, features: [{ feature: 'usage', drop: -0.02, interval: [-0.05, 0.01] }] },
    comparison: { sentence: 'Better than the best rule.', better: true },
  },
  parity: { rows: 100, maxAbsDiff: 1.2e-7, labelMismatches: 0, tolerance: 1e-5 },
  model: { sizeBytes: 20_480, opset: { '': 17, 'ai.onnx.ml': 3 }, sha256: 'ab' },
};

/** What a reader sees, in one line. */
const read = (html: string): string =>
  html
    .replaceAll(/<style>.*?<\/style>/gs, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();

const headings = (html: string): string[] => [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, text]) => text!);

describe('buildTrainingReport()', () => {
  it('begins with the verdict, then has a card for each thing that is known', () => {
    const html = buildTrainingReport(facts);
    expect(read(html)).toMatch(/^Better than the best rule\. memopt@1 · Forest · 2026-01-02T03:04:05Z/);
    expect(html).toContain('rv-better');
    expect(headings(html)).toEqual([
      'Scores on 2,345 held-out rows',
      'Confusion matrix',
      'Calibration',
      'Feature importance',
      'Data',
      'ONNX',
    ]);
  });

  it('has the best rule first, and leaves out what has no score', () => {
    const text = read(buildTrainingReport(facts));
    const order = [
      'this model 0.813 0.700 to 0.900',
      'persistence (the last seconds go on) 0.600',
      'always the most',
    ];
    const places = order.map((part) => text.lastIndexOf(part));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(Math.min(...places)).toBeGreaterThan(0);
    expect(text).toMatch(/\+0\.21[23] −0\.010 to \+0\.400/);
    expect(text).not.toContain('odd');
  });

  it('writes figures as a reader does: thousands apart, a real minus, small ones with their power', () => {
    const text = read(buildTrainingReport(facts));
    for (const part of [
      'rows 12,345',
      'fitted in 1.23 s',
      'labels look ahead 60 s',
      'usage −0.020',
      '1.2e-7',
      '20 KiB',
    ])
      expect(text).toContain(part);
    expect(text).toContain('opset ai.onnx 17, ai.onnx.ml 3');
    expect(text).toContain('rate 0.000120');
    expect(text).toContain('usage, trend');
    expect(text).not.toContain('none');
  });

  it('takes nothing of a name, a label or a parameter for markup', () => {
    const html = buildTrainingReport(
      {
        ...facts,
        name: HOSTILE,
        labels: [HOSTILE, 'short'],
        features: [HOSTILE],
        trainer: { estimator: HOSTILE, parameters: { [HOSTILE]: HOSTILE, list: [HOSTILE] } },
        dataset: { id: HOSTILE },
        metrics: {
          ...facts.metrics,
          baseline: { [HOSTILE]: { macroF1: 0.5 } },
          comparison: { sentence: HOSTILE },
          importance: { rows: 1, features: [{ feature: HOSTILE, drop: 1, interval: [0, 1] }] },
        },
        versions: { [HOSTILE]: HOSTILE },
      },
      { classCounts: { [HOSTILE]: 1 }, host: { gate: HOSTILE } },
    );
    expect(html).not.toContain('<img');
    expect(html.match(/&lt;\/title&gt;&lt;img/g)!.length).toBeGreaterThan(10);
  });

  it('is as wide as it must be for the smallest manifest, and for one with nothing but a name', () => {
    const html = buildTrainingReport({ name: 'm', metrics: {} });
    expect(headings(html)).toEqual(['Scores']);
    expect(read(html)).toContain(
      'It was held against no rule. m Scores The held-out rows are all of one kind',
    );
    expect(html).not.toMatch(/undefined|NaN|null/);
  });

  it.each([
    ['one row', [[1]]],
    [
      'no row of a label',
      [
        [0, 0],
        [0, 3],
      ],
    ],
    [
      'more rows than labels',
      [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ],
    ],
  ])('draws a confusion matrix of %s', (_, confusionMatrix) => {
    const html = buildTrainingReport({ ...facts, metrics: { ...facts.metrics, confusionMatrix } });
    expect(html).not.toMatch(/undefined|NaN|rv-s1[1-9]/);
    for (const count of confusionMatrix.flat()) expect(html).toContain(`>${count}<`);
  });

  it('draws scores that are all the same, zero or negative', () => {
    for (const macroF1 of [0, 1, -0.5]) {
      const metrics = { macroF1, interval: [macroF1, macroF1] as const, baseline: { majority: { macroF1 } } };
      expect(buildTrainingReport({ name: 'm', metrics })).not.toMatch(/NaN|Infinity/);
    }
  });

  it('draws learning curves, however many steps there are', () => {
    const steps = Array.from({ length: 500 }, (_, at) => ({
      step: at,
      loss: 1 / (at + 1),
      metrics: { acc: at / 500 },
    }));
    const html = buildTrainingReport(facts, { steps });
    expect(headings(html)).toContain('Learning curve');
    expect(
      html.match(/<tr><th scope="row">\d+<\/th><td class="n">\d\.\d{3}<\/td><td/g)!.length,
    ).toBeLessThanOrEqual(40);
    expect(headings(buildTrainingReport(facts, { steps: [{ step: 1, loss: 1 }] }))).not.toContain(
      'Learning curve',
    );
  });

  it('calls the least error the best of a forecast, and both kinds of rows of a detector by name', () => {
    const baseline = { trend: { mae: 3 }, persistence: { mae: 1 } };
    const text = read(buildTrainingReport({ ...facts, task: 'forecast', metrics: { mae: 2, baseline } }));
    expect(text.indexOf('persistence (the last')).toBeLessThan(text.indexOf('the trend of the last'));
    expect(text).toContain('rule − model');
    const metrics = {
      averagePrecision: 0.4,
      confusionMatrix: [
        [3, 1],
        [1, 2],
      ],
    };
    expect(read(buildTrainingReport({ ...facts, task: 'anomaly', metrics }))).toContain('2 anomalous 1 2');
  });

  it('can be read where its style was taken away: each shape has a colour of its own', () => {
    const html = buildTrainingReport(facts);
    for (const [shape] of html.matchAll(/<(?:circle|rect)[^>]*>/g)) expect(shape).toMatch(/fill="#/);
    for (const [shape] of html.matchAll(/<(?:line|polyline)[^>]*>/g)) expect(shape).toMatch(/stroke="#/);
    expect(html).not.toContain('style=');
  });

  it('names each picture once, also beside the same report', () => {
    const ids = [...buildTrainingReport(facts).matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(buildTrainingReport(facts)).toBe(buildTrainingReport(structuredClone(facts)));
  });
});

describe('verdictOf()', () => {
  it('says that nothing was compared where nothing was', () => {
    expect(verdictOf(facts)).toBe('Better than the best rule.');
    expect(verdictOf({ name: 'm', metrics: { comparison: null } })).toBe('It was held against no rule.');
  });
});

describe('buildPage()', () => {
  it('is a page that loads nothing and whose title is text', () => {
    const html = buildPage(HOSTILE, buildFragment(buildTrainingReport(facts)));
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).not.toMatch(/<script|<link|<img|<\w+ [^>]*(?:src|href)=|url\(|@import/);
    expect(html).toContain(`<title>&lt;/title&gt;`);
  });
});

describe('buildCard()', () => {
  it('has its heading as text and its content as HTML', () => {
    expect(buildCard('<b>', '<p>x</p>')).toContain('<h2>&lt;b&gt;</h2><p>x</p></section></article>');
  });
});
