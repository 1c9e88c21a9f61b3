// A training set as Arrow record batches of `trainingKind`, built from the typed arrays.
import * as arrow from 'apache-arrow';
import { toArrowSchema, trainingKind, buildBatch, buildIntegers, buildNames } from '../core/index.ts';
import type { BatchSource, RecordKind } from '../core/index.ts';
import { prepareOptionsError } from './errors.ts';
import { splitNames } from './split.ts';
import type { TrainingSet } from './training-set.ts';

const splitBytes = splitNames.map((name) => new TextEncoder().encode(name));

/**
 * The set in batches of at most `batchRows` rows: timestamp, float32 features in order, int8 label,
 * utf8 split. An empty set gives no batch.
 * @param kind @default trainingKind(set.featureNames)
 * @param batchRows @default 65536
 * @throws PrepareOptionsError `ERR_PREPARE_OPTIONS` when the kind's columns are not those of the set
 */
export function* trainingBatches(
  set: TrainingSet,
  kind: RecordKind = trainingKind(set.featureNames),
  batchRows = 65_536,
): Generator<arrow.RecordBatch> {
  assertColumns(set, kind);
  const schema = toArrowSchema(kind);
  for (let start = 0; start < set.rowCount; start += batchRows) {
    const end = Math.min(set.rowCount, start + batchRows);
    const children = [
      buildIntegers(schema.fields[0]!.type, set.timestamps.subarray(start, end)),
      ...set.featureNames.map((_, column) => featureData(set, column, start, end)),
      arrow.makeData({ type: new arrow.Int8(), data: set.labels.slice(start, end) }),
      buildNames(splitBytes, set.splits.subarray(start, end)),
    ];
    yield buildBatch(schema, end - start, children);
  }
}

/** The set as a source of the batches of `trainingBatches`. */
export function createTrainingSource(set: TrainingSet): BatchSource {
  const kind = trainingKind(set.featureNames);
  return {
    schema: toArrowSchema(kind),
    async *open(skipRows, signal) {
      let skip = skipRows;
      for (const batch of trainingBatches(set, kind)) {
        signal.throwIfAborted();
        if (skip < batch.numRows) yield skip > 0 ? batch.slice(skip) : batch;
        skip = Math.max(0, skip - batch.numRows);
      }
    },
  };
}

function assertColumns(set: TrainingSet, kind: RecordKind): void {
  const wanted = ['timestamp', ...set.featureNames, 'label', 'split'].join(', ');
  const given = kind.fields.map((field) => field.name).join(', ');
  if (given === wanted) return;
  throw prepareOptionsError('training batches', [`the kind has columns ${given}, wanted ${wanted}`]);
}

function featureData(set: TrainingSet, column: number, start: number, end: number): arrow.Data {
  const width = set.featureNames.length;
  const data = new Float32Array(end - start);
  for (let i = 0; i < data.length; i++) data[i] = set.features[(start + i) * width + column]!;
  return arrow.makeData({ type: new arrow.Float32(), data });
}
