// The threshold on memory usage that tells the labels apart best: what a model has to beat. The same search as
// `fit_usage_threshold` of python/src/ruvector/_training/baseline.py, first of the best included.

/** Answers `above` from the threshold on, else `below`; a missing value counts as below. */
export interface UsageThreshold {
  readonly threshold: number;
  readonly below: number;
  readonly above: number;
}

const MAX_CANDIDATES = 256;

/** Finds the threshold and the two labels with the best sum of F1 on the training rows. */
export function fitUsageThreshold(usage: Float32Array, labels: Int8Array): UsageThreshold {
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  const totals = classes.map((label) => labels.filter((value) => value === label).length);
  let best: UsageThreshold = { threshold: 0, below: classes[0]!, above: classes[0]! };
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const threshold of candidatesOf(usage)) {
    const above = classes.map(() => 0);
    usage.forEach((value, row) => {
      if (value >= threshold) above[classes.indexOf(labels[row]!)]!++;
    });
    const f1Above = f1Of(above, totals);
    const f1Below = f1Of(totals.map((total, at) => total - above[at]!), totals);
    for (const [low, belowScore] of f1Below.entries()) {
      for (const [high, aboveScore] of f1Above.entries()) {
        if (low === high || belowScore + aboveScore <= bestScore) continue;
        bestScore = belowScore + aboveScore;
        best = { threshold, below: classes[low]!, above: classes[high]! };
      }
    }
  }
  return best;
}

/** F1 of each label as the answer on one side: 2 TP / (rows answered + rows of that label). */
function f1Of(side: readonly number[], totals: readonly number[]): number[] {
  const answered = side.reduce((sum, count) => sum + count, 0);
  return side.map((count, at) => (2 * count) / Math.max(1, answered + totals[at]!));
}

function candidatesOf(usage: Float32Array): Float32Array {
  const values = new Float32Array(new Set(usage.filter((value) => !Number.isNaN(value)))).sort();
  if (values.length === 0) return new Float32Array(1);
  const count = Math.min(values.length, MAX_CANDIDATES);
  const step = (values.length - 1) / Math.max(1, count - 1);
  return Float32Array.from({ length: count }, (_, at) =>
    values[at === count - 1 ? values.length - 1 : Math.trunc(at * step)]!,
  );
}
