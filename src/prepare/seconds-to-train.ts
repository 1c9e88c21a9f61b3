// How much longer a host has to collect until a history can be trained on, in seconds: what a person can act on, where
// counts of rows in the parts of a split are not.
import { splitByTime } from './split.ts';
import type { SplitOptions } from './split.ts';

/** Fewest rows to train on. */
export const minimumTrainRows = 10;

/** More rows than anybody waits for. */
const MAX_ROWS = 2 ** 22;

/** What there is, and how it would be split. */
export interface TrainableAsked extends SplitOptions {
  /** Times of the labelled rows, in order. */
  readonly timestamps: Float64Array;
  readonly spec: { readonly rateWindowMs: number };
  readonly skipped: { readonly warmup: number; readonly unlabelled: number };
}

/** Seconds of labelled rows that there are and that are needed, and how much longer that takes; rounded up. */
export interface TrainableSeconds {
  readonly held: number;
  readonly needed: number;
  readonly more: number;
}

/** Null where the options leave nothing to train on however long the history is. */
export function secondsToTrain(asked: TrainableAsked): TrainableSeconds | null {
  const intervalMs = intervalOf(asked);
  const rows = rowsNeeded(asked, intervalMs);
  if (rows === null) return null;
  const { timestamps, skipped, spec, horizonMs } = asked;
  // The first row comes after the warm-up, the newest rows have no label before their horizon has passed.
  const missingMs =
    (rows - timestamps.length) * intervalMs +
    Math.max(0, horizonMs - skipped.unlabelled * intervalMs) +
    Math.max(0, spec.rateWindowMs - skipped.warmup * intervalMs);
  const toSeconds = (ms: number): number => Math.ceil(ms / 1000);
  return {
    held: toSeconds(timestamps.length * intervalMs),
    needed: toSeconds(rows * intervalMs),
    more: Math.max(1, toSeconds(missingMs)),
  };
}

/** The usual distance of two rows; of the specification where there are not two. */
function intervalOf({ timestamps, spec }: TrainableAsked): number {
  const distances = timestamps
    .subarray(1)
    .map((time, i) => time - timestamps[i]!)
    .filter((ms) => ms > 0)
    .sort();
  // Rates are taken over ten intervals.
  return distances[distances.length >> 1] ?? spec.rateWindowMs / 10;
}

/** Fewest rows at even distances that leave enough to train and to test on. */
function rowsNeeded(options: SplitOptions, intervalMs: number): number | null {
  let [low, high] = [0, minimumTrainRows + 1];
  while (!isEnough(high, options, intervalMs)) {
    [low, high] = [high, 2 * high];
    if (high > MAX_ROWS) return null;
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (isEnough(middle, options, intervalMs)) high = middle;
    else low = middle;
  }
  return high;
}

function isEnough(rows: number, options: SplitOptions, intervalMs: number): boolean {
  const times = Float64Array.from({ length: rows }, (_, row) => row * intervalMs);
  const splits = splitByTime(times, options);
  const count = (part: number): number => splits.reduce((sum, split) => sum + Number(split === part), 0);
  return count(0) >= minimumTrainRows && count(2) > 0;
}

/** `70` → `about 70 s`, and minutes where nobody counts seconds. */
export const aboutSeconds = (seconds: number): string =>
  seconds < 600 ? `about ${seconds} s` : `about ${Math.ceil(seconds / 60)} min`;
