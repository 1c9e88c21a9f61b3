// The labelled training set: what a trainer learns from, with everything that is needed to say
// later how it came about. Built in one streaming pass; deterministic for the same history.
import type { MemorySnapshot } from '../core/index.ts';
import { balancedWeights, countClasses, undersample } from './balance.ts';
import { PrepareOptionsError } from './errors.ts';
import { createFeatureExtractor } from './feature-extractor.ts';
import { buildFeatureSpec, featureSpecSha256 } from './feature-spec.ts';
import type { FeatureSpec } from './feature-spec.ts';
import { Observations, unlabelled } from './horizon.ts';
import { defaultThresholds } from './labels.ts';
import type { LabelThresholds } from './labels.ts';
import { forEachSnapshot, yieldToEventLoop } from './snapshot-source.ts';
import type { SnapshotSource } from './snapshot-source.ts';
import { splitByTime, splitNames } from './split.ts';
import type { SplitName } from './split.ts';
import { assertTrainable, noteProblems } from './training-checks.ts';
import { trainingSetSha256 } from './training-digest.ts';

/** How classes of unequal size are dealt with. */
export type Balance = 'weights' | 'undersample' | 'none';

/** Options of {@link buildTrainingSet}. */
export interface TrainingSetOptions {
  /** Snapshots in time order. Rows before `fromMs` warm up the windows. */
  readonly memory: SnapshotSource;
  /** Times of actions really taken (not dry runs), ascending. @default none */
  readonly optimizationTimestamps?: Iterable<number>;
  /** @default buildFeatureSpec() */
  readonly spec?: FeatureSpec;
  /** How far a label looks ahead. @default 60000 */
  readonly horizonMs?: number;
  /** @default defaultThresholds */
  readonly thresholds?: Partial<LabelThresholds>;
  /** Share of rows, the newest of each block, to test on. @default 0.2 */
  readonly testFraction?: number;
  /** Blocks that are each split by themselves; more than 1 for short histories with repeating phases. @default 1 */
  readonly blocks?: number;
  /** @default 'weights' */
  readonly balance?: Balance;
  /** Seed of the undersampling. @default 1 */
  readonly seed?: number;
  /** Samples from here on. @default everything */
  readonly fromMs?: number;
  /** Nothing at or after this time is looked at, neither as sample nor as horizon. @default everything */
  readonly toMs?: number;
  readonly signal?: AbortSignal;
}

/** A labelled, split and balanced set. Feature values are row-major: row i is `features[i*d .. (i+1)*d)`. */
export interface TrainingSet {
  /** `ds-` and the first 16 digits of `sha256`. */
  readonly id: string;
  /** Over the specification, the options and all columns; equal histories give equal hashes. */
  readonly sha256: string;
  readonly spec: FeatureSpec;
  readonly specSha256: string;
  readonly featureNames: readonly string[];
  readonly rowCount: number;
  readonly features: Float32Array;
  /** Index into `labels` of core. */
  readonly labels: Int8Array;
  /** Milliseconds since the epoch, ascending. */
  readonly timestamps: Float64Array;
  /** Index into `splitNames`: 0 train, 1 gap, 2 test. */
  readonly splits: Uint8Array;
  /** Rows of each label in each split, indexed like `labels`. */
  readonly classCounts: Readonly<Record<SplitName, readonly number[]>>;
  /** Weight of each label for training; all 1 unless `balance` is 'weights'. 0 for a label the train part lacks. */
  readonly classWeights: readonly number[];
  readonly horizonMs: number;
  readonly thresholds: LabelThresholds;
  readonly testFraction: number;
  readonly blocks: number;
  readonly balance: Balance;
  readonly seed: number;
  /** Snapshots that gave no row, and why. */
  readonly skipped: { readonly warmup: number; readonly unlabelled: number; readonly undersampled: number };
  /** What a reader of scores should know, one sentence each. */
  readonly notes: readonly string[];
}

type Settings = Pick<
  TrainingSet,
  'spec' | 'horizonMs' | 'thresholds' | 'testFraction' | 'blocks' | 'balance' | 'seed'
>;
type Columns = Pick<TrainingSet, 'features' | 'labels' | 'timestamps' | 'splits'>;

/**
 * Builds a training set from history.
 * @throws PrepareOptionsError `ERR_PREPARE_OPTIONS`
 * @throws TrainingHistoryError `ERR_PREPARE_TOO_FEW_ROWS` or `ERR_PREPARE_ONE_CLASS`: what the history
 *   holds and what to do about it
 */
export async function buildTrainingSet(options: TrainingSetOptions): Promise<TrainingSet> {
  const settings = settingsOf(options);
  const pass = new FeaturePass(settings, options);
  await forEachSnapshot(options.memory, (snapshot) => pass.take(snapshot), options.signal);
  await yieldToEventLoop();
  const labelled = pass.labelledColumns();
  assertTrainable(labelled, settings, pass.counts);
  await yieldToEventLoop();
  const columns = settings.balance === 'undersample' ? undersampled(labelled, settings) : labelled;
  const undersampledRows = labelled.labels.length - columns.labels.length;
  return finish(settings, columns, { ...pass.counts, undersampled: undersampledRows });
}

function finish(settings: Settings, columns: Columns, skipped: TrainingSet['skipped']): TrainingSet {
  const counts = splitNames.map((name, split) => [name, countClasses(columns.labels, columns.splits, split)]);
  const classCounts = Object.fromEntries(counts) as TrainingSet['classCounts'];
  const present = classCounts.train.map((count) => (count > 0 ? 1 : 0));
  const sha256 = trainingSetSha256(settings, columns);
  return {
    id: `ds-${sha256.slice(0, 16)}`,
    sha256,
    specSha256: featureSpecSha256(settings.spec),
    featureNames: settings.spec.names,
    rowCount: columns.labels.length,
    ...settings,
    ...columns,
    classCounts,
    classWeights: settings.balance === 'weights' ? balancedWeights(classCounts.train) : present,
    skipped,
    notes: noteProblems(classCounts, skipped),
  };
}

/** One pass over the snapshots: feature rows on one side, what labels need on the other. */
class FeaturePass {
  readonly #settings: Settings;
  readonly #extractor;
  readonly #observations = new Observations();
  readonly #optimizations: Iterator<number>;
  readonly #fromMs: number;
  readonly #toMs: number;
  #features: Float32Array;
  #sources = new Uint32Array(1024);
  #timestamps = new Float64Array(1024);
  #rows = 0;
  #observed = 0;
  #lastOptimizationMs: number | null = null;
  #nextOptimizationMs: number;
  readonly counts = { warmup: 0, unlabelled: 0 };

  constructor(settings: Settings, options: TrainingSetOptions) {
    this.#settings = settings;
    this.#extractor = createFeatureExtractor(settings.spec);
    this.#features = new Float32Array(1024 * settings.spec.names.length);
    this.#optimizations = (options.optimizationTimestamps ?? [])[Symbol.iterator]();
    this.#nextOptimizationMs = this.#readOptimization();
    this.#fromMs = options.fromMs ?? Number.NEGATIVE_INFINITY;
    this.#toMs = options.toMs ?? Number.POSITIVE_INFINITY;
  }

  take(snapshot: MemorySnapshot): void {
    if (snapshot.timestamp >= this.#toMs) return;
    this.#advanceOptimizations(snapshot.timestamp);
    this.#observations.push(snapshot);
    const row = this.#extractor.push(snapshot, { lastOptimizationMs: this.#lastOptimizationMs });
    if (row && snapshot.timestamp >= this.#fromMs) this.#keep(row, Math.round(snapshot.timestamp));
    else if (!row) this.counts.warmup++;
    this.#observed++;
  }

  /** Rows with a label, split by time. */
  labelledColumns(): Columns {
    const { horizonMs, thresholds, spec } = this.#settings;
    const all = this.#observations.label({
      horizonMs,
      thresholds,
      maxGapMs: Math.min(spec.maxGapMs, horizonMs),
    });
    const kept: number[] = [];
    for (let i = 0; i < this.#rows; i++) if (all[this.#sources[i]!] !== unlabelled) kept.push(i);
    this.counts.unlabelled = this.#rows - kept.length;
    const rows = Uint32Array.from(kept);
    const timestamps = Float64Array.from(rows, (i) => this.#timestamps[i]!);
    return {
      features: pickRows(this.#features, rows, spec.names.length),
      labels: Int8Array.from(rows, (i) => all[this.#sources[i]!]!),
      timestamps,
      splits: splitByTime(timestamps, this.#settings),
    };
  }

  #keep(row: Float32Array, timestamp: number): void {
    if (this.#rows === this.#timestamps.length) this.#grow();
    this.#features.set(row, this.#rows * row.length);
    this.#timestamps[this.#rows] = timestamp;
    this.#sources[this.#rows++] = this.#observed;
  }

  #grow(): void {
    const [features, timestamps, sources] = [this.#features, this.#timestamps, this.#sources];
    this.#features = new Float32Array(features.length * 2);
    this.#timestamps = new Float64Array(timestamps.length * 2);
    this.#sources = new Uint32Array(sources.length * 2);
    this.#features.set(features);
    this.#timestamps.set(timestamps);
    this.#sources.set(sources);
  }

  /** Strictly before the snapshot: an action decided from it is stamped with its time or later. */
  #advanceOptimizations(nowMs: number): void {
    while (this.#nextOptimizationMs < nowMs) {
      this.#lastOptimizationMs = this.#nextOptimizationMs;
      this.#nextOptimizationMs = this.#readOptimization();
    }
  }

  #readOptimization(): number {
    const next = this.#optimizations.next();
    return next.done ? Number.POSITIVE_INFINITY : next.value;
  }
}

function undersampled(columns: Columns, settings: Settings): Columns {
  const rows = undersample(columns.labels, columns.splits, settings.seed);
  return {
    features: pickRows(columns.features, rows, settings.spec.names.length),
    labels: Int8Array.from(rows, (i) => columns.labels[i]!),
    timestamps: Float64Array.from(rows, (i) => columns.timestamps[i]!),
    splits: Uint8Array.from(rows, (i) => columns.splits[i]!),
  };
}

function pickRows(features: Float32Array, rows: Uint32Array, width: number): Float32Array {
  const picked = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * width;
    picked.set(features.subarray(from, from + width), i * width);
  }
  return picked;
}

function settingsOf(options: TrainingSetOptions): Settings {
  const { horizonMs = 60_000, testFraction = 0.2, blocks = 1, seed = 1, balance = 'weights' } = options;
  const thresholds = { ...defaultThresholds, ...options.thresholds };
  const problems: string[] = [];
  const want = (ok: boolean, problem: string): void => void (ok || problems.push(problem));
  want(horizonMs > 0, `horizonMs is ${horizonMs}, wanted a positive number of milliseconds`);
  want(testFraction > 0 && testFraction < 1, `testFraction is ${testFraction}, wanted between 0 and 1`);
  want(Number.isInteger(blocks) && blocks > 0, `blocks is ${blocks}, wanted a positive integer`);
  want(Object.values(thresholds).every(Number.isFinite), 'thresholds holds a value that is not a number');
  if (problems.length > 0) throw new PrepareOptionsError('a training set', problems);
  return {
    spec: options.spec ?? buildFeatureSpec(),
    horizonMs,
    thresholds,
    testFraction,
    blocks,
    seed,
    balance,
  };
}
