// The files of a package besides its model: golden.arrow and heldout.arrow, as src/models reads them (decode-golden.ts,
// held-out.ts), each an Arrow IPC stream.
import * as arrow from 'apache-arrow';
import { MAX_HELD_OUT_ROWS } from '../../models/index.ts';
import type { GoldenRows } from '../../models/index.ts';
import { byTime } from './measure.ts';
import type { BaselineAnswers } from './measure.ts';
import { featureRowsOf } from './tfjs-dataset.ts';
import type { TfjsDataset } from './tfjs-dataset.ts';

/** Encodes golden rows: each feature, `expected_label`, `p0` and on, `case`. */
export function encodeGoldenRows(golden: GoldenRows, featureNames: readonly string[]): Uint8Array {
  const classes = golden.values.length / golden.rows;
  return encode([
    ...featureNames.map(
      (name, column) => [name, columnOf(golden.features, column, featureNames.length)] as const,
    ),
    ['expected_label', BigInt64Array.from(golden.labels, BigInt)],
    ...Array.from({ length: classes }, (_, at) => [`p${at}`, columnOf(golden.values, at, classes)] as const),
    ['case', golden.cases],
  ]);
}

/** Encodes the newest test rows in time order: `timestamp`, each feature, `label`, `baseline_<name>`. */
export function encodeHeldOutRows(
  dataset: TfjsDataset,
  baselines: BaselineAnswers,
): { readonly bytes: Uint8Array; readonly rows: number } {
  const { featureNames, features, labels, timestamps } = dataset;
  const test = featureRowsOf(dataset, 'test');
  const order = byTime(dataset, test).slice(-MAX_HELD_OUT_ROWS);
  const width = featureNames.length;
  const bytes = encode([
    ['timestamp', BigInt64Array.from(order, (at) => BigInt(Math.trunc(timestamps[test[at]!]!)))],
    ...featureNames.map(
      (name, column) =>
        [name, Float32Array.from(order, (at) => features[test[at]! * width + column]!)] as const,
    ),
    ['label', Int8Array.from(order, (at) => labels[test[at]!]!)],
    ...Object.entries(baselines).map(
      ([name, answers]) => [`baseline_${name}`, Int8Array.from(order, (at) => answers[at]!)] as const,
    ),
  ]);
  return { bytes, rows: order.length };
}

type Column = Float32Array | Int8Array | BigInt64Array | readonly string[];

function encode(columns: readonly (readonly [string, Column])[]): Uint8Array {
  const vectors = columns.map(([name, values]) => [name, toVector(values)] as const);
  return arrow.tableToIPC(new arrow.Table(Object.fromEntries(vectors)), 'stream');
}

function toVector(values: Column): arrow.Vector {
  if (Array.isArray(values)) return arrow.vectorFromArray(values as readonly string[], new arrow.Utf8());
  return arrow.makeVector(values as Float32Array);
}

function columnOf(matrix: Float32Array, column: number, width: number): Float32Array {
  return Float32Array.from({ length: matrix.length / width }, (_, row) => matrix[row * width + column]!);
}
