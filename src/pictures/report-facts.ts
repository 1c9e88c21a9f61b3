// What a training report is drawn from: plain figures, named as in the manifest of a model. Types only.

type Interval = readonly [low: number, high: number] | null;

/** Scores of the model, or of a rule that it has to beat. */
export interface ScoreFacts {
  readonly macroF1?: number | null;
  readonly averagePrecision?: number | null;
  readonly mae?: number | null;
  /** 95 %, drawn in blocks of time. */
  readonly interval?: Interval;
  readonly difference?: number | null;
  readonly differenceInterval?: Interval;
}

/** How often the most probable label came, by the probability that was stated for it. */
export interface CalibrationFacts {
  readonly ece: number;
  readonly bins: readonly CalibrationBin[];
}

interface CalibrationBin {
  readonly rows: number;
  readonly low: number;
  readonly high: number;
  readonly accuracy: number;
  readonly confidence: number;
}

/** What a score loses when the blocks of one feature are shuffled. */
export interface ImportanceFacts {
  readonly rows: number;
  readonly features: readonly {
    readonly feature: string;
    readonly drop: number;
    readonly interval: readonly [number, number];
  }[];
}

/** Scores of rows that are anomalous and of those that are not. */
export interface DetectionFacts {
  readonly precisionRecall: readonly { readonly recall: number; readonly precision: number }[];
  readonly anomalousShare: number;
  readonly scores: {
    readonly edges: readonly number[];
    readonly normal: readonly number[];
    readonly anomalous: readonly number[];
  };
}

/** What came and what was foreseen for it. */
export interface ForecastFacts {
  readonly errors: { readonly edges: readonly number[]; readonly rows: readonly number[] };
  readonly newest: readonly {
    readonly seconds: number;
    readonly actual: number;
    readonly predicted: number;
  }[];
}

/** What the held-out rows say of a model. */
export interface MetricFacts extends ScoreFacts {
  readonly accuracy?: number | null;
  readonly precision?: number | null;
  readonly recall?: number | null;
  readonly rocAuc?: number | null;
  readonly rmse?: number | null;
  readonly rows?: { readonly train?: number; readonly test?: number };
  readonly baseline?: Readonly<Record<string, unknown>>;
  readonly perClass?: readonly {
    readonly label: string;
    readonly precision: number | null;
    readonly recall: number | null;
    readonly f1: number | null;
    readonly support: number;
  }[];
  readonly confusionMatrix?: readonly (readonly number[])[] | null;
  readonly calibration?: CalibrationFacts | null;
  readonly detection?: DetectionFacts | null;
  readonly forecast?: ForecastFacts | null;
  readonly importance?: ImportanceFacts | null;
  readonly comparison?: { readonly sentence?: string; readonly better?: boolean | null } | null;
}

/** A model, as its manifest describes it. */
export interface ReportFacts {
  readonly name: string;
  readonly created?: string;
  readonly task?: string;
  readonly labels?: readonly string[];
  readonly features?: readonly unknown[];
  readonly trainer?: {
    readonly estimator?: string;
    readonly parameters?: Readonly<Record<string, unknown>>;
    readonly fitSeconds?: number;
    readonly sampleWeight?: string | null;
  };
  readonly dataset?: {
    readonly id?: string;
    readonly sha256?: string;
    readonly rows?: number;
    readonly horizonMs?: number | null;
    readonly featureSpecSha256?: string | null;
  };
  readonly metrics: MetricFacts;
  /** Present when it was exported; else `notExported` says why it was not. */
  readonly parity?: {
    readonly rows?: number;
    readonly maxAbsDiff: number;
    readonly labelMismatches?: number | null;
    readonly tolerance?: number;
  } | null;
  readonly model?: {
    readonly sizeBytes: number;
    readonly opset?: Readonly<Record<string, number>>;
    readonly sha256?: string;
  } | null;
  readonly versions?: Readonly<Record<string, unknown>>;
  readonly notExported?: string;
}

/** A step that the estimator reported while it was fitted. */
export interface StepFacts {
  readonly step: number;
  readonly loss?: number | null;
  readonly metrics?: Readonly<Record<string, unknown>> | null;
}
