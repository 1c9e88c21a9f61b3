// The benchmark harness: interleaves ours and the anchor on the same input, takes medians and
// prints one JSON line a case. A benchmark is not a test: `ok` reports a goal, it fails nothing.

/** One measured figure beside its anchor. */
export interface BenchCase {
  readonly bench: string;
  readonly case: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** What the anchor is, e.g. `pyarrow Flight DoGet`; also says why when there is none. */
  readonly anchorName: string;
  /** Measures ours once and returns the figure in `unit`. */
  readonly ours: () => Promise<number>;
  /** Measures the anchor once, or null when none can be had here. */
  readonly anchor: (() => Promise<number>) | null;
  /** Goal over the medians. @default always true */
  readonly goal?: (ours: number, ratio: number | null) => boolean;
  /** Interleaved runs after one warm-up. @default 5 */
  readonly runs?: number;
  /** False for figures that a warm-up run would spoil (sizes, soaks). @default true */
  readonly warmup?: boolean;
}

/** One file of test/bench: set up, yield cases, clean up in `finally`. */
export interface BenchTopic {
  readonly name: string;
  cases(): AsyncIterable<BenchCase>;
}

/** One printed result line. ratio > 1 means ours is better. */
export interface BenchResult {
  bench: string;
  case: string;
  ours: number;
  anchor: number | null;
  anchorName: string;
  unit: string;
  better: 'higher' | 'lower';
  ratio: number | null;
  runs: number;
  ok: boolean;
}

/** Measures one case: warm-up, then `runs` interleaved pairs. */
export async function measure(benchCase: BenchCase): Promise<BenchResult> {
  const { ours, anchor, runs = 5, warmup = true, better } = benchCase;
  if (warmup) {
    await ours();
    await anchor?.();
  }
  const mine: number[] = [];
  const theirs: number[] = [];
  for (let i = 0; i < runs; i++) {
    mine.push(await ours());
    if (anchor) theirs.push(await anchor());
  }
  const oursMedian = median(mine);
  const anchorMedian = anchor ? median(theirs) : null;
  const ratio =
    anchorMedian === null
      ? null
      : better === 'higher'
        ? oursMedian / anchorMedian
        : anchorMedian / oursMedian;
  return {
    bench: benchCase.bench,
    case: benchCase.case,
    ours: round(oursMedian),
    anchor: anchorMedian === null ? null : round(anchorMedian),
    anchorName: benchCase.anchorName,
    unit: benchCase.unit,
    better,
    ratio: ratio === null ? null : round(ratio),
    runs,
    ok: benchCase.goal?.(oursMedian, ratio) ?? true,
  };
}

/** Median of a non-empty list. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Linear-interpolated quantile of a non-empty list, q in 0–1. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at % 1);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
