// A training set from a history: the one place that knows which rows, windows and actions a set is made
// of. The history is a port; this room does no I/O.
import type { HistoryReader } from '../core/index.ts';
import type { FeatureSpec } from './feature-spec.ts';
import { lookbackMs } from './feature-spec.ts';
import { buildTrainingSet } from './training-set.ts';
import type { TrainingSet, TrainingSetOptions } from './training-set.ts';

/** Options of {@link buildHistoryTrainingSet}; undefined values count as not given. */
export type HistoryTrainingOptions = {
  readonly [K in keyof Omit<TrainingSetOptions, 'memory' | 'optimizationTimestamps' | 'spec'>]?:
    TrainingSetOptions[K] | undefined;
} & { readonly spec: FeatureSpec };

/**
 * Builds the training set of a range of the history, windows filled from the rows before it.
 * @throws PrepareOptionsError, TrainingHistoryError as `buildTrainingSet`
 */
export async function buildHistoryTrainingSet(
  history: HistoryReader,
  options: HistoryTrainingOptions,
): Promise<TrainingSet> {
  const { fromMs, toMs, spec } = options;
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const range = {
    ...(fromMs !== undefined && { fromMs: fromMs - lookbackMs(spec) }),
    ...(toMs !== undefined && { toMs }),
  };
  return buildTrainingSet({
    ...Object.fromEntries(given),
    memory: history.query('memory', range),
    optimizationTimestamps: await actionTimes(history),
  });
}

/** Times of real actions: for `minutes_since_last_opt` as the live extractor saw it, and for the rows they reach. */
export async function actionTimes(history: HistoryReader): Promise<number[]> {
  const times: number[] = [];
  for await (const batch of history.query('optimization', {})) {
    const modes = batch.getChild('mode');
    const stamps = batch.getChild('timestamp');
    for (let i = 0; i < batch.numRows; i++) {
      if (modes?.get(i) === 'act') times.push(Number(stamps?.get(i)));
    }
  }
  return times;
}
