// A training set as the table users load: timestamp, features by name, `trend`, the label as asked for,
// `label_index`, and `split` where one file holds them all. Columnar; the set stays as it is.
import * as arrow from 'apache-arrow';
import {
  buildBatch,
  buildIntegers,
  buildNames,
  labels,
  required,
  takeRows,
  toArrowSchema,
  toNumbers,
} from '../core/index.ts';
import type { Field, RecordKind } from '../core/index.ts';
import { createTrainingSource, featureTable, splitNames } from '../prepare/index.ts';
import type { SplitName, StreamedTrainingSet, TrainingFacts, TrainingSet } from '../prepare/index.ts';
import type { BatchTableParts } from './batch-table.ts';
import type { LabelType } from './export-options.ts';

/** What a table shows of a set. */
export interface TrainingTableOptions {
  readonly name: string;
  /** Only rows of this split, without the `split` column. @default all rows, with it */
  readonly split?: SplitName;
  readonly labelType: LabelType;
  /** Times are rounded down to this. */
  readonly timePrecisionMs: number;
}

interface Column {
  readonly field: Field;
  /** The column in a batch of `trainingBatches`, and what becomes of it. */
  readonly from: string;
  readonly convert?: (column: arrow.Data, length: number) => arrow.Data;
}

/** Builds the table. */
export function buildTrainingTable(
  set: TrainingSet | StreamedTrainingSet,
  options: TrainingTableOptions,
): BatchTableParts {
  const columns = trainingColumns(set, options);
  const kind: RecordKind = { name: 'training', version: 1, fields: columns.map(({ field }) => field) };
  const schema = toArrowSchema(kind);
  return {
    name: options.name,
    schema,
    rowEstimate: countRows(set, options.split),
    open: (signal) => openTable(set, options, columns, schema, signal),
  };
}

/** Name, type, unit and origin of each column, for the dataset card. */
export function describeColumns(set: TrainingFacts, options: TrainingTableOptions): Field[] {
  return trainingColumns(set, options).map(({ field }) => field);
}

/** Rows of a split, or of the whole set. */
export function countRows(set: TrainingFacts, split: SplitName | undefined): number {
  if (split === undefined) return set.rowCount;
  return set.classCounts[split].reduce((sum, count) => sum + count, 0);
}

async function* openTable(
  set: TrainingSet | StreamedTrainingSet,
  { split }: TrainingTableOptions,
  columns: readonly Column[],
  schema: arrow.Schema,
  signal: AbortSignal,
): AsyncGenerator<arrow.RecordBatch> {
  let at = 0;
  for await (const batch of createTrainingSource(set).open(0, signal)) {
    const picked = split === undefined ? batch : takeRows(batch, rowsOfSplit(set, split, at, batch.numRows));
    at += batch.numRows;
    if (picked.numRows > 0) yield convertBatch(picked, columns, schema);
  }
}

function rowsOfSplit(set: TrainingFacts, split: SplitName, at: number, count: number): Uint32Array {
  const wanted = splitNames.indexOf(split);
  const rows = new Uint32Array(count);
  let kept = 0;
  for (let i = 0; i < count; i++) if (set.splits[at + i] === wanted) rows[kept++] = i;
  return rows.subarray(0, kept);
}

function convertBatch(
  batch: arrow.RecordBatch,
  columns: readonly Column[],
  schema: arrow.Schema,
): arrow.RecordBatch {
  const converted = columns.map(({ from, convert }) => {
    const column = batch.getChild(from)!.data[0]!;
    return convert ? convert(column, batch.numRows) : column;
  });
  return buildBatch(schema, batch.numRows, converted);
}

function trainingColumns(set: TrainingFacts, options: TrainingTableOptions): Column[] {
  const { timePrecisionMs, labelType, split } = options;
  const features = set.featureNames.map((name): Column => ({ from: name, field: featureField(name) }));
  const trend = features.find(({ from }) => from === 'usage_trend');
  return [
    {
      from: 'timestamp',
      field: required('timestamp', 'timestamp', 'ms since epoch', precisionText(timePrecisionMs)),
      convert: (column, length) => floorTimes(column, length, timePrecisionMs),
    },
    ...features,
    // The export document's example selects df["trend"].
    ...(trend
      ? [
          {
            ...trend,
            field: { ...trend.field, name: 'trend', source: 'the same as usage_trend' },
            convert: copyFeature,
          },
        ]
      : []),
    ...labelColumns[labelType],
    ...(split === undefined ? [{ from: 'split', field: text('split', 'train, gap or test') }] : []),
  ];
}

const precisionText = (precisionMs: number): string =>
  precisionMs === 1 ? 'time of the snapshot' : `time of the snapshot, rounded down to ${precisionMs} ms`;
const text = (name: string, source: string): Field => required(name, 'utf8', 'text', source);

const labelIndex: Field = required('label_index', 'int8', 'index', `index into ${labels.join(', ')}`);
const labelColumns: Readonly<Record<LabelType, readonly Column[]>> = {
  class: [
    { from: 'label', field: text('label', `one of ${labels.join(', ')}`), convert: toLabelNames },
    { from: 'label', field: labelIndex },
  ],
  index: [{ from: 'label', field: { ...labelIndex, name: 'label' } }],
  binary: [
    {
      from: 'label',
      field: required('label', 'int8', '0 or 1', '1 for ShouldOptimize and everything more severe'),
      convert: toBinary,
    },
    { from: 'label', field: labelIndex },
  ],
};

function featureField(name: string): Field {
  const { unit, how } = featureTable.find((feature) => feature.name === name)!;
  return required(name, 'float32', unit, how);
}

/** Memory of its own: apache-arrow writes neighbouring columns that share theirs only once. */
function copyFeature(column: arrow.Data): arrow.Data {
  return arrow.makeData({ type: new arrow.Float32(), data: (column.values as Float32Array).slice() });
}

function floorTimes(column: arrow.Data, length: number, precisionMs: number): arrow.Data {
  if (precisionMs === 1) return column;
  const times = toNumbers(column.values as BigInt64Array, length);
  const floored = times.map((time) => Math.floor(time / precisionMs) * precisionMs);
  return buildIntegers(column.type, floored);
}

const labelBytes = labels.map((name) => new TextEncoder().encode(name));

function toLabelNames(column: arrow.Data, length: number): arrow.Data {
  return buildNames(labelBytes, (column.values as Int8Array).subarray(0, length));
}

function toBinary(column: arrow.Data, length: number): arrow.Data {
  const indexes = column.values as Int8Array;
  const data = new Int8Array(length);
  for (let i = 0; i < length; i++) data[i] = indexes[i]! > 0 ? 1 : 0;
  return arrow.makeData({ type: new arrow.Int8(), data });
}
