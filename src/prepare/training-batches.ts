// A training set as Arrow record batches of `trainingKind`, built from the typed arrays.
import * as arrow from 'apache-arrow';
import {
  optional,
  toArrowSchema,
  trainingKind,
  buildBatch,
  buildIntegers,
  buildNames,
} from '../core/index.ts';
import type { BatchSource, RecordKind } from '../core/index.ts';
import { prepareOptionsError } from './errors.ts';
import { splitNames } from './split.ts';
import type { StreamedTrainingSet, TrainingFacts, TrainingSet } from './training-set.ts';

const splitBytes = splitNames.map((name) => new TextEncoder().encode(name));

const TARGET = optional('target', 'float32', 'percent of MemTotal', 'prepare');

/** Most rows of a batch. */
const BATCH_ROWS = 65_536;

/**
 * A set in memory in batches of at most `batchRows` rows: timestamp, float32 features in order, int8 label,
 * utf8 split. An empty set gives no batch.
 * @param kind @default trainingKind(set.featureNames)
 * @param batchRows @default 65536
 * @throws PrepareOptionsError `ERR_PREPARE_OPTIONS` when the kind's columns are not those of the set
 */
export function* trainingBatches(
  set: TrainingSet,
  kind: RecordKind = trainingKind(set.featureNames),
  batchRows = BATCH_ROWS,
): Generator<arrow.RecordBatch> {
  assertColumns(set, kind);
  const width = set.featureNames.length;
  for (let start = 0; start < set.rowCount; start += batchRows) {
    const end = Math.min(set.rowCount, start + batchRows);
    yield buildRows(set, kind, start, set.features.subarray(start * width, end * width));
  }
}

/**
 * A set as a source of such batches.
 * @param withTarget adds what a forecast learns, float32 `target`: the memory available one horizon later in percent
 */
export function createTrainingSource(
  set: TrainingSet | StreamedTrainingSet,
  { withTarget = false }: { readonly withTarget?: boolean } = {},
): BatchSource {
  const plain = trainingKind(set.featureNames);
  const kind = withTarget ? { ...plain, fields: [...plain.fields, TARGET] } : plain;
  return {
    schema: toArrowSchema(kind),
    async *open(skipRows, signal) {
      let skip = skipRows;
      let start = 0;
      const blocks = 'features' in set ? [set.features] : set.readFeatures(signal);
      for await (const features of regroup(blocks, BATCH_ROWS * set.featureNames.length)) {
        signal.throwIfAborted();
        const batch = buildRows(set, kind, start, features);
        start += batch.numRows;
        if (skip < batch.numRows) yield skip > 0 ? batch.slice(skip) : batch;
        skip = Math.max(0, skip - batch.numRows);
      }
    },
  };
}

/** The same values in arrays of `length`, the last one shorter. */
async function* regroup(
  blocks: AsyncIterable<Float32Array> | Iterable<Float32Array>,
  length: number,
): AsyncGenerator<Float32Array> {
  let group = new Float32Array(length);
  let filled = 0;
  for await (const block of blocks) {
    for (let at = 0; at < block.length;) {
      const part = block.subarray(at, at + length - filled);
      group.set(part, filled);
      at += part.length;
      filled += part.length;
      if (filled < length) continue;
      yield group;
      group = new Float32Array(length);
      filled = 0;
    }
  }
  if (filled > 0) yield group.subarray(0, filled);
}

/** The rows of a set from `start` on whose features are given. */
function buildRows(
  set: TrainingFacts,
  kind: RecordKind,
  start: number,
  features: Float32Array,
): arrow.RecordBatch {
  const schema = toArrowSchema(kind);
  const width = set.featureNames.length;
  const end = start + features.length / width;
  return buildBatch(schema, end - start, [
    buildIntegers(schema.fields[0]!.type, set.timestamps.subarray(start, end)),
    ...set.featureNames.map((_, column) => featureData(features, column, width)),
    arrow.makeData({ type: new arrow.Int8(), data: set.labels.slice(start, end) }),
    buildNames(splitBytes, set.splits.subarray(start, end)),
    ...(kind.fields.includes(TARGET)
      ? [arrow.makeData({ type: new arrow.Float32(), data: set.targets.slice(start, end) })]
      : []),
  ]);
}

function assertColumns(set: TrainingSet, kind: RecordKind): void {
  const wanted = ['timestamp', ...set.featureNames, 'label', 'split'].join(', ');
  const given = kind.fields.map((field) => field.name).join(', ');
  if (given === wanted) return;
  throw prepareOptionsError('training batches', [`the kind has columns ${given}, wanted ${wanted}`]);
}

function featureData(features: Float32Array, column: number, width: number): arrow.Data {
  const data = new Float32Array(features.length / width);
  for (let i = 0; i < data.length; i++) data[i] = features[i * width + column]!;
  return arrow.makeData({ type: new arrow.Float32(), data });
}
