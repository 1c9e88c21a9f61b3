// The champion gate: whether a new model may take the place of what decides now. Both answer the same held-out
// rows, and the best baseline stands beside them. Not worse than either rival, and sure not to be far worse: that is
// non-inferiority with a stated margin, by the metric of the task. Pure; who answers the rows is evaluate.ts.
import { describeWindow } from '../core/index.ts';
import type { FeatureWindow } from '../core/index.ts';
import { pickHeldOutRows } from './held-out.ts';
import type { HeldOutRows } from './held-out.ts';
import type { ModelTask } from './manifest.ts';
import { blockLengthOf, figureOf, scoreMetrics, scorePair } from './scores.ts';
import type { Interval, ScoreMetric, PairedScore, Score } from './scores.ts';

/** How much worse than a rival the bound of the difference may lie; of an error as a share of the rival's. */
export const GATE_MARGIN = 0.05;
/** Fewer rows cannot tell two models apart. */
export const MIN_GATE_ROWS = 30;

/** What a new model was held against. */
export interface GateRival extends Score {
  /** `live` is what decides now, a model or the rule. */
  readonly kind: 'live' | 'baseline';
  /** `memopt@…`, or the baseline's name. */
  readonly name: string;
  /** Rows both were compared on: those the live model was not trained on. */
  readonly rows: number;
  /** The new model on the same rows. */
  readonly candidate: Score;
  /** candidate − rival, with the interval of the paired bootstrap. */
  readonly difference: number;
  readonly differenceInterval: Interval;
}

/** What the gate found. */
export interface GateReport {
  /** `cannot-tell` leaves the model a candidate, like `below`. */
  readonly verdict: 'passed' | 'below' | 'cannot-tell';
  /** One sentence with the figures. */
  readonly reason: string;
  /** Held-out rows that came with the model. */
  readonly rows: number;
  readonly margin: number;
  /** What models are held together by; of `mae` less is better, and `below` says that there is more of it. */
  readonly metric: ScoreMetric;
  readonly rivals: readonly GateRival[];
}

/** What decides now, on the held-out rows of the new model. */
export interface LiveAnswers {
  readonly name: string;
  readonly predicted: ArrayLike<number>;
  /** 1 for a row it could be asked about, which takes the rows before it, else 0. @default all of them */
  readonly found?: Uint8Array | null;
  /** What it looks at. @default the newest row alone */
  readonly window?: FeatureWindow | undefined;
  /** Ranges of time it was trained on; rows in them are left out. */
  readonly trainedOn: readonly Interval[];
}

/** What {@link judge} needs to know. */
export interface GateCase {
  readonly name: string;
  /** @default 'classification' */
  readonly task?: ModelTask;
  readonly rows: HeldOutRows;
  readonly predicted: ArrayLike<number>;
  readonly live: LiveAnswers | null;
  /** Label indexes the reported macro-F1 was averaged over; those of the rows are added. */
  readonly averagedOver: readonly number[];
  readonly horizonMs: number | null;
}

/** Holds a new model against what is live and the best baseline. */
export function judge(given: GateCase): GateReport {
  const { rows, task = 'classification' } = given;
  const metric = scoreMetrics[task];
  const words = wordings[metric];
  const report = (verdict: GateReport['verdict'], reason: string, rivals: GateRival[] = []): GateReport => ({
    verdict,
    reason,
    rows: rows.rows,
    margin: GATE_MARGIN,
    metric,
    rivals,
  });
  const tooLittle = findShortage(rows, 'its held-out rows', task);
  if (tooLittle !== null) return report('cannot-tell', tooLittle);
  const best = bestBaseline(given);
  const rivals = best === null ? [] : [best];
  if (given.live !== null) {
    const { found } = given.live;
    const fresh = rowsNotIn(rows, given.live.trainedOn).filter((row) => !found || found[row] === 1);
    const unseen = fresh.length === rows.rows ? rows : pickHeldOutRows(rows, fresh);
    const shortage = findShortage(unseen, describeUnseen(given.live), task);
    if (shortage !== null) return report('cannot-tell', shortage, rivals);
    const predicted = (of: ArrayLike<number>): number[] => fresh.map((row) => of[row]!);
    const pair = scorePair(scoredOf(given, unseen), predicted(given.predicted), predicted(given.live.predicted));
    rivals.unshift(toRival('live', given.live.name, unseen.rows, pair));
  }
  if (rivals.length === 0) {
    return report('cannot-tell', 'nothing is live and its held-out rows name no baseline, so it has no rival');
  }
  // Below by more than the rounding of the sums.
  const below = rivals.find((rival) => words.gain * rival.difference < -1e-9);
  if (below !== undefined) return report('below', describeBelow(below, words), rivals);
  const unsure = rivals.find((rival) => isUnsure(rival, words));
  if (unsure !== undefined) return report('cannot-tell', describeUnsure(unsure, words), rivals);
  return report('passed', describePassed(rivals, words), rivals);
}

/** Which rows the live model is held against. */
function describeUnseen({ name, found, window }: LiveAnswers): string {
  const unseen = `the held-out rows that live ${name} was not trained on`;
  if (!found) return unseen;
  return `${unseen} and that the history of this host still has as it looks at them (${describeWindow(window)})`;
}

/** Why the rows cannot tell, or null. */
export function findShortage(
  rows: Pick<HeldOutRows, 'rows' | 'labels'>,
  what: string,
  task: ModelTask = 'classification',
): string | null {
  if (rows.rows < MIN_GATE_ROWS) {
    return `${what} are ${rows.rows}, and fewer than ${MIN_GATE_ROWS} cannot tell; collect longer`;
  }
  return task !== 'forecast' && new Set(rows.labels).size < 2
    ? `${what} (${rows.rows}) all have one label and cannot tell; collect over a time in which memory gets short`
    : null;
}

/** Indexes of the rows outside all ranges; all of them when the rows have no times. */
export function rowsNotIn(rows: HeldOutRows, ranges: readonly Interval[]): number[] {
  const { timestamps } = rows;
  const all = Array.from({ length: rows.rows }, (_, row) => row);
  if (timestamps === null) return all;
  return all.filter((row) => !ranges.some(([from, to]) => timestamps[row]! >= from && timestamps[row]! <= to));
}

/** The rows as the scores take them. */
export function scoredOf(
  { averagedOver, horizonMs, task }: Pick<GateCase, 'averagedOver' | 'horizonMs' | 'task'>,
  rows: HeldOutRows,
): Parameters<typeof scorePair>[0] {
  return {
    task: task ?? 'classification',
    labels: rows.labels,
    values: rows.values ?? null,
    classes: [...new Set([...averagedOver, ...rows.labels])].sort((a, b) => a - b),
    blockLength: blockLengthOf(rows.rows, rows.timestamps, horizonMs),
  };
}

function bestBaseline(given: GateCase): GateRival | null {
  const scored = scoredOf(given, given.rows);
  const rivals = Object.entries(given.rows.baselines).map(([name, predicted]) =>
    toRival('baseline', name, given.rows.rows, scorePair(scored, given.predicted, predicted)),
  );
  const { gain } = wordings[scoreMetrics[given.task ?? 'classification']];
  return rivals.toSorted((a, b) => gain * (figureOf(b) - figureOf(a)))[0] ?? null;
}

function toRival(kind: GateRival['kind'], name: string, rows: number, pair: PairedScore): GateRival {
  const { a, b, difference, interval } = pair;
  return { kind, name, rows, ...b, candidate: a, difference, differenceInterval: interval };
}

/** How the verdict on a metric is said. */
interface Wording {
  readonly name: string;
  /** 1 where more is better, −1 where less is. */
  readonly gain: 1 | -1;
  readonly worse: 'below' | 'above';
  /** How much worse than a rival of that figure may be. */
  readonly margin: (figure: number) => number;
}

const wordings: Readonly<Record<ScoreMetric, Wording>> = {
  macroF1: { name: 'macro-F1', gain: 1, worse: 'below', margin: () => GATE_MARGIN },
  averagePrecision: { name: 'average precision', gain: 1, worse: 'below', margin: () => GATE_MARGIN },
  mae: {
    name: 'mean absolute error',
    gain: -1,
    worse: 'above',
    margin: (error) => GATE_MARGIN * error,
  },
};

/** True when the interval holds more than the margin on the worse side. */
function isUnsure(rival: GateRival, { gain, margin }: Wording): boolean {
  const [low, high] = rival.differenceInterval;
  return (gain === 1 ? low : -high) <= -margin(figureOf(rival));
}

const figure = (value: number): string => value.toFixed(3).replace('-', '−');
const signed = (value: number): string => (value > 0 ? '+' : '') + figure(value);
const span = ([low, high]: Interval): string => `95 % interval ${signed(low)} to ${signed(high)}`;
const nameOf = ({ kind, name }: GateRival): string =>
  kind === 'live' ? `live ${name}` : `the baseline ${name}`;

function describeBelow(rival: GateRival, { name, worse }: Wording): string {
  return (
    `${name} ${figure(figureOf(rival.candidate))} on ${rival.rows} held-out rows is ${worse} ${nameOf(rival)} with ` +
    `${figure(figureOf(rival))} (difference ${signed(rival.difference)}, ${span(rival.differenceInterval)})`
  );
}

function describeUnsure(rival: GateRival, { name, worse, margin }: Wording): string {
  const allowed = Number(margin(figureOf(rival)).toPrecision(2));
  return (
    `${name} ${figure(figureOf(rival.candidate))} on ${rival.rows} held-out rows is not ${worse} ${nameOf(rival)} ` +
    `with ${figure(figureOf(rival))}, but it may be more than ${allowed} worse: difference ` +
    `${signed(rival.difference)}, ${span(rival.differenceInterval)}; collect longer to tell`
  );
}

function describePassed(rivals: readonly GateRival[], { name, worse }: Wording): string {
  const parts = rivals.map(
    (rival) =>
      `${nameOf(rival)} with ${figure(figureOf(rival))} (difference ${signed(rival.difference)}, ${span(rival.differenceInterval)})`,
  );
  const [{ candidate, rows }] = rivals as [GateRival];
  return `${name} ${figure(figureOf(candidate))} on ${rows} held-out rows is not ${worse} ${parts.join(' nor ')}`;
}
