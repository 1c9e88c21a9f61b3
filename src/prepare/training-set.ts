// The labelled training set: what a trainer learns from, with everything that is needed to say
// later how it came about. Built in one streaming pass; deterministic for the same history.
import { completeOptions, findProblems } from '../core/index.ts';
import type { OptionValues } from '../core/index.ts';
import { balancedWeights, countClasses, undersample } from './balance.ts';
import { prepareOptionsError } from './errors.ts';
import { buildFeatureSpec, featureSpecSha256 } from './feature-spec.ts';
import type { FeatureSpec } from './feature-spec.ts';
import { defaultThresholds } from './labels.ts';
import type { LabelThresholds } from './labels.ts';
import { forEachSnapshot, yieldToEventLoop } from './snapshot-source.ts';
import type { SnapshotSource } from './snapshot-source.ts';
import { splitByTime, splitNames } from './split.ts';
import type { SplitName } from './split.ts';
import { assertTrainable, noteProblems } from './training-checks.ts';
import { pickTrainingRows } from './training-columns.ts';
import type { TrainingColumns } from './training-columns.ts';
import { trainingSetSha256 } from './training-digest.ts';
import { TrainingPass } from './training-pass.ts';
import { trainingSetOptions } from './training-set-options.ts';
import type { Balance } from './training-set-options.ts';

/** Options of {@link buildTrainingSet}. */
export interface TrainingSetOptions extends OptionValues<typeof trainingSetOptions> {
  /** Snapshots in time order. Rows before `fromMs` warm up the windows. */
  readonly memory: SnapshotSource;
  /** Times of actions really taken (not dry runs), ascending. @default none */
  readonly optimizationTimestamps?: Iterable<number>;
  /** @default buildFeatureSpec() */
  readonly spec?: FeatureSpec;
  /** @default defaultThresholds */
  readonly thresholds?: Partial<LabelThresholds>;
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

/** A labelled, split and balanced set: columns, and all that says how they came about. */
export interface TrainingSet extends TrainingColumns {
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
  /** What a reader of scores should know, one sentence each. */
  readonly notes: readonly string[];
}

type Settings = Pick<
  TrainingSet,
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
 * Builds a training set from history.
 * @throws PrepareOptionsError `ERR_PREPARE_OPTIONS`
 * @throws TrainingHistoryError `ERR_PREPARE_TOO_FEW_ROWS` or `ERR_PREPARE_ONE_CLASS`: what the history
 *   holds and what to do about it
 */
export async function buildTrainingSet(options: TrainingSetOptions): Promise<TrainingSet> {
  const settings = settingsOf(options);
  const pass = new TrainingPass(settings, options);
  await forEachSnapshot(options.memory, (snapshot) => pass.take(snapshot), options.signal);
  await yieldToEventLoop();
  const rows = pass.labelledRows();
  const labelled = { ...rows, splits: splitByTime(rows.timestamps, settings) };
  assertTrainable(labelled, settings, pass.counts);
  await yieldToEventLoop();
  const columns = settings.balance === 'undersample' ? undersampled(labelled, settings) : labelled;
  const undersampledRows = labelled.labels.length - columns.labels.length;
  return finish(settings, columns, { ...pass.counts, undersampled: undersampledRows });
}

function finish(settings: Settings, columns: TrainingColumns, skipped: TrainingSet['skipped']): TrainingSet {
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
    notes: noteProblems(classCounts, skipped, columns.acted),
  };
}

function undersampled(columns: TrainingColumns, settings: Settings): TrainingColumns {
  return pickTrainingRows(columns, undersample(columns.labels, columns.splits, settings.seed));
}

function settingsOf(options: TrainingSetOptions): Settings {
  const values = completeOptions(trainingSetOptions, options);
  const { horizonMs, testFraction, blocks, balance, includeActed } = values;
  const { spec = buildFeatureSpec(), seed = 1 } = options;
  const { actionEffectMs = spec.rateWindowMs } = options;
  const thresholds = { ...defaultThresholds, ...options.thresholds };
  const problems = findProblems(trainingSetOptions, values);
  const want = (ok: boolean, problem: string): void => void (ok || problems.push(problem));
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
