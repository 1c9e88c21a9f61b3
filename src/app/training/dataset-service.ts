// Training sets of a host: its history, features and horizon, with the options that travel over the bridge.
import * as arrow from 'apache-arrow';
import type { OptionValues } from '../../core/index.ts';
import { buildHistoryTrainingSet, readFeatureRows, trainingSetOptions } from '../../prepare/index.ts';
import type { FeatureSpec, StreamedTrainingSet, TrainingHistory, TrainingTask } from '../../prepare/index.ts';
import { optionsOf, paramsOf, parseParams } from '../requests/params.ts';

/** Which training set: its range and its options. */
export type DatasetOptions = OptionValues<typeof trainingSetOptions> & {
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** What is to be learned; only to tell labels apart needs more than one. @default 'classification' */
  readonly task?: TrainingTask | undefined;
};

const datasetParams = {
  ...paramsOf(trainingSetOptions),
  from_ms: 'number',
  to_ms: 'number',
  task: 'string',
} as const;

/** The options as they travel over the bridge, their values unchecked. @throws RuvectorError `ERR_APP_PARAMS` */
export function parseDataset(request: string, params: unknown): DatasetOptions {
  const given = parseParams(request, datasetParams, params);
  return {
    fromMs: given.from_ms,
    toMs: given.to_ms,
    task: given.task as TrainingTask | undefined,
    ...optionsOf(trainingSetOptions, given),
  };
}

/** Builds training sets. */
export interface DatasetService {
  /** @throws RuvectorError `ERR_PREPARE_*` when the history cannot give a set, with what it holds */
  build(options: DatasetOptions, signal?: AbortSignal): Promise<StreamedTrainingSet>;
  /** The set's features, repeated to one record batch of about `batchBytes`. */
  buildReplayBatch(batchBytes: number, signal?: AbortSignal): Promise<arrow.RecordBatch>;
}

/** Options of {@link createDatasetService}. */
export interface DatasetServiceOptions {
  readonly history: TrainingHistory;
  readonly spec: FeatureSpec;
  /** Horizon of a set that names none. */
  readonly horizonMs: number;
}

/** Creates the service over a history. */
export function createDatasetService({ history, spec, horizonMs }: DatasetServiceOptions): DatasetService {
  const build: DatasetService['build'] = (options, signal) =>
    buildHistoryTrainingSet(history, {
      spec,
      ...options,
      horizonMs: options.horizonMs ?? horizonMs,
      signal,
    });
  return {
    build,
    buildReplayBatch: async (batchBytes, signal) =>
      repeatFeatures(await build({}, signal), batchBytes, signal),
  };
}

async function repeatFeatures(
  set: StreamedTrainingSet,
  batchBytes: number,
  signal: AbortSignal | undefined,
): Promise<arrow.RecordBatch> {
  const width = set.featureNames.length;
  const rows = Math.max(1, Math.floor(batchBytes / (4 * width)));
  const held = Math.min(rows, set.rowCount);
  const features = await readFeatureRows(set, [0, held], signal);
  const columns = set.featureNames.map((name, column): [string, Float32Array] => {
    const values = new Float32Array(rows);
    for (let i = 0; i < rows; i++) values[i] = features[(i % held) * width + column]!;
    return [name, values];
  });
  const table = arrow.tableFromArrays(Object.fromEntries(columns));
  return table.batches[0]!;
}
