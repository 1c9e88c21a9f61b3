// `trainer`: a model from the daemon's history, fitted in Python, verified, and live when it is done.
import type { FeatureWindow, OptionValues } from '../core/index.ts';
import type { TimeLike } from '../export/index.ts';
import type { trainingSetOptions } from '../prepare/index.ts';
import type { GateReport, ModelTask } from '../models/index.ts';
import { describeTrainProgress } from '../train/index.ts';
import type { TfjsLayer, TrainProgress, TrainSearch } from '../train/index.ts';
import type { TrainingAnswer } from './answers.ts';
import type { DaemonLink } from './daemon-link.ts';
import { unwrapTrainerError } from './errors.ts';
import { makeCancellable } from './interruptible.ts';
import type { Interruptible } from './interruptible.ts';
import { startProgress } from './progress.ts';
import { findingsOf } from './training-findings.ts';
import type { Calibration, FeatureImportance, RuleComparison } from './training-findings.ts';
import { resolveRange } from './time-range.ts';
import { toWireNames } from './wire-names.ts';

/** What a model is trained on: a range, everything by default, and the options of a training set. */
export type TrainDataset = OptionValues<typeof trainingSetOptions> & {
  /** The newest hours only. @default everything */
  readonly hours?: number | undefined;
  readonly minutes?: number | undefined;
  readonly from?: TimeLike | undefined;
  readonly to?: TimeLike | undefined;
};

/** Options of {@link Trainer.train}. */
export interface TrainOptions {
  /**
   * Of any framework by its name: `sklearn.RandomForestClassifier`, `lightgbm.LGBMClassifier`, `torch.GRU`, ...;
   * docs/trainers.md lists them. @default the one of the task
   */
  readonly estimator?: string | undefined;
  /** What the model answers. @default that of the estimator, else `classification` */
  readonly task?: ModelTask | undefined;
  /** Feature rows of the history in one row, for models that look back. @default none */
  readonly window?: FeatureWindow | undefined;
  /** Looks for better parameters first. @default the given ones are taken */
  readonly search?: TrainSearch | undefined;
  /** Where the run is logged beside the registry. @default nowhere */
  readonly logger?: 'mlflow' | undefined;
  /** The same data and seed give the same model. @default 0 */
  readonly seed?: number | undefined;
  /** What fits: Python, or tf.js in a worker of the daemon. @default 'python' */
  readonly backend?: 'python' | 'tfjs' | undefined;
  /** The network of `backend: 'tfjs'`. @default a small one */
  readonly layers?: readonly TfjsLayer[] | undefined;
  readonly epochs?: number | undefined;
  readonly batchSize?: number | undefined;
  readonly learningRate?: number | undefined;
  /** Epochs without a better loss on the validation part after which tf.js stops. @default none */
  readonly earlyStopping?: number | undefined;
  /** Parameters of the estimator. @default {} */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  /** Name in the registry. @default the model that decides on this host */
  readonly name?: string | undefined;
  readonly dataset?: TrainDataset | undefined;
  /**
   * True makes the model live whatever it is worth, false leaves it as the candidate.
   * @default it goes live when it passes the champion gate
   */
  readonly activate?: boolean | undefined;
  /** Told where the training is: stages, and the steps of a fit with loss, metrics and the time left. */
  readonly onProgress?: ((progress: TrainProgress) => void) | undefined;
  /** Aborting cancels the training; the live model stays. */
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds of each step; null for one that did not happen. */
export interface TrainDurations {
  readonly stream: number;
  readonly fit: number;
  readonly export: number;
  readonly deploy: number;
  readonly swap: number | null;
  /** From the fit's return to the first decision by the new model. */
  readonly fitToFirstDecision: number | null;
}

/**
 * A finished training. Notebooks show it as a picture; it is plain data otherwise. Each figure stands once; the whole
 * manifest is that of `models.show(report.model)`.
 */
export interface TrainingReport {
  readonly kind: 'training-report';
  /** `memopt@20260101T120000000-1a2b3c4d`, for `models.*`; null when nothing was deployed. */
  readonly model: string | null;
  readonly isLive: boolean;
  /** One sentence: why it is live, or why it stays the candidate. */
  readonly verdict: string;
  /** What the champion gate compared; null when it was not asked. */
  readonly gate: GateReport | null;
  readonly estimator: string;
  /** Of the estimator, its defaults among them. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly rows: number;
  readonly task: ModelTask;
  /** Which of the three figures below the task is measured by, on the test rows. */
  readonly metric: 'macroF1' | 'averagePrecision' | 'mae';
  /** Of a classifier; NaN for others. */
  readonly macroF1: number;
  /** Of a detector; null where the test rows are all of one kind. */
  readonly averagePrecision: number | null;
  /** Mean absolute error of a forecast, in percent of memory: less is better. */
  readonly mae: number | null;
  /** 95 % interval of the figure, by blocks of time; null where there is none. */
  readonly interval: readonly [low: number, high: number] | null;
  /** Of a classifier; NaN for others. */
  readonly accuracy: number;
  /** The same figure of what a model has to beat, by name. */
  readonly baseline: Readonly<Record<string, number>>;
  /** Test rows by label that came and label that was predicted, in the order of `labels`; of a classifier. */
  readonly confusionMatrix: readonly (readonly number[])[];
  /** Whether it is better than the best rule, by the interval of the difference; null from an older Python. */
  readonly comparison: RuleComparison | null;
  /** Whether it keeps the probabilities it states; null from an older Python. */
  readonly calibration: Calibration | null;
  /** What it loses when a feature is shuffled; null from an older Python. */
  readonly importance: FeatureImportance | null;
  readonly classCounts: Readonly<Record<string, number>>;
  readonly features: readonly string[];
  readonly labels: readonly string[];
  readonly durations: TrainDurations;
  /** Of a search: how many trials, and the leaderboard. */
  readonly search?: Readonly<Record<string, unknown>>;
}

/** Trains models. */
export interface Trainer {
  /**
   * Trains, exports to ONNX, verifies, and makes live what passes the champion gate. An interrupt or `stop()` cancels it and
   * rejects with `ERR_CLIENT_INTERRUPTED`.
   * @throws RuvectorError `ERR_TRAIN_*` (`ERR_TRAIN_UNKNOWN_ESTIMATOR` names near ones), `ERR_PREPARE_*` when the
   *   history cannot be trained on, `ERR_APP_BUSY` while another training runs, `ERR_MODEL_*`
   */
  train(options?: TrainOptions): Interruptible<TrainingReport>;
}

/** Creates the trainer of a client. */
export function createClientTrainer(link: DaemonLink): Trainer {
  return {
    train: (options = {}) =>
      makeCancellable('trainer.train', options.signal, (signal) => train(link, options, signal)),
  };
}

async function train(link: DaemonLink, options: TrainOptions, signal: AbortSignal): Promise<TrainingReport> {
  const { signal: _signal, onProgress: _told, dataset, ...asked } = options;
  const job = toWireNames({ ...asked, dataset: await datasetParams(dataset) });
  const bar = startProgress('training', 1);
  const onProgress = (progress: unknown): void => {
    const step = progress as TrainProgress;
    options.onProgress?.(step);
    bar.update(step.fraction, describeTrainProgress(step, options));
  };
  try {
    const report = buildReport(await link.request<TrainingAnswer>('train', job, { signal, onProgress }));
    bar.update(1);
    bar.finish(
      report.isLive
        ? `live: ${report.model}, ${report.verdict}`
        : `candidate: ${report.model}, ${report.verdict}`,
    );
    return report;
  } catch (error) {
    bar.finish('failed');
    throw unwrapTrainerError(error);
  }
}

async function datasetParams(
  dataset: TrainDataset | undefined,
): Promise<Record<string, unknown> | undefined> {
  if (!dataset) return undefined;
  const { hours, minutes, from, to, ...rest } = dataset;
  const range = await resolveRange('trainer.train', { hours, minutes, from, to });
  return toWireNames({ ...rest, ...range });
}

const metricOf = { classification: 'macroF1', anomaly: 'averagePrecision', forecast: 'mae' } as const;

type ReportedScores = Pick<
  TrainingReport,
  | 'task'
  | 'metric'
  | 'interval'
  | 'macroF1'
  | 'averagePrecision'
  | 'mae'
  | 'accuracy'
  | 'baseline'
  | 'confusionMatrix'
>;

function scoresOf({ metrics, task = 'classification' }: TrainingAnswer['manifest']): ReportedScores {
  const metric = metricOf[task];
  // A baseline is null where the features lack what it looks at.
  const baselines = (metrics['baseline'] ?? {}) as Record<string, Record<string, number | null> | null>;
  const scored = Object.entries(baselines).flatMap(([name, scores]) =>
    scores?.[metric] == null ? [] : [[name, scores[metric]]],
  );
  return {
    task,
    metric,
    interval: (metrics['interval'] as [number, number] | undefined) ?? null,
    macroF1: (metrics['macroF1'] as number | undefined) ?? Number.NaN,
    averagePrecision: (metrics['averagePrecision'] as number | undefined) ?? null,
    mae: (metrics['mae'] as number | undefined) ?? null,
    accuracy: (metrics['accuracy'] as number | undefined) ?? Number.NaN,
    baseline: Object.fromEntries(scored) as Record<string, number>,
    confusionMatrix: (metrics['confusionMatrix'] as number[][] | undefined) ?? [],
  };
}

function buildReport(answer: TrainingAnswer): TrainingReport {
  const { manifest, deployment, classCounts, timings, fitToFirstDecisionMs } = answer;
  return {
    kind: 'training-report',
    model: deployment && `${deployment.name}@${deployment.version}`,
    isLive: deployment?.isLive ?? false,
    verdict: deployment?.reason ?? 'nothing was deployed',
    gate: deployment?.gate ?? null,
    estimator: manifest.trainer.estimator,
    parameters: manifest.trainer.parameters,
    rows: manifest.dataset.rows,
    ...scoresOf(manifest),
    ...findingsOf(manifest.metrics),
    ...(answer.search && { search: answer.search }),
    classCounts,
    features: manifest.features.map(({ name }) => name),
    labels: manifest.labels ?? [],
    durations: {
      stream: timings.streamMs,
      fit: manifest.trainer.fitSeconds * 1000,
      export: timings.exportMs,
      deploy: timings.deployMs,
      swap: deployment?.swap?.totalMs ?? null,
      fitToFirstDecision: fitToFirstDecisionMs,
    },
  };
}
