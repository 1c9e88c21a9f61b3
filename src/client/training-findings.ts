// What the held-out rows say of a model beside its scores, as Python measured it: python/src/ruvector/_training/assessment.py.

/** A model against the best of the rules it has to beat, drawn on the same blocks of held-out rows. */
export interface RuleComparison {
  /** The best rule; absent where nothing could be compared. */
  readonly rule?: string;
  /** Above zero favours the model. */
  readonly difference?: number;
  /** 95 %. */
  readonly interval?: readonly [low: number, high: number];
  /** True or false only when the interval leaves zero out; null cannot be told. */
  readonly better: boolean | null;
  readonly sentence: string;
}

/** How often the most probable label came, by the probability that was stated for it. */
export interface Calibration {
  /** Expected calibration error. */
  readonly ece: number;
  readonly bins: readonly {
    readonly low: number;
    readonly high: number;
    readonly rows: number;
    readonly confidence: number;
    readonly accuracy: number;
  }[];
}

/** What a score loses on held-out rows when the blocks of one feature are shuffled, the most important first. */
export interface FeatureImportance {
  readonly score: string;
  readonly rows: number;
  readonly features: readonly {
    readonly feature: string;
    readonly drop: number;
    /** 95 %. */
    readonly interval: readonly [low: number, high: number];
  }[];
}

/** What a training report says of a model beside its scores. */
export interface TrainingFindings {
  readonly comparison: RuleComparison | null;
  readonly calibration: Calibration | null;
  readonly importance: FeatureImportance | null;
}

/** Takes the findings out of the metrics of a manifest; null for what is not there. */
export function findingsOf(metrics: Readonly<Record<string, unknown>>): TrainingFindings {
  const { comparison, calibration, importance } = metrics as Partial<TrainingFindings>;
  return {
    comparison: comparison ?? null,
    calibration: calibration ?? null,
    importance: importance ?? null,
  };
}
