// Splits rows by time so that nothing a test row sees or is judged by reaches a train row's label,
// nor the other way round. Never at random: neighbouring seconds are nearly the same row.

/** Parts of a training set, by the value in `TrainingSet.splits`. */
export const splitNames = ['train', 'gap', 'test'] as const;
export type SplitName = (typeof splitNames)[number];

const [train, gap, test] = [0, 1, 2];

/** Options of {@link splitByTime}. */
export interface SplitOptions {
  /** Share of each block's rows that is tested on, the newest ones. */
  readonly testFraction: number;
  /** How many blocks the rows are cut into, each split by itself. */
  readonly blocks: number;
  readonly horizonMs: number;
}

/**
 * Assigns train (0), gap (1) or test (2) to rows in time order. In each block the last
 * `testFraction` of the rows are tested on. A train row is at least one horizon away from every
 * test row: t + horizon < first test row of a block, and t > last test row + horizon; rows
 * between are in the gap.
 */
export function splitByTime(timestamps: Float64Array, options: SplitOptions): Uint8Array {
  const { testFraction, blocks, horizonMs } = options;
  const n = timestamps.length;
  const splits = new Uint8Array(n).fill(train);
  for (let block = 0; block < blocks; block++) {
    const start = Math.floor((n * block) / blocks);
    const end = Math.floor((n * (block + 1)) / blocks);
    const firstTest = Math.floor(end - (end - start) * testFraction);
    if (firstTest >= end) continue;
    splits.fill(test, firstTest, end);
    keepApart(splits, timestamps, firstTest, end, horizonMs);
  }
  return splits;
}

/** Every train row is looked at, because a clock that stepped back leaves times out of order. */
function keepApart(
  splits: Uint8Array,
  timestamps: Float64Array,
  firstTest: number,
  end: number,
  horizonMs: number,
): void {
  let [fromMs, untilMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = firstTest; i < end; i++) {
    fromMs = Math.min(fromMs, timestamps[i]! - horizonMs);
    untilMs = Math.max(untilMs, timestamps[i]! + horizonMs);
  }
  for (let i = 0; i < splits.length; i++) {
    if (splits[i] === train && timestamps[i]! >= fromMs && timestamps[i]! <= untilMs) splits[i] = gap;
  }
}
