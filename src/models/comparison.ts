// Two models on the same rows that neither was trained on: scores, their difference, and one sentence. Pure.
import type { ComparisonDetails } from './comparison-details.ts';
import { findShortage, scoredOf } from './gate.ts';
import type { HeldOutRows } from './held-out.ts';
import type { ModelTask } from './manifest.ts';
import { figureOf, scoreMetrics, scorePair } from './scores.ts';
import type { Interval, Score } from './scores.ts';

/** Where the rows of a comparison come from. */
export type ComparisonRows = 'held-out' | 'history';

/** One of two models that were compared; no score where too few rows tell. */
export interface ComparedModel {
  /** `name@version`. */
  readonly reference: string;
  readonly estimator: string;
  readonly created: string;
  readonly macroF1: number | null;
  /** Of two detectors, in place of `macroF1`. */
  readonly averagePrecision?: number;
  /** Of two forecasts. */
  readonly mae?: number;
  readonly interval: Interval | null;
}

/** What comparing two models gave. */
export interface ModelComparison {
  readonly kind: 'model-comparison';
  readonly a: ComparedModel;
  readonly b: ComparedModel;
  readonly rows: number;
  /** Rows that came with the newer model, or rows of this host's history after both trainings. */
  readonly source: ComparisonRows;
  /** a − b; null when there are too few rows. */
  readonly difference: number | null;
  readonly interval: Interval | null;
  readonly better: 'a' | 'b' | null;
  /** One sentence. */
  readonly verdict: string;
  /** Of two classifiers, row by row; null for other tasks and where there are no rows. */
  readonly details: ComparisonDetails | null;
}

/** What {@link compareAnswers} needs to know. */
export interface ComparisonCase {
  /** @default 'classification' */
  readonly task?: ModelTask;
  readonly a: ComparedModel;
  readonly b: ComparedModel;
  readonly rows: HeldOutRows;
  readonly source: ComparisonRows;
  /** Rows left out because one of them looks at a window that the rows do not hold, and the history no longer has. */
  readonly unanswerable?: number;
  readonly averagedOver: readonly number[];
  readonly horizonMs: number | null;
}

/** Scores what two models answered. */
export function compareAnswers(
  given: ComparisonCase,
  predictedA: ArrayLike<number>,
  predictedB: ArrayLike<number>,
): Omit<ModelComparison, 'details'> {
  const { a, b, rows, source } = given;
  const common = { kind: 'model-comparison', rows: rows.rows, source } as const;
  const shortage = findShortage(rows, describeRows(given), given.task);
  if (shortage !== null) {
    return { ...common, a, b, difference: null, interval: null, better: null, verdict: `cannot tell: ${shortage}` };
  }
  const pair = scorePair(scoredOf(given, rows), predictedA, predictedB);
  const { difference, interval } = pair;
  const higher = interval[0] > 0 ? 'a' : interval[1] < 0 ? 'b' : null;
  const better = given.task === 'forecast' && higher !== null ? otherOf[higher] : higher;
  const verdict = describe(given, pair.a, pair.b, { difference, interval, better });
  return { ...common, a: { ...a, ...pair.a }, b: { ...b, ...pair.b }, difference, interval, better, verdict };
}

function describeRows({ unanswerable = 0 }: ComparisonCase): string {
  const unseen = 'the rows that neither model was trained on';
  if (unanswerable === 0) return unseen;
  return `${unseen}, less ${unanswerable} that one cannot be asked about because the history no longer has its window,`;
}

/** Of an error less is better. */
const otherOf = { a: 'b', b: 'a' } as const;

const metricNames = {
  macroF1: 'macro-F1',
  averagePrecision: 'average precision',
  mae: 'mean absolute error',
} as const;

function describe(
  { a, b, rows, task = 'classification' }: ComparisonCase,
  scoreA: Score,
  scoreB: Score,
  { difference, interval, better }: Pick<ModelComparison, 'difference' | 'better'> & { interval: Interval },
): string {
  const figures =
    `${metricNames[scoreMetrics[task]]} ${figureOf(scoreA).toFixed(3)} and ${figureOf(scoreB).toFixed(3)} on ${rows.rows} rows, difference ` +
    `${signed(difference!)}, 95 % interval ${signed(interval[0])} to ${signed(interval[1])}`;
  if (better === null) return `cannot tell ${a.reference} from ${b.reference}: ${figures}`;
  const [winner, loser] = better === 'a' ? [a, b] : [b, a];
  return `${winner.reference} is better than ${loser.reference}: ${figures}`;
}

const signed = (value: number): string =>
  (value > 0 ? '+' : '') + value.toFixed(3).replace('-', '−');
