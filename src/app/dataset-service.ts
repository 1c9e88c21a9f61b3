// Training sets from the history: the one place that knows which rows, windows and horizon a set is made of.
import * as arrow from 'apache-arrow';
import { buildTrainingSet, lookbackMs } from '../prepare/index.ts';
import type { Balance, FeatureSpec, TrainingSet } from '../prepare/index.ts';
import type { History, TimeRange } from '../store/index.ts';

/** Parameters of a training set, as they travel over the bridge. */
export const datasetParams = {
  from_ms: 'number',
  to_ms: 'number',
  horizon_ms: 'number',
  test_fraction: 'number',
  blocks: 'number',
  balance: 'string',
} as const;

/** The same, typed. */
export interface DatasetParams {
  readonly from_ms?: number;
  readonly to_ms?: number;
  readonly horizon_ms?: number;
  readonly test_fraction?: number;
  readonly blocks?: number;
  readonly balance?: string;
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
  readonly history: Pick<History, 'query'>;
  readonly spec: FeatureSpec;
  /** Horizon of a set that names none. */
  readonly horizonMs: number;
}

/** Creates the service over a history. */
export function createDatasetService({ history, spec, horizonMs }: DatasetServiceOptions): DatasetService {
  const build: DatasetService['build'] = async (params, signal) =>
    buildTrainingSet({
      memory: history.query('memory', rangeOf(params, spec)),
      optimizationTimestamps: await actionTimes(history),
      spec,
      horizonMs: params.horizon_ms ?? horizonMs,
      ...definedOptions(params),
      ...(signal && { signal }),
    });
  return {
    build,
    buildReplayBatch: async (batchBytes, signal) => repeatFeatures(await build({}, signal), batchBytes),
  };
}

/** Starts early enough to fill the windows of the first row. */
function rangeOf({ from_ms, to_ms }: DatasetParams, spec: FeatureSpec): TimeRange {
  return {
    ...(from_ms !== undefined && { fromMs: from_ms - lookbackMs(spec) }),
    ...(to_ms !== undefined && { toMs: to_ms }),
  };
}

function definedOptions(params: DatasetParams): object {
  const options = {
    fromMs: params.from_ms,
    toMs: params.to_ms,
    testFraction: params.test_fraction,
    blocks: params.blocks,
    balance: params.balance as Balance | undefined,
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Times of real actions, so that `minutes_since_last_opt` is what the live extractor saw. */
async function actionTimes(history: Pick<History, 'query'>): Promise<number[]> {
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
