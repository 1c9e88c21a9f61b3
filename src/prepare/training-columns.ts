// The columns of a training set as typed arrays, gathered block by block.

/** What is known of labelled rows beside their features. */
export interface LabelledColumns {
  /** Index into `labels` of core. */
  readonly labels: Int8Array;
  /** Milliseconds since the epoch, ascending unless the host's clock stepped back. */
  readonly timestamps: Float64Array;
  /** 1 for a row that an action reaches, else 0. */
  readonly acted: Uint8Array;
  /** Memory available at the end of the horizon, in percent of MemTotal: what a forecast learns. */
  readonly targets: Float32Array;
}

/** Labelled rows. */
export interface LabelledRows extends LabelledColumns {
  /** Row-major: row i is `features[i*d .. (i+1)*d)`. */
  readonly features: Float32Array;
}

/** Labelled rows with their part of the split. */
export interface SplitColumns extends LabelledColumns {
  /** Index into `splitNames`: 0 train, 1 gap, 2 test. */
  readonly splits: Uint8Array;
}

/** The given rows, in that order. */
export function pickTrainingRows(columns: SplitColumns, rows: Uint32Array): SplitColumns {
  return {
    labels: Int8Array.from(rows, (row) => columns.labels[row]!),
    timestamps: Float64Array.from(rows, (row) => columns.timestamps[row]!),
    acted: Uint8Array.from(rows, (row) => columns.acted[row]!),
    targets: Float32Array.from(rows, (row) => columns.targets[row]!),
    splits: Uint8Array.from(rows, (row) => columns.splits[row]!),
  };
}

/** The given rows, ascending, of features that come in blocks. */
export async function* pickFeatures(
  blocks: AsyncIterable<Float32Array>,
  width: number,
  rows: Uint32Array,
): AsyncGenerator<Float32Array> {
  let [start, next] = [0, 0];
  for await (const block of blocks) {
    const end = start + block.length / width;
    const picked: number[] = [];
    for (; next < rows.length && rows[next]! < end; next++) picked.push(rows[next]! - start);
    const features = new Float32Array(picked.length * width);
    picked.forEach((row, i) => features.set(block.subarray(row * width, (row + 1) * width), i * width));
    yield features;
    start = end;
  }
}

/** Labelled columns that grow, with one column more: what persistence says of each row. */
export class ColumnsBuilder {
  #labels: Int8Array;
  #timestamps: Float64Array;
  #acted: Uint8Array;
  #targets: Float32Array;
  #persisted: Int8Array;
  #rows = 0;

  /** @param expectedRows reserved; the system gives no memory to what stays unused */
  constructor(expectedRows: number) {
    this.#labels = new Int8Array(expectedRows);
    this.#timestamps = new Float64Array(expectedRows);
    this.#acted = new Uint8Array(expectedRows);
    this.#targets = new Float32Array(expectedRows);
    this.#persisted = new Int8Array(expectedRows);
  }

  append({ labels, timestamps, acted, targets }: LabelledColumns, persisted: Int8Array): void {
    const rows = this.#rows + labels.length;
    if (rows > this.#labels.length) this.#grow(rows * 2);
    this.#labels.set(labels, this.#rows);
    this.#timestamps.set(timestamps, this.#rows);
    this.#acted.set(acted, this.#rows);
    this.#targets.set(targets, this.#rows);
    this.#persisted.set(persisted, this.#rows);
    this.#rows = rows;
  }

  columns(): LabelledColumns & { readonly persisted: Int8Array } {
    return {
      labels: this.#labels.subarray(0, this.#rows),
      timestamps: this.#timestamps.subarray(0, this.#rows),
      acted: this.#acted.subarray(0, this.#rows),
      targets: this.#targets.subarray(0, this.#rows),
      persisted: this.#persisted.subarray(0, this.#rows),
    };
  }

  #grow(capacity: number): void {
    const { labels, timestamps, acted, targets, persisted } = this.columns();
    this.#labels = new Int8Array(capacity);
    this.#timestamps = new Float64Array(capacity);
    this.#acted = new Uint8Array(capacity);
    this.#targets = new Float32Array(capacity);
    this.#persisted = new Int8Array(capacity);
    this.#labels.set(labels);
    this.#timestamps.set(timestamps);
    this.#acted.set(acted);
    this.#targets.set(targets);
    this.#persisted.set(persisted);
  }
}
