// Golden rows of a network: rows of the data, rows within its range, missing values and extremes, with the answers of
// tf.js. Ties are left out, since there a label is a coin toss. As python/src/ruvector/_training/golden.py chooses them.
import { createSeededRandom } from '../../core/index.ts';
import type { GoldenRows } from '../../models/index.ts';

/** Answers rows with the probabilities of the classes: rows × classes. */
export type Answer = (features: Float32Array, rows: number) => Promise<Float32Array>;

/** What rows are taken from. */
export interface GoldenRequest {
  /** Row-major features of all rows trained and tested on. */
  readonly features: Float32Array;
  readonly width: number;
  /** Label index of each probability column. */
  readonly classes: readonly number[];
  readonly answer: Answer;
}

const GOLDEN_ROWS = 256;
const QUOTAS = { nan: 24, extreme: 24 } as const;
const TIE_MARGIN = 1e-4;
const EXTREMES = [0, -1, 1e9, -1e9, 3e38, -3e38];
/** Most rows of the data that parity is proven on. */
const MAX_DATA_ROWS = 4096;
const SEED = 0;

/** Chooses about 256 rows and asks for their answers. */
export async function buildGoldenRows(request: GoldenRequest): Promise<GoldenRows> {
  const { features, width } = request;
  const random = createSeededRandom(SEED);
  const any = (): Float32Array => {
    const row = Math.floor((random() * features.length) / width);
    return features.slice(row * width, (row + 1) * width);
  };
  const [low, high] = rangeOf(features, width);
  const column = (): number => Math.floor(random() * width);
  const candidates = [
    ...fill('nan', 2 * QUOTAS.nan, (at) => withMissing(any(), at, 2 * QUOTAS.nan)),
    ...fill('extreme', 2 * QUOTAS.extreme, (at) =>
      at === 0 ? new Float32Array(width) : any().with(column(), EXTREMES[at % EXTREMES.length]!),
    ),
    ...fill('random', 2 * GOLDEN_ROWS, (at) =>
      at % 2 === 0 ? any() : Float32Array.from(low, (from, of) => from + random() * (high[of]! - from)),
    ),
  ];
  const rows = await answerRows(
    request,
    candidates.map(([, row]) => row),
    candidates.map(([name]) => name),
  );
  return takeRows(rows, width, chooseRows(rows));
}

/** Takes rows of the data at even distances, with their answers. */
export function buildDataRows(request: GoldenRequest): Promise<GoldenRows> {
  const { features, width } = request;
  const count = features.length / width;
  const step = Math.max(1, Math.floor(count / MAX_DATA_ROWS));
  const rows = Array.from({ length: Math.min(MAX_DATA_ROWS, Math.ceil(count / step)) }, (_, at) =>
    features.subarray(at * step * width, (at * step + 1) * width),
  );
  return answerRows(request, rows, rows.map(() => 'data'));
}

async function answerRows(
  { width, classes, answer }: GoldenRequest,
  rows: readonly Float32Array[],
  cases: readonly string[],
): Promise<GoldenRows> {
  const features = new Float32Array(rows.length * width);
  rows.forEach((row, at) => features.set(row, at * width));
  const values = await answer(features, rows.length);
  const decided = rows.flatMap((_, row) => (isDecided(values, row, classes.length) ? [row] : []));
  const labels = Int32Array.from(rows, (_, row) => {
    const shares = values.subarray(row * classes.length, (row + 1) * classes.length);
    return classes[shares.indexOf(Math.max(...shares))] ?? classes[0]!;
  });
  return takeRows({ rows: rows.length, features, labels, values, cases }, width, decided);
}

function isDecided(values: Float32Array, row: number, width: number): boolean {
  const shares = values.slice(row * width, (row + 1) * width).sort();
  return shares.every(Number.isFinite) && (width === 1 || shares.at(-1)! - shares.at(-2)! > TIE_MARGIN);
}

/** The quota of each case, filled up with random rows. */
function chooseRows({ cases }: GoldenRows): number[] {
  const of = (name: string): number[] => cases.flatMap((each, row) => (each === name ? [row] : []));
  const chosen = [...of('nan').slice(0, QUOTAS.nan), ...of('extreme').slice(0, QUOTAS.extreme)];
  return [...chosen, ...of('random').slice(0, GOLDEN_ROWS - chosen.length)];
}

function takeRows(rows: GoldenRows, width: number, taken: readonly number[]): GoldenRows {
  const classes = rows.values.length / Math.max(1, rows.rows);
  const features = new Float32Array(taken.length * width);
  const values = new Float32Array(taken.length * classes);
  taken.forEach((row, at) => {
    features.set(rows.features.subarray(row * width, (row + 1) * width), at * width);
    values.set(rows.values.subarray(row * classes, (row + 1) * classes), at * classes);
  });
  return {
    rows: taken.length,
    features,
    values,
    labels: Int32Array.from(taken, (row) => rows.labels[row]!),
    cases: taken.map((row) => rows.cases[row]!),
  };
}

const fill = (
  name: string,
  count: number,
  row: (at: number) => Float32Array,
): (readonly [string, Float32Array])[] => Array.from({ length: count }, (_, at) => [name, row(at)] as const);

/** One value missing, at the end the older half, and at last all of them. */
function withMissing(row: Float32Array, at: number, count: number): Float32Array {
  if (at === count - 1) return row.fill(Number.NaN);
  if (at === count - 2) return row.fill(Number.NaN, 0, row.length >> 1);
  return row.with(at % row.length, Number.NaN);
}

function rangeOf(features: Float32Array, width: number): readonly [Float32Array, Float32Array] {
  const low = new Float32Array(width).fill(Number.POSITIVE_INFINITY);
  const high = new Float32Array(width).fill(Number.NEGATIVE_INFINITY);
  for (let at = 0; at < features.length; at++) {
    const [value, column] = [features[at]!, at % width];
    if (value < low[column]!) low[column] = value;
    if (value > high[column]!) high[column] = value;
  }
  const known = (bound: Float32Array): Float32Array => bound.map((value) => (Number.isFinite(value) ? value : 0));
  return [known(low), known(high)];
}
