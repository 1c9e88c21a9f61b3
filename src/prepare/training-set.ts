// The labelled training set: what a trainer learns from, with everything that is needed to say
// later how it came about. Built in one streaming pass; deterministic for the same history.
import { completeOptions, findProblems } from '../core/index.ts';
import type { OptionValues } from '../core/index.ts';
import { balancedWeights, countClasses, undersample } from './balance.ts';
import { prepareOptionsError } from './errors.ts';
import { FeatureRows } from './feature-rows.ts';
import type { OpenRows, ReadFeatures } from './feature-rows.ts';
import { buildFeatureSpec, featureColumns, featureSpecSha256, withWindow } from './feature-spec.ts';
import type { FeatureSpec } from './feature-spec.ts';
import { defaultThresholds } from './labels.ts';
import type { LabelThresholds } from './labels.ts';
import { canPersist, createPersistence, scorePersistence } from './persistence.ts';
import type { BaselineScores } from './persistence.ts';
import { yieldToEventLoop } from './snapshot-source.ts';
import type { SnapshotSource } from './snapshot-source.ts';
import { splitByTime, splitNames } from './split.ts';
import type { SplitName } from './split.ts';
import { assertTrainable, noteProblems } from './training-checks.ts';
import { ColumnsBuilder, pickTrainingRows } from './training-columns.ts';
import type { SplitColumns } from './training-columns.ts';
import { createTrainingDigest } from './training-digest.ts';
import { TrainingPass } from './training-pass.ts';
import { trainingSetOptions, trainingTasks } from './training-set-options.ts';
import type { Balance, TrainingTask } from './training-set-options.ts';

/** Options of {@link buildTrainingSet}. */
export interface TrainingSetOptions extends OptionValues<typeof trainingSetOptions> {
  /** Snapshots in time order. Rows before `fromMs` warm up the windows. */
  readonly memory: SnapshotSource;
  /** Times of actions really taken (not dry runs), ascending. @default none */
  readonly optimizationTimestamps?: Iterable<number>;
  /** `window` is put into it. @default buildFeatureSpec() */
  readonly spec?: FeatureSpec;
  /** @default defaultThresholds */
  readonly thresholds?: Partial<LabelThresholds>;
  /** A history of one class only is refused for 'classification' alone. @default 'classification' */
  readonly task?: TrainingTask;
  /** How long an action reaches rows after it, besides all those whose horizon holds it. @default spec.rateWindowMs */
  readonly actionEffectMs?: number;
  /** Seed of the undersampling. @default 1 */
  readonly seed?: number;
  /** Samples from here on. @default everything */
  readonly fromMs?: number;
  /** Nothing at or after this time is looked at, neither as sample nor as horizon. @default everything */
  readonly toMs?: number;
  readonly signal?: AbortSignal;
}

/** All of a labelled, split and balanced set but its features, and how it came about. */
export interface TrainingFacts extends SplitColumns {
  /** `ds-` and the first 16 digits of `sha256`. */
  readonly id: string;
  /** Over the specification, the options and all columns; equal histories give equal hashes. */
  readonly sha256: string;
  readonly spec: FeatureSpec;
  readonly specSha256: string;
  readonly featureNames: readonly string[];
  readonly rowCount: number;
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
  readonly skipped: {
    readonly warmup: number;
    readonly unlabelled: number;
    /** Left out because an action of the optimizer reaches them. */
    readonly acted: number;
    readonly undersampled: number;
  };
  readonly includeActed: boolean;
  readonly actionEffectMs: number;
  /** Scores of persistence on the test part; null without the features it looks at. */
  readonly persistence: BaselineScores | null;
  /** What a reader of scores should know, one sentence each. */
  readonly notes: readonly string[];
}

/** A set in memory. */
export interface TrainingSet extends TrainingFacts {
  /** Row-major: row i is `features[i*d .. (i+1)*d)`. */
  readonly features: Float32Array;
}

/** A set whose features are read when they are wanted. */
export interface StreamedTrainingSet extends TrainingFacts {
  /**
   * Row-major features of all rows in order, in blocks.
   * @throws TrainingHistoryError `ERR_PREPARE_HISTORY_CHANGED`
   */
  readonly readFeatures: ReadFeatures;
}

/** What the values of a set were asked for with. */
export type TrainingSettings = Pick<
  TrainingFacts,
  | 'spec'
  | 'horizonMs'
  | 'thresholds'
  | 'testFraction'
  | 'blocks'
  | 'balance'
  | 'seed'
  | 'includeActed'
  | 'actionEffectMs'
>;

/**
 * Builds a training set in memory.
 * @throws PrepareOptionsError `ERR_PREPARE_OPTIONS`
 * @throws TrainingHistoryError `ERR_PREPARE_TOO_FEW_ROWS` or `ERR_PREPARE_ONE_CLASS`: what the history
 *   holds and what to do about it
 */
export async function buildTrainingSet(options: TrainingSetOptions): Promise<TrainingSet> {
  const { readFeatures, ...set } = await streamTrainingSet(options, () => options.memory, {
    keepBytes: Number.POSITIVE_INFINITY,
    expectedRows: 1024,
  });
  const features = new Float32Array(set.rowCount * set.featureNames.length);
  let at = 0;
  for await (const block of readFeatures()) {
    features.set(block, at);
    at += block.length;
  }
  return { ...set, features };
}

/** How much of a set is held. */
interface Holding {
  /** Features above this are computed again when they are read. */
  readonly keepBytes: number;
  readonly expectedRows: number;
}

/**
 * Builds a training set whose features stay out of memory when they are many.
 * @param openMemory gives the snapshots, the same at each call; called again only when features are not kept
 */
export async function streamTrainingSet(
  options: Omit<TrainingSetOptions, 'memory'>,
  openMemory: () => SnapshotSource,
  { keepBytes, expectedRows }: Holding,
): Promise<StreamedTrainingSet> {
  const settings = settingsOf(options);
  const first = new TrainingPass(settings, options);
  const open: OpenRows = (signal) => new TrainingPass(settings, options).run(openMemory(), signal);
  const features = new FeatureRows(open, keepBytes);
  const columns = new ColumnsBuilder(expectedRows);
  const digest = createTrainingDigest(settings);
  const persist = createBlockPersistence(settings);
  for await (const rows of first.run(openMemory(), options.signal)) {
    features.add(rows.features);
    columns.append(rows, persist(rows.features));
    if (settings.balance !== 'undersample') digest.addFeatures(rows.features);
  }
  const { persisted, ...gathered } = columns.columns();
  const labelled = { ...gathered, splits: splitByTime(gathered.timestamps, settings) };
  assertTrainable(labelled, { ...settings, task: options.task ?? 'classification' }, first.counts);
  await yieldToEventLoop();
  const picked =
    settings.balance === 'undersample' ? undersample(labelled.labels, labelled.splits, settings.seed) : null;
  const readFeatures = features.reader(gathered, picked);
  if (picked) for await (const block of readFeatures(options.signal)) digest.addFeatures(block);
  const rows = picked ? pickTrainingRows(labelled, picked) : labelled;
  const skipped = { ...first.counts, undersampled: labelled.labels.length - rows.labels.length };
  const persistence = canPersist(settings.spec.names) ? scorePersistence({ ...labelled, persisted }) : null;
  return { ...describeSet(settings, rows, skipped, digest.finish(rows)), persistence, readFeatures };
}

/** What persistence says of the rows of a block. */
function createBlockPersistence({
  spec,
  thresholds,
}: TrainingSettings): (features: Float32Array) => Int8Array {
  const predict = createPersistence(spec.names, thresholds);
  const width = featureColumns(spec).length;
  return (features) => {
    const persisted = new Int8Array(features.length / width);
    // The newest row is the last of a window.
    for (let row = 0; row < persisted.length; row++) {
      persisted[row] = predict(features, (row + 1) * width - spec.names.length);
    }
    return persisted;
  };
}

function describeSet(
  settings: TrainingSettings,
  columns: SplitColumns,
  skipped: TrainingFacts['skipped'],
  sha256: string,
): Omit<TrainingFacts, 'persistence'> {
  const counts = splitNames.map((name, split) => [name, countClasses(columns.labels, columns.splits, split)]);
  const classCounts = Object.fromEntries(counts) as TrainingFacts['classCounts'];
  const present = classCounts.train.map((count) => (count > 0 ? 1 : 0));
  return {
    id: `ds-${sha256.slice(0, 16)}`,
    sha256,
    specSha256: featureSpecSha256(settings.spec),
    featureNames: featureColumns(settings.spec),
    rowCount: columns.labels.length,
    ...settings,
    ...columns,
    classCounts,
    classWeights: settings.balance === 'weights' ? balancedWeights(classCounts.train) : present,
    skipped,
    notes: noteProblems(classCounts, skipped, columns.acted),
  };
}

function settingsOf(options: Omit<TrainingSetOptions, 'memory'>): TrainingSettings {
  const values = completeOptions(trainingSetOptions, options);
  const { horizonMs, testFraction, blocks, balance, includeActed } = values;
  const { seed = 1, task = 'classification' } = options;
  const thresholds = { ...defaultThresholds, ...options.thresholds };
  const problems = findProblems(trainingSetOptions, values);
  const spec = specOf(options);
  const { actionEffectMs = spec.rateWindowMs } = options;
  const want = (ok: boolean, problem: string): void => void (ok || problems.push(problem));
  want(trainingTasks.includes(task), `task is ${task}, wanted one of ${trainingTasks.join(', ')}`);
  want(actionEffectMs >= 0, `actionEffectMs is ${actionEffectMs}, wanted 0 or more milliseconds`);
  want(Object.values(thresholds).every(Number.isFinite), 'thresholds holds a value that is not a number');
  if (problems.length > 0) throw prepareOptionsError('a training set', problems);
  return {
    spec,
    horizonMs,
    thresholds,
    testFraction,
    blocks,
    seed,
    balance,
    includeActed,
    actionEffectMs,
  };
}

/** The specification that rows of a set follow: the one given, with the window asked for. */
export function specOf({
  spec = buildFeatureSpec(),
  window,
}: Pick<TrainingSetOptions, 'spec' | 'window'>): FeatureSpec {
  return window === undefined ? spec : withWindow(spec, window);
}
