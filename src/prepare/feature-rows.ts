// The features of a training set: kept in memory while they are few, and otherwise computed again from the snapshots
// whenever they are read, so that a set of any length takes a few bytes a row.
import { historyChangedError } from './errors.ts';
import type { LabelledColumns, LabelledRows } from './training-columns.ts';
import { pickFeatures } from './training-columns.ts';

/** Gives labelled rows from the first one on, the same at each call. */
export type OpenRows = (signal?: AbortSignal) => AsyncIterable<LabelledRows>;

/** Row-major features, in blocks, of all rows in order. */
export type ReadFeatures = (signal?: AbortSignal) => AsyncIterable<Float32Array>;

/** Takes the features of the first pass. */
export class FeatureRows {
  readonly #open: OpenRows;
  readonly #keepBytes: number;
  #kept: Float32Array[] | null = [];
  #bytes = 0;

  /** @param keepBytes with more than that nothing is kept, and `open` is called for each read */
  constructor(open: OpenRows, keepBytes: number) {
    this.#open = open;
    this.#keepBytes = keepBytes;
  }

  add(block: Float32Array): void {
    this.#bytes += block.byteLength;
    if (this.#bytes > this.#keepBytes) this.#kept = null;
    this.#kept?.push(block);
  }

  /** How the features of the rows that were gathered, or of the picked ones, are read. */
  reader(gathered: LabelledColumns, picked: Uint32Array | null): ReadFeatures {
    const width = this.#bytes / 4 / Math.max(1, gathered.labels.length);
    const kept = this.#kept;
    const readAll: ReadFeatures = kept ? () => iterate(kept) : (signal) => this.#readAgain(gathered, signal);
    return picked === null ? readAll : (signal) => pickFeatures(readAll(signal), width, picked);
  }

  /** @throws TrainingHistoryError `ERR_PREPARE_HISTORY_CHANGED` when the rows are not those of the first pass */
  async *#readAgain(
    { labels, timestamps }: LabelledColumns,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Float32Array> {
    let at = 0;
    for await (const rows of this.#open(signal)) {
      const isSame = rows.labels.every(
        (label, i) => label === labels[at + i] && rows.timestamps[i] === timestamps[at + i],
      );
      at += rows.labels.length;
      if (!isSame || at > labels.length) throw historyChangedError(labels.length);
      yield rows.features;
    }
    if (at !== labels.length) throw historyChangedError(labels.length);
  }
}

async function* iterate(blocks: readonly Float32Array[]): AsyncGenerator<Float32Array> {
  yield* blocks;
}

/** Reads features of rows [from, to) of a set into one array. */
export async function readFeatureRows(
  set: { readonly featureNames: readonly string[]; readonly readFeatures: ReadFeatures },
  [from, to]: readonly [number, number],
  signal?: AbortSignal,
): Promise<Float32Array> {
  const width = set.featureNames.length;
  const features = new Float32Array((to - from) * width);
  let at = 0;
  for await (const block of set.readFeatures(signal)) {
    const end = at + block.length / width;
    const part = block.subarray(Math.max(0, from - at) * width, Math.max(0, to - at) * width);
    if (end > from) features.set(part, Math.max(0, at - from) * width);
    at = end;
    if (at >= to) break;
  }
  return features;
}
