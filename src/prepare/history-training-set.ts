// A training set from a history: the one place that knows which rows, windows and actions a set is made
// of. The history is a port; this room does no I/O.
import type { HistoryReader, PartitionReader } from '../core/index.ts';
import type { FeatureSpec } from './feature-spec.ts';
import { lookbackMs } from './feature-spec.ts';
import { readSnapshotBatches } from './snapshot-partitions.ts';
import type { SnapshotSource } from './snapshot-source.ts';
import { specOf, streamTrainingSet } from './training-set.ts';
import type { StreamedTrainingSet, TrainingSetOptions } from './training-set.ts';

/** What a training set is read from. */
export type TrainingHistory = HistoryReader & PartitionReader;

/** Options of {@link buildHistoryTrainingSet}; undefined values count as not given. */
export type HistoryTrainingOptions = {
  readonly [K in keyof Omit<TrainingSetOptions, 'memory' | 'optimizationTimestamps' | 'spec'>]?:
    TrainingSetOptions[K] | undefined;
} & { readonly spec: FeatureSpec };

/** Features of two days at 1 Hz; those of longer sets are computed again when they are read. */
const KEEP_BYTES = 16 * 2 ** 20;

/** Rows of one partition that has to be sorted. */
const SORT_ROWS = 65_536;

/**
 * Builds the training set of a range of the history, windows filled from the rows before it.
 * @throws PrepareOptionsError, TrainingHistoryError as `buildTrainingSet`
 */
export async function buildHistoryTrainingSet(
  history: TrainingHistory,
  options: HistoryTrainingOptions,
  keepBytes = KEEP_BYTES,
): Promise<StreamedTrainingSet> {
  const { fromMs, toMs } = options;
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const range = {
    ...(fromMs !== undefined && { fromMs: fromMs - lookbackMs(specOf(options)) }),
    ...(toMs !== undefined && { toMs }),
  };
  const { rows, open } = await planSnapshots(history, range);
  return streamTrainingSet(
    { ...Object.fromEntries(given), optimizationTimestamps: await actionTimes(history) },
    open,
    { keepBytes, expectedRows: rows },
  );
}

/** The snapshots of a range, at most so many, the same each time they are opened. */
export async function planSnapshots(
  history: PartitionReader,
  range: { readonly fromMs?: number; readonly toMs?: number } = {},
): Promise<{ readonly rows: number; readonly open: () => SnapshotSource }> {
  const partitions = await history.partitions('memory', { ...range, maxRows: SORT_ROWS });
  return {
    rows: partitions.reduce((sum, { maxRows }) => sum + maxRows, 0),
    open: () => readSnapshotBatches(partitions),
  };
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
