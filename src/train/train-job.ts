// What is asked of a trainer and what comes back. Types only.
import type { FeatureWindow } from '../core/index.ts';
import type { GateReport, ModelTask, SwapReport } from '../models/index.ts';

/** One training. */
export interface TrainJob {
  /** Name of the model in the registry. */
  readonly name: string;
  /** `sklearn.RandomForestClassifier`, `lightgbm.LGBMClassifier`, `torch.GRU`, ..., or one of scikit-learn by its full path. */
  readonly estimator: string;
  /** Parameters of the estimator; in a pipeline, of its last step. @default {} */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Parameters of the `training` stream: `from_ms`, `horizon_ms`, ...; or `file`, an Arrow IPC stream. @default {} */
  readonly dataset?: Readonly<Record<string, unknown>>;
  /** Whether rows weigh inversely to the size of their class. @default 'balanced' */
  readonly sampleWeight?: 'balanced' | null;
  /** True makes it live whatever it is worth, false leaves it as the candidate. @default the gate decides */
  readonly activate?: boolean;
  /** What the model answers; an estimator of another task is refused. @default that of the estimator */
  readonly task?: ModelTask;
  /** Feature rows of the history in one row of the data set. @default none */
  readonly window?: FeatureWindow;
  /** Seed of whatever is drawn; the same data and seed give the same model. @default 0 */
  readonly seed?: number;
  /** Looks for better parameters first. @default the given ones are taken */
  readonly search?: TrainSearch;
  /** Where the run is logged beside the registry. @default nowhere */
  readonly logger?: 'mlflow';
  /** Names by task, for a model whose task `name` is not for. */
  readonly names?: Readonly<Partial<Record<ModelTask, string>>>;
  /** Identity of this training, which its manifest repeats as `trainer.run`. */
  readonly run?: string;
  /** What fits: Python, or tf.js in a worker of the daemon, without Python. @default 'python' */
  readonly backend?: 'python' | 'tfjs';
  /** The network of `backend: 'tfjs'`, and how it is fitted. */
  readonly layers?: readonly TfjsLayer[];
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly learningRate?: number;
  /** Epochs without a better loss on the validation part after which it stops. @default none */
  readonly earlyStopping?: number;
}

/** A search for parameters: trials, each measured by folds in time order with a gap between them. */
export interface TrainSearch {
  readonly trials?: number;
  readonly folds?: number;
  /**
   * Left out between the rows of a fold that are trained on and those that are tested.
   * @default what a label looks ahead and a feature looks back; less is refused
   */
  readonly gapMs?: number;
  readonly timeoutSeconds?: number;
}

/** One layer of a network: its name in tf.js, such as `dense`, and its options. */
export interface TfjsLayer {
  readonly type: string;
  readonly [option: string]: unknown;
}

/** Where a training is. */
export interface TrainProgress {
  readonly stage: 'start' | 'stream' | 'fit' | 'export' | 'deploy' | 'done';
  /** Share of the whole, 0 to 1. */
  readonly fraction: number;
  readonly message: string;
  /** Of a fit in steps (epochs, trees, trials): how many are done. */
  readonly step?: number;
  /** How many there are at most. */
  readonly of?: number;
  readonly loss?: number;
  /** Others, by name. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Until the last step, if none is left out. */
  readonly etaSeconds?: number;
}

/** The manifest as the trainer wrote it; the registry adds version and checksum. */
export interface TrainedManifest {
  readonly name: string;
  readonly features: readonly { readonly name: string; readonly dtype: 'float32' }[];
  /** @default 'classification' */
  readonly task?: ModelTask;
  readonly window?: FeatureWindow;
  /** Names of the labels of a classifier, by their number. */
  readonly labels?: readonly string[];
  readonly classes?: readonly number[];
  readonly trainer: {
    readonly estimator: string;
    readonly parameters: Readonly<Record<string, unknown>>;
    /** The fit alone. */
    readonly fitSeconds: number;
    readonly versions: Readonly<Record<string, string>>;
    /** Identity of the training: {@link TrainJob.run}. */
    readonly run?: string;
  };
  readonly dataset: { readonly id: string; readonly sha256: string; readonly rows: number };
  /**
   * Over the test rows, and baseline: of a classifier macroF1, interval, accuracy, perClass and confusionMatrix, of an
   * anomaly detector averagePrecision, interval and rocAuc, of a forecast mae and interval.
   */
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly parity: {
    readonly rows: number;
    readonly maxAbsDiff: number;
    readonly labelMismatches: number;
    readonly tolerance: number;
  };
  readonly model: { readonly sha256: string; readonly sizeBytes: number };
}

/** What the daemon did with the model. */
export interface TrainDeployment {
  readonly name: string;
  readonly version: string;
  readonly isLive: boolean;
  /** Null when it was left as the candidate, or does not decide on the host. */
  readonly swap: SwapReport | null;
  /** One sentence: why it went live, or why it stays the candidate. */
  readonly reason: string;
  /** What the champion gate found; null when it was forced or only stored. */
  readonly gate: GateReport | null;
}

/** Milliseconds of each stage; the fit alone is `trainer.fitSeconds` of the manifest. */
export interface TrainTimings {
  readonly streamMs: number;
  /** The fit and its measurement beside the baselines. */
  readonly fitAndMeasureMs: number;
  readonly exportMs: number;
  readonly deployMs: number;
  /** When the fit returned, on CLOCK_MONOTONIC: the clock of `process.hrtime` on Linux. */
  readonly fitReturnedMonotonicNs: number;
}

/** A finished training. */
export interface TrainResult {
  readonly manifest: TrainedManifest;
  readonly deployment: TrainDeployment | null;
  /** Rows of each label in the data set, by label name. */
  readonly classCounts: Readonly<Record<string, number>>;
  readonly timings: TrainTimings;
  /** Of a search: trials, notes and leaderboard. */
  readonly search?: Readonly<Record<string, unknown>> | null;
}
