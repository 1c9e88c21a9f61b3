// Training sets of a host: its history, features and horizon, with the options that travel over the bridge.
import * as arrow from 'apache-arrow';
import type { HistoryReader } from '../../core/index.ts';
import { buildHistoryTrainingSet } from '../../prepare/index.ts';
import type { Balance, FeatureSpec, TrainingSet } from '../../prepare/index.ts';

/** Parameters of a training set, as they travel over the bridge. */
export const datasetParams = {
  from_ms: 'number',
  to_ms: 'number',
  horizon_ms: 'number',
  test_fraction: 'number',
  blocks: 'number',
  balance: 'string',
  include_acted: 'boolean',
} as const;

/** The same, typed. */
export interface DatasetParams {
  readonly from_ms?: number;
  readonly to_ms?: number;
  readonly horizon_ms?: number;
  readonly test_fraction?: number;
  readonly blocks?: number;
  readonly balance?: string;
  readonly include_acted?: boolean;
}

/** Builds training sets. */
export interface DatasetService {
  /** @throws RuvectorError `ERR_PREPARE_*` when the history cannot give a set, with what it holds */
  build(params: DatasetParams, signal?: AbortSignal): Promise<TrainingSet>;
  /** The set's features, repeated to one record batch of about `batchBytes`. */
  buildReplayBatch(batchBytes: number, signal?: AbortSignal): Promise<arrow.RecordBatch>;
}

/** Options of {@link createDatasetService}. */
export interface DatasetServiceOptions {
  readonly history: HistoryReader;
  readonly spec: FeatureSpec;
  /** Horizon of a set that names none. */
  readonly horizonMs: number;
}

/** Creates the service over a history. */
export function createDatasetService({ history, spec, horizonMs }: DatasetServiceOptions): DatasetService {
  const build: DatasetService['build'] = (params, signal) =>
    buildHistoryTrainingSet(history, {
      spec,
      fromMs: params.from_ms,
      toMs: params.to_ms,
      horizonMs: params.horizon_ms ?? horizonMs,
      testFraction: params.test_fraction,
      blocks: params.blocks,
      balance: params.balance as Balance | undefined,
      includeActed: params.include_acted,
      signal,
    });
  return {
    build,
    buildReplayBatch: async (batchBytes, signal) => repeatFeatures(await build({}, signal), batchBytes),
  };
}

function repeatFeatures(set: TrainingSet, batchBytes: number): arrow.RecordBatch {
  const width = set.featureNames.length;
  const rows = Math.max(1, Math.floor(batchBytes / (4 * width)));
  const columns = set.featureNames.map((name, column): [string, Float32Array] => {
    const values = new Float32Array(rows);
    for (let i = 0; i < rows; i++) values[i] = set.features[(i % set.rowCount) * width + column]!;
    return [name, values];
  });
  const table = arrow.tableFromArrays(Object.fromEntries(columns));
  return table.batches[0]!;
}
