// What is asked of a trainer and what comes back. Types only.
import type { GateReport, SwapReport } from '../models/index.ts';

/** One training. */
export interface TrainJob {
  /** Name of the model in the registry. */
  readonly name: string;
  /** `sklearn.RandomForestClassifier` or another classifier of scikit-learn by its full path. */
  readonly estimator: string;
  /** Parameters of the estimator; in a pipeline, of its last step. @default {} */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Parameters of the `training` stream: `from_ms`, `horizon_ms`, ...; or `file`, an Arrow IPC stream. @default {} */
  readonly dataset?: Readonly<Record<string, unknown>>;
  /** Whether rows weigh inversely to the size of their class. @default 'balanced' */
  readonly sampleWeight?: 'balanced' | null;
  /** True makes it live whatever it is worth, false leaves it as the candidate. @default the gate decides */
  readonly activate?: boolean;
}

/** Where a training is. */
export interface TrainProgress {
  readonly stage: 'start' | 'stream' | 'fit' | 'export' | 'deploy' | 'done';
  /** Share of the whole, 0 to 1. */
  readonly fraction: number;
  readonly message: string;
}

/** The manifest as the trainer wrote it; the registry adds version and checksum. */
export interface TrainedManifest {
  readonly name: string;
  readonly features: readonly { readonly name: string; readonly dtype: 'float32' }[];
  /** Names of the labels, by their number. */
  readonly labels: readonly string[];
  readonly classes: readonly number[];
  readonly trainer: {
    readonly estimator: string;
    readonly parameters: Readonly<Record<string, unknown>>;
    /** The fit alone. */
    readonly fitSeconds: number;
    readonly versions: Readonly<Record<string, string>>;
  };
  readonly dataset: { readonly id: string; readonly sha256: string; readonly rows: number };
  /** macroF1, interval, accuracy, perClass, confusionMatrix over the test rows, and baseline. */
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
}
