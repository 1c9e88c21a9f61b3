// The score of the Numenta Anomaly Benchmark, from the paper (Lavin and Ahmad 2015, "Evaluating Real-time Anomaly
// Detection Algorithms", section II): early detections within a window earn more than late ones, everything outside
// costs, less just behind a window than far from any. Not NAB's code; a test compares with what that gives.
import type { LabelledSeries } from './nab-files.ts';
import { checkOption } from './options.ts';

/** What is earned and paid. */
export interface NabProfile {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
}

/** The three profiles of the paper. */
export const nabProfiles = {
  standard: { truePositive: 1, falsePositive: 0.11, falseNegative: 1 },
  rewardLowFalsePositives: { truePositive: 1, falsePositive: 0.22, falseNegative: 1 },
  rewardLowFalseNegatives: { truePositive: 1, falsePositive: 0.11, falseNegative: 2 },
} as const satisfies Readonly<Record<string, NabProfile>>;

/** A series, and how anomalous a detector found each row. */
export interface ScoredSeries {
  readonly series: LabelledSeries;
  /** One for each row; NaN where there is none yet. */
  readonly scores: Float64Array;
}

/** Options of {@link scoreNab}. */
export interface NabScoreOptions {
  /** @default nabProfiles.standard */
  readonly profile?: NabProfile;
  /** Rows whose score is at least this are detections. @default the one that gives the best score, as the paper takes it */
  readonly threshold?: number;
  /** First share of each series, of its first 5,000 rows at most, that a detector may learn from unjudged. @default 0.15 */
  readonly probation?: number;
}

/** How a detector did. */
export interface NabScore {
  /** 100 for every window found in its first row and nothing else, 0 for finding nothing; may be negative. */
  readonly score: number;
  /** What it is made of: the sum of weights. */
  readonly raw: number;
  readonly threshold: number;
  readonly windowsFound: number;
  readonly windows: number;
  /** Rows outside of windows that were detected. */
  readonly falseDetections: number;
}

/** A row that counts. */
interface JudgedRow {
  readonly score: number;
  readonly weight: number;
  /** Number of the window, -1 outside. */
  readonly window: number;
}

/** Rows of the longest probation. */
const PROBATION_ROWS = 5000;

/**
 * Scores a detector on series.
 * @throws RuvectorError `ERR_DAG_HEALING_OPTION` for another number of scores than rows
 */
export function scoreNab(scored: readonly ScoredSeries[], options: NabScoreOptions = {}): NabScore {
  const { profile = nabProfiles.standard, probation = 0.15, threshold } = options;
  checkOption('NAB', 'probation', probation, { from: 0, to: 1 });
  const rows: JudgedRow[] = [];
  let windows = 0;
  for (const { series, scores } of scored) {
    const count = series.values.length;
    checkOption(`series "${series.name}"`, 'scores', scores.length, { from: count, to: count });
    windows = judgeSeries({ series, scores }, { profile, probation, windows, rows });
  }
  const best = sweep(rows, windows, profile, threshold);
  const none = -profile.falseNegative * windows;
  const perfect = profile.truePositive * windows;
  // Series in which nothing is wrong have no perfect score: what false detections cost stands as it is.
  const score = windows === 0 ? 100 * best.raw : (100 * (best.raw - none)) / (perfect - none);
  return { score, windows, ...best };
}

/**
 * The scaled sigmoid of a place in a window, -1 for its first row and 0 for its end, or behind it, in widths of the
 * window: 0.987 to -1.
 */
export function nabSigmoid(place: number): number {
  return place > 3 ? -1 : 2 / (1 + Math.exp(5 * place)) - 1;
}

interface Judging {
  readonly profile: NabProfile;
  readonly probation: number;
  /** Windows of the series before. */
  readonly windows: number;
  readonly rows: JudgedRow[];
}

/** Adds the rows of a series that count. @returns the windows so far */
function judgeSeries({ series, scores }: ScoredSeries, judging: Judging): number {
  const { profile, probation, rows } = judging;
  const first = Math.min(Math.floor(probation * scores.length), probation * PROBATION_ROWS);
  const counted = series.windows.filter(([, last]) => last >= first);
  let at = 0;
  for (let row = 0; row < scores.length; row++) {
    while (at < series.windows.length && series.windows[at]![1] < row) at++;
    if (row < first) continue;
    const window = series.windows[at];
    const score = Number.isNaN(scores[row]!) ? -Infinity : scores[row]!;
    if (window && window[0] <= row) {
      const number = judging.windows + counted.indexOf(window);
      rows.push({ score, window: number, weight: weightWithin(window, row) * profile.truePositive });
    } else {
      rows.push({
        score,
        window: -1,
        weight: weightBehind(series.windows[at - 1], row) * profile.falsePositive,
      });
    }
  }
  return judging.windows + counted.length;
}

function weightWithin([first, last]: readonly [number, number], row: number): number {
  return nabSigmoid(-(last - row + 1) / (last - first + 1)) / nabSigmoid(-1);
}

/** @param window the one before, if any */
function weightBehind(window: readonly [number, number] | undefined, row: number): number {
  if (!window) return -1;
  return nabSigmoid((row - window[1]) / (window[1] - window[0]));
}

type Sweep = Omit<NabScore, 'score' | 'windows'>;

/** Lowers the threshold from above all scores, and keeps the best sum, or that of the threshold that is given. */
function sweep(
  rows: readonly JudgedRow[],
  windows: number,
  profile: NabProfile,
  threshold: number | undefined,
): Sweep {
  const sorted = rows.toSorted((a, b) => b.score - a.score);
  const found = new Map<number, number>();
  let [paid, falseDetections] = [0, 0];
  const current = (at: number): Sweep => {
    const earned = [...found.values()].reduce((sum, weight) => sum + weight, 0);
    const raw = paid + earned - profile.falseNegative * (windows - found.size);
    return { raw, threshold: at, windowsFound: found.size, falseDetections };
  };
  let best = current(threshold ?? Infinity);
  for (let at = 0; at < sorted.length;) {
    const { score } = sorted[at]!;
    if (score === -Infinity || score < (threshold ?? -Infinity)) break;
    for (; at < sorted.length && sorted[at]!.score === score; at++) {
      const { weight, window } = sorted[at]!;
      if (window >= 0) found.set(window, Math.max(found.get(window) ?? -Infinity, weight));
      else [paid, falseDetections] = [paid + weight, falseDetections + 1];
    }
    const next = current(threshold ?? score);
    if (threshold !== undefined || next.raw > best.raw) best = next;
  }
  return best;
}
