// NAB's layout and score, on cases small enough to compute by hand.
import { describe, expect, it } from 'vitest';
import { nabProfiles, parseNabSeries, parseNabWindows, scoreNab } from '../../../../src/dag/healing/index.ts';
import type { LabelledSeries } from '../../../../src/dag/healing/index.ts';
import { nabSigmoid } from '../../../../src/dag/healing/nab-score.ts';

const day = (minute: number): string => `2026-01-05 00:0${minute}:00`;
const csv = `timestamp,value\n${[1, 2, 3, 4].map((value, at) => `${day(at)},${value}.5`).join('\n')}\n`;

/** A series of which only the windows count. */
const seriesOf = (rows: number, ...windows: [number, number][]): LabelledSeries => ({
  name: 'a.csv',
  timestamps: [],
  values: new Float64Array(rows),
  windows,
});

/** Scores that are 1 in some rows. */
const detections = (rows: number, ...at: number[]): Float64Array =>
  Float64Array.from({ length: rows }, (_, row) => (at.includes(row) ? 1 : 0));

describe('parseNabSeries()', () => {
  it('reads rows and windows when timestamps differ in their fractions', () => {
    const windows = parseNabWindows('w.json', `{"a.csv": [["${day(1)}.000000", "${day(2)}.000000"]]}`);
    expect(parseNabSeries('a.csv', csv, windows)).toEqual({
      name: 'a.csv',
      timestamps: [0, 1, 2, 3].map(day),
      values: Float64Array.from([1.5, 2.5, 3.5, 4.5]),
      windows: [[1, 2]],
    });
    expect(parseNabSeries('b.csv', csv.replaceAll('\n', '\r\n'), windows).windows).toEqual([]);
  });

  it.each([
    ['a header without value', () => parseNabSeries('a.csv', 'timestamp,x\n1,2', {}), 'timestamp,x'],
    ['a cell that is no number', () => parseNabSeries('a.csv', `timestamp,value\n${day(0)},`, {}), 'row 1'],
    ['a window of no row', () => parseNabSeries('a.csv', csv, { 'a.csv': [[day(1), day(9)]] }), day(9)],
    ['text that is no JSON', () => parseNabWindows('a.csv', '{'), 'no JSON'],
    ['windows that are no pairs', () => parseNabWindows('a.csv', '{"b.csv": [["x"]]}'), 'pairs'],
  ])('refuses %s and says where it is', (_what, read, where) => {
    expect(read).toThrow(
      expect.objectContaining({ code: 'ERR_DAG_NAB', message: expect.stringMatching(`"a.csv".*${where}`) }),
    );
  });
});

describe('nabSigmoid()', () => {
  it("gives the values of the paper's figure when places are its own", () => {
    expect(nabSigmoid(-1)).toBeCloseTo(0.98661, 5);
    expect(nabSigmoid(-0.5)).toBeCloseTo(0.84828, 5);
    expect(nabSigmoid(0)).toBe(0);
    expect(nabSigmoid(0.45)).toBeCloseTo(-0.8093, 4);
    expect(nabSigmoid(3.1)).toBe(-1);
  });
});

describe('scoreNab()', () => {
  const one = (scores: Float64Array, ...windows: [number, number][]) => [
    { series: seriesOf(scores.length, ...windows), scores },
  ];

  it('gives 100 when each window is found in its first row, and 0 when nothing is', () => {
    const windows: [number, number][] = [
      [30, 39],
      [60, 69],
    ];
    const perfect = scoreNab(one(detections(100, 30, 60), ...windows), { threshold: 1 });
    expect(perfect).toMatchObject({ score: 100, raw: 2, windowsFound: 2, windows: 2, falseDetections: 0 });
    const nothing = scoreNab(one(detections(100), ...windows), { threshold: 1 });
    expect(nothing).toMatchObject({ score: 0, raw: -2, windowsFound: 0 });
  });

  it('counts the first row of a window that is found once when there are more', () => {
    const early = scoreNab(one(detections(100, 34, 35, 39), [30, 39]), { threshold: 1 });
    expect(early.raw).toBeCloseTo(nabSigmoid(-0.6) / nabSigmoid(-1), 12);
  });

  it('charges less for a detection just behind a window when others are far', () => {
    const raw = (...at: number[]): number =>
      scoreNab(one(detections(200, 30, ...at), [30, 39]), { threshold: 1 }).raw;
    expect(raw(40) - 1).toBeCloseTo(0.11 * nabSigmoid(1 / 9), 12);
    expect(raw(199) - 1).toBeCloseTo(-0.11, 12);
    expect(raw(40, 199) - 1).toBeCloseTo(0.11 * (nabSigmoid(1 / 9) - 1), 12);
  });

  it('judges no row of the probation when it is detected', () => {
    expect(scoreNab(one(detections(100, 14), [50, 59]), { threshold: 1 })).toMatchObject({
      falseDetections: 0,
    });
    expect(scoreNab(one(detections(100, 15), [50, 59]), { threshold: 1 })).toMatchObject({
      falseDetections: 1,
    });
  });

  it('takes the best threshold when none is given', () => {
    const scores = detections(100, 50).map((score, row) => (row % 7 === 0 ? 0.5 : score));
    expect(scoreNab(one(scores, [50, 59]))).toMatchObject({ threshold: 1, score: 100, falseDetections: 0 });
  });

  it('weighs misses and false alarms as the profile says', () => {
    const scored = one(detections(100, 20), [50, 59]);
    const raw = Object.values(nabProfiles).map((profile) => scoreNab(scored, { profile, threshold: 1 }).raw);
    expect(raw).toEqual([-1.11, -1.22, -2.11]);
  });
});
