// What two classifiers answered on the same rows, beyond one score: which labels they mix up, whether they are as right as
// they say, and when they disagree. Pure.
import { labels as hostLabels } from '../core/plain/index.ts';

/** How one of them answered. */
export interface AnswerDetails {
  /** Rows by their label, then by what was answered, in the order of `labels`. */
  readonly confusion: readonly (readonly number[])[];
  /** Answers by how sure they were, in tenths; tenths without answers are left out. */
  readonly calibration: readonly CalibrationBin[];
}

/** Answers of about one certainty. */
export interface CalibrationBin {
  /** Probability of the answered label: from, and below (the last one up to and with 1). */
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly meanProbability: number;
  /** Share that was right. */
  readonly accuracy: number;
}

/** Disagreements in a stretch of the rows. */
export interface DisagreementBin {
  /** Times of its first and last row. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly rows: number;
  readonly differ: number;
  readonly onlyARight: number;
  readonly onlyBRight: number;
}

/** Both of them. */
export interface ComparisonDetails {
  readonly labels: readonly string[];
  readonly a: AnswerDetails;
  readonly b: AnswerDetails;
  readonly differ: number;
  /** Empty where the rows have no times. */
  readonly overTime: readonly DisagreementBin[];
}

/** What one of them answered. */
export interface LabelAnswers {
  /** Label indexes. */
  readonly labels: ArrayLike<number>;
  /** Probability of the answered label. */
  readonly probabilities: ArrayLike<number>;
}

const TENTHS = 10;
const MAX_BINS = 60;

/** Compares answers row by row. */
export function buildComparisonDetails(
  rows: { readonly labels: ArrayLike<number>; readonly timestamps: ArrayLike<number> | null },
  a: LabelAnswers,
  b: LabelAnswers,
): ComparisonDetails {
  const overTime = rows.timestamps === null ? [] : binByTime(rows.timestamps, rows.labels, a.labels, b.labels);
  let differ = 0;
  for (let row = 0; row < rows.labels.length; row++) differ += Number(a.labels[row] !== b.labels[row]);
  return { labels: hostLabels, a: describe(rows.labels, a), b: describe(rows.labels, b), differ, overTime };
}

function describe(truth: ArrayLike<number>, { labels, probabilities }: LabelAnswers): AnswerDetails {
  const confusion = hostLabels.map(() => hostLabels.map(() => 0));
  const bins = Array.from({ length: TENTHS }, () => ({ rows: 0, right: 0, sum: 0 }));
  for (let row = 0; row < truth.length; row++) {
    confusion[truth[row]!]![labels[row]!]!++;
    const probability = probabilities[row]!;
    const bin = bins[Math.min(TENTHS - 1, Math.floor(probability * TENTHS))]!;
    bin.rows++;
    bin.sum += probability;
    bin.right += Number(labels[row] === truth[row]);
  }
  const calibration = bins.flatMap(({ rows, right, sum }, i) =>
    rows === 0
      ? []
      : [{ from: i / TENTHS, to: (i + 1) / TENTHS, rows, meanProbability: sum / rows, accuracy: right / rows }],
  );
  return { confusion, calibration };
}

/** Stretches of as many rows each. */
function binByTime(
  times: ArrayLike<number>,
  truth: ArrayLike<number>,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): DisagreementBin[] {
  const size = Math.max(1, Math.ceil(truth.length / MAX_BINS));
  return Array.from({ length: Math.ceil(truth.length / size) }, (_, bin) => {
    const [first, end] = [bin * size, Math.min(truth.length, (bin + 1) * size)];
    const counts = { differ: 0, onlyARight: 0, onlyBRight: 0 };
    for (let row = first; row < end; row++) {
      if (a[row] === b[row]) continue;
      counts.differ++;
      counts.onlyARight += Number(a[row] === truth[row]);
      counts.onlyBRight += Number(b[row] === truth[row]);
    }
    return { fromMs: times[first]!, toMs: times[end - 1]!, rows: end - first, ...counts };
  });
}
