// The export document's training samples of an existing history: its eight features and the label, the same
// as those a running host records (online-labels.ts).
import type { HistoryReader, TrainingSample } from '../core/index.ts';
import { buildFeatureSpec } from './feature-spec.ts';
import type { FeatureSpec } from './feature-spec.ts';
import { actionTimes } from './history-training-set.ts';
import { defaultThresholds } from './labels.ts';
import type { LabelThresholds } from './labels.ts';
import { createSampleBuilder } from './online-labels.ts';
import { forEachSnapshot } from './snapshot-source.ts';
import { TrainingPass } from './training-pass.ts';
import { trainingSetDefaults } from './training-set-options.ts';

/** Options of {@link readLabelledSamples}. */
export interface LabelledSamplesOptions {
  /** @default buildFeatureSpec() */
  readonly spec?: FeatureSpec;
  /** How far a label looks ahead. @default that of a training set */
  readonly horizonMs?: number;
  /** @default defaultThresholds */
  readonly thresholds?: LabelThresholds;
  /** Keep samples that an action of the optimizer reaches. @default false */
  readonly includeActed?: boolean;
  /** How long an action reaches rows after it. @default spec.rateWindowMs */
  readonly actionEffectMs?: number;
  /** Least time between two samples. @default spec.rateWindowMs, so that no two share a rate window */
  readonly spacingMs?: number;
  readonly signal?: AbortSignal;
}

/** The labelled samples of a history that no action reaches, oldest first. A history without any gives none. */
export async function readLabelledSamples(
  history: HistoryReader,
  options: LabelledSamplesOptions = {},
): Promise<TrainingSample[]> {
  const { spec = buildFeatureSpec(), thresholds = defaultThresholds, signal } = options;
  const { horizonMs = trainingSetDefaults.horizonMs } = options;
  const { includeActed = false, actionEffectMs = spec.rateWindowMs } = options;
  const buildSample = createSampleBuilder(spec);
  const pass = new TrainingPass(
    { spec, horizonMs, thresholds, includeActed, actionEffectMs },
    { optimizationTimestamps: await actionTimes(history) },
  );
  await forEachSnapshot(history.query('memory', {}), (snapshot) => pass.take(snapshot), signal);
  const { features, labels, timestamps } = pass.labelledRows();
  const width = spec.names.length;
  return spaced(timestamps, options.spacingMs ?? spec.rateWindowMs).map((row) =>
    buildSample(features.subarray(row * width, (row + 1) * width), labels[row]!),
  );
}

/** Rows at least `spacingMs` apart; a clock that stepped back starts afresh. */
function spaced(timestamps: Float64Array, spacingMs: number): number[] {
  const rows: number[] = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  timestamps.forEach((timestamp, row) => {
    if (timestamp >= lastMs && timestamp - lastMs < spacingMs) return;
    rows.push(row);
    lastMs = timestamp;
  });
  return rows;
}
