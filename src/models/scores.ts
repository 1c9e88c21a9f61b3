// Macro-F1 of predicted labels, with a moving-block bootstrap interval, alone and for the difference of two
// models on the same rows. Rows follow one another in time and look like their neighbours, so blocks are drawn
// and not rows. Pure; python/src/ruvector/_training/bootstrap.py draws the same blocks, and a test holds them together.
import { createSeededRandom } from '../core/index.ts';

/** Lower and upper bound, 95 %. */
export type Interval = readonly [low: number, high: number];

/** Labelled rows in time order. */
export interface ScoredRows {
  /** Label index of each row. */
  readonly labels: ArrayLike<number>;
  /** Label indexes the average is taken over. */
  readonly classes: readonly number[];
  /** Rows of one block, see {@link blockLengthOf}. */
  readonly blockLength: number;
}

/** A score and how sure it is. */
export interface Score {
  readonly macroF1: number;
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

/** Scores predicted labels. */
export function scoreLabels(rows: ScoredRows, predicted: ArrayLike<number>): Score {
  const replicates = drawScores(rows, predicted);
  return { macroF1: macroF1Of(rows, predicted), interval: intervalOf(replicates) };
}

/** Scores two models on the same rows, drawn together. */
export function scorePair(rows: ScoredRows, a: ArrayLike<number>, b: ArrayLike<number>): PairedScore {
  const [drawnA, drawnB] = [drawScores(rows, a), drawScores(rows, b)];
  const scoreA = { macroF1: macroF1Of(rows, a), interval: intervalOf(drawnA) };
  const scoreB = { macroF1: macroF1Of(rows, b), interval: intervalOf(drawnB) };
  const differences = drawnA.map((score, i) => score - drawnB[i]!);
  return {
    a: scoreA,
    b: scoreB,
    difference: scoreA.macroF1 - scoreB.macroF1,
    interval: intervalOf(differences),
  };
}

function macroF1Of({ labels, classes }: ScoredRows, predicted: ArrayLike<number>): number {
  const counts = new Int32Array(CELLS);
  for (let i = 0; i < labels.length; i++) counts[labels[i]! * LABELS + predicted[i]!]!++;
  return macroF1(counts, classes);
}

/** Unweighted mean of the F1 of the classes: 2 TP / (rows of the class + rows answered with it). */
function macroF1(counts: Int32Array, classes: readonly number[]): number {
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

/** The score of each replicate; the blocks depend on the number of rows and the seed alone. */
function drawScores({ labels, classes, blockLength }: ScoredRows, predicted: ArrayLike<number>): Float64Array {
  const rows = labels.length;
  const sums = prefixCounts(labels, predicted);
  const blocks = Math.ceil(rows / blockLength);
  const lastLength = rows - (blocks - 1) * blockLength;
  const next = createSeededRandom(SEED);
  const counts = new Int32Array(CELLS);
  return Float64Array.from({ length: REPLICATES }, () => {
    counts.fill(0);
    for (let block = 0; block < blocks; block++) {
      const length = block === blocks - 1 ? lastLength : blockLength;
      const start = Math.floor(next() * (rows - blockLength + 1));
      const [from, to] = [start * CELLS, (start + length) * CELLS];
      for (let cell = 0; cell < CELLS; cell++) counts[cell]! += sums[to + cell]! - sums[from + cell]!;
    }
    return macroF1(counts, classes);
  });
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

/** The 2.5th and 97.5th percentile, interpolated. */
function intervalOf(values: Float64Array): Interval {
  const sorted = values.toSorted();
  const at = (share: number): number => {
    const position = share * (sorted.length - 1);
    const below = Math.floor(position);
    const rest = position - below;
    return sorted[below]! + rest * ((sorted[below + 1] ?? sorted[below]!) - sorted[below]!);
  };
  return [at(0.025), at(0.975)];
}
