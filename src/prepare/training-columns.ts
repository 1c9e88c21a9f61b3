// The columns of a training set as typed arrays, and picking rows out of them.

/** Labelled rows. Features are row-major: row i is `features[i*d .. (i+1)*d)`. */
export interface LabelledRows {
  readonly features: Float32Array;
  /** Index into `labels` of core. */
  readonly labels: Int8Array;
  /** Milliseconds since the epoch, ascending unless the host's clock stepped back. */
  readonly timestamps: Float64Array;
  /** 1 for a row that an action reaches, else 0. */
  readonly acted: Uint8Array;
}

/** Labelled rows with their part of the split. */
export interface TrainingColumns extends LabelledRows {
  /** Index into `splitNames`: 0 train, 1 gap, 2 test. */
  readonly splits: Uint8Array;
}

/** The given rows, in that order. */
export function pickTrainingRows(columns: TrainingColumns, rows: Uint32Array): TrainingColumns {
  const width = columns.features.length / columns.labels.length;
  return {
    features: pickFeatures(columns.features, rows, width),
    labels: Int8Array.from(rows, (row) => columns.labels[row]!),
    timestamps: Float64Array.from(rows, (row) => columns.timestamps[row]!),
    acted: Uint8Array.from(rows, (row) => columns.acted[row]!),
    splits: Uint8Array.from(rows, (row) => columns.splits[row]!),
  };
}

function pickFeatures(features: Float32Array, rows: Uint32Array, width: number): Float32Array {
  const picked = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * width;
    for (let column = 0; column < width; column++) picked[i * width + column] = features[from + column]!;
  }
  return picked;
}
