// The export document's training samples of an existing history: its eight features and the label, the same
// as those a running host records (online-labels.ts).
import type { TrainingSample } from '../core/index.ts';
import { buildFeatureSpec } from './feature-spec.ts';
import type { FeatureSpec } from './feature-spec.ts';
import { actionTimes, planSnapshots } from './history-training-set.ts';
import type { TrainingHistory } from './history-training-set.ts';
import { defaultThresholds } from './labels.ts';
import type { LabelThresholds } from './labels.ts';
import { createSampleBuilder } from './online-labels.ts';
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
  history: TrainingHistory,
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
  const { open } = await planSnapshots(history);
  const isDue = createSpacing(options.spacingMs ?? spec.rateWindowMs);
  const width = spec.names.length;
  const samples: TrainingSample[] = [];
  for await (const { features, labels, timestamps } of pass.run(open(), signal)) {
    timestamps.forEach((timestamp, row) => {
      if (!isDue(timestamp)) return;
      samples.push(buildSample(features.subarray(row * width, (row + 1) * width), labels[row]!));
    });
  }
  return samples;
}

/** True for times at least `spacingMs` apart; a clock that stepped back starts afresh. */
function createSpacing(spacingMs: number): (timestampMs: number) => boolean {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (timestampMs) => {
    if (timestampMs >= lastMs && timestampMs - lastMs < spacingMs) return false;
    lastMs = timestampMs;
    return true;
  };
}
