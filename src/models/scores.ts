// What models of each task are held together by, with a moving-block bootstrap interval, alone and for the difference of
// two models on the same rows. Rows follow one another in time and look like their neighbours, so blocks are drawn
// and not rows. Pure; python/src/ruvector/_training/bootstrap.py draws the same blocks, and a test holds them together.
import { createSeededRandom } from '../core/index.ts';
import type { ModelTask } from './manifest.ts';
import { measureRanking } from './ranking.ts';
import type { Measure } from './ranking.ts';

/** Lower and upper bound, 95 %. */
export type Interval = readonly [low: number, high: number];

/** What models of a task are held together by; of an error less is better. */
export type ScoreMetric = 'macroF1' | 'averagePrecision' | 'mae';

/** The metric of each task. */
export const scoreMetrics: Readonly<Record<ModelTask, ScoreMetric>> = {
  classification: 'macroF1',
  anomaly: 'averagePrecision',
  forecast: 'mae',
};

/** Rows in time order, with what is true of them. */
export interface ScoredRows {
  /** @default 'classification' */
  readonly task?: ModelTask;
  /** Label index of each row; 1 for an odd one; not looked at for a forecast. */
  readonly labels: ArrayLike<number>;
  /** Label indexes the average is taken over. */
  readonly classes: readonly number[];
  /** What a forecast should have said. */
  readonly values?: ArrayLike<number> | null;
  /** Rows of one block, see {@link blockLengthOf}. */
  readonly blockLength: number;
}

/** A score, under the name of its metric, and how sure it is. */
export interface Score extends Readonly<Partial<Record<ScoreMetric, number>>> {
  readonly interval: Interval;
}

/** Two models on the same rows. */
export interface PairedScore {
  readonly a: Score;
  readonly b: Score;
  /** a − b. */
  readonly difference: number;
  readonly interval: Interval;
}

const LABELS = 4;
const CELLS = LABELS * LABELS;
const REPLICATES = 1000;
const SEED = 20_260_101;
/** At least this many blocks, however long a horizon is. */
const MIN_BLOCKS = 5;

/**
 * Rows of a block: one horizon, since labels of rows closer than that share what they are computed from, at
 * least the cube root of the rows, at most a fifth of them.
 */
export function blockLengthOf(
  rows: number,
  timestamps: ArrayLike<number> | null,
  horizonMs: number | null,
): number {
  let length = 1;
  while (length ** 3 < rows) length++;
  if (timestamps !== null && horizonMs !== null && rows > 1) {
    const stepMs = medianStep(timestamps);
    if (stepMs > 0) length = Math.max(length, Math.ceil(horizonMs / stepMs));
  }
  return Math.min(length, Math.max(1, Math.floor(rows / MIN_BLOCKS)));
}

function medianStep(timestamps: ArrayLike<number>): number {
  const steps = new Float64Array(timestamps.length - 1);
  for (let i = 0; i < steps.length; i++) steps[i] = timestamps[i + 1]! - timestamps[i]!;
  return steps.sort()[steps.length >> 1]!;
}

/** The figure of a score, whatever its metric. */
export const figureOf = ({ macroF1, averagePrecision, mae }: Score): number =>
  macroF1 ?? averagePrecision ?? mae ?? Number.NaN;

/** Scores what a model answered: labels, the scores of a detector, or values. */
export function scoreAnswers(rows: ScoredRows, answers: ArrayLike<number>): Score {
  const { score, drawn } = drawScores(rows, answers);
  return toScore(rows, score, drawn);
}

/** Scores two models on the same rows, drawn together. */
export function scorePair(rows: ScoredRows, a: ArrayLike<number>, b: ArrayLike<number>): PairedScore {
  const [ours, theirs] = [drawScores(rows, a), drawScores(rows, b)];
  return {
    a: toScore(rows, ours.score, ours.drawn),
    b: toScore(rows, theirs.score, theirs.drawn),
    difference: ours.score - theirs.score,
    interval: intervalOf(ours.drawn.map((score, i) => score - theirs.drawn[i]!)),
  };
}

function toScore({ task = 'classification' }: ScoredRows, score: number, drawn: Float64Array): Score {
  return { [scoreMetrics[task]]: score, interval: intervalOf(drawn) };
}

/** The score, and that of each replicate; the blocks depend on the number of rows and the seed alone. */
function drawScores(
  rows: ScoredRows,
  answers: ArrayLike<number>,
): { readonly score: number; readonly drawn: Float64Array } {
  const { task = 'classification', labels, values, blockLength } = rows;
  const measure = {
    classification: () => measureLabels(rows, answers),
    anomaly: () => measureRanking(labels, answers),
    forecast: () => measureError(values ?? [], answers),
  }[task]();
  const count = answers.length;
  return { score: measure(Int32Array.of(0), Int32Array.of(count)), drawn: drawBlocks(count, blockLength, measure) };
}

function drawBlocks(rows: number, blockLength: number, measure: Measure): Float64Array {
  const blocks = Math.ceil(rows / blockLength);
  const lastLength = rows - (blocks - 1) * blockLength;
  const next = createSeededRandom(SEED);
  const [starts, ends] = [new Int32Array(blocks), new Int32Array(blocks)];
  return Float64Array.from({ length: REPLICATES }, () => {
    for (let block = 0; block < blocks; block++) {
      const start = Math.floor(next() * (rows - blockLength + 1));
      starts[block] = start;
      ends[block] = start + (block === blocks - 1 ? lastLength : blockLength);
    }
    return measure(starts, ends);
  });
}

function measureLabels({ labels, classes }: ScoredRows, predicted: ArrayLike<number>): Measure {
  const sums = prefixCounts(labels, predicted);
  const counts = new Int32Array(CELLS);
  return (starts, ends) => {
    counts.fill(0);
    for (let block = 0; block < starts.length; block++) {
      const [from, to] = [starts[block]! * CELLS, ends[block]! * CELLS];
      for (let cell = 0; cell < CELLS; cell++) counts[cell]! += sums[to + cell]! - sums[from + cell]!;
    }
    return averageF1(counts, classes);
  };
}

/** Mean absolute error. */
function measureError(values: ArrayLike<number>, answers: ArrayLike<number>): Measure {
  const sums = new Float64Array(answers.length + 1);
  for (let row = 0; row < answers.length; row++) {
    sums[row + 1] = sums[row]! + Math.abs(answers[row]! - values[row]!);
  }
  return (starts, ends) => {
    let [sum, rows] = [0, 0];
    for (let block = 0; block < starts.length; block++) {
      sum += sums[ends[block]!]! - sums[starts[block]!]!;
      rows += ends[block]! - starts[block]!;
    }
    return sum / rows;
  };
}

/** Unweighted mean of the F1 of the classes: 2 TP / (rows of the class + rows answered with it). */
function averageF1(counts: Int32Array, classes: readonly number[]): number {
  let sum = 0;
  for (const label of classes) {
    let total = 0;
    for (let other = 0; other < LABELS; other++) {
      total += counts[label * LABELS + other]! + counts[other * LABELS + label]!;
    }
    sum += (2 * counts[label * LABELS + label]!) / Math.max(total, 1);
  }
  return classes.length === 0 ? 0 : sum / classes.length;
}

/** Row n holds the confusion of the first n rows, so that a block's is one subtraction. */
function prefixCounts(labels: ArrayLike<number>, predicted: ArrayLike<number>): Int32Array {
  const sums = new Int32Array((labels.length + 1) * CELLS);
  for (let row = 0; row < labels.length; row++) {
    sums.copyWithin((row + 1) * CELLS, row * CELLS, (row + 1) * CELLS);
    sums[(row + 1) * CELLS + labels[row]! * LABELS + predicted[row]!]!++;
  }
  return sums;
}

/** The 2.5th and 97.5th percentile, interpolated, of the draws that have a score. */
function intervalOf(values: Float64Array): Interval {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const at = (share: number): number => {
    const position = share * (sorted.length - 1);
    const below = Math.floor(position);
    const rest = position - below;
    return sorted[below]! + rest * ((sorted[below + 1] ?? sorted[below]!) - sorted[below]!);
  };
  return [at(0.025), at(0.975)];
}
