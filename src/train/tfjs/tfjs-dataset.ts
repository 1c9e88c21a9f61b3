// What is trained on: labelled rows in memory. A `TrainingSet` of src/prepare is one; the rows that a daemon sends over
// the bridge become one here.
import type * as arrow from 'apache-arrow';
import type { FeatureWindow } from '../../core/index.ts';
import { defaultThresholds, splitNames } from '../../prepare/index.ts';
import type { LabelThresholds } from '../../prepare/index.ts';

/** Labelled rows. */
export interface TfjsDataset {
  readonly id: string;
  readonly sha256: string;
  /** Digest of the feature specification, which the host holds a model against. */
  readonly specSha256: string;
  readonly featureNames: readonly string[];
  readonly rowCount: number;
  /** Row-major, NaN where the host lacks a value. */
  readonly features: Float32Array;
  /** Label index of each row. */
  readonly labels: ArrayLike<number>;
  /** 0 to train on, 1 left in the gap, 2 to test on. */
  readonly splits: ArrayLike<number>;
  /** Milliseconds of each row. */
  readonly timestamps: ArrayLike<number>;
  /** How far labels look ahead; null when that is not known. */
  readonly horizonMs: number | null;
  readonly thresholds: LabelThresholds;
  /** Of a training set; its `window` says how many feature rows a row holds, oldest first. @default one */
  readonly spec?: { readonly window?: FeatureWindow; readonly rateWindowMs?: number };
}

/** Indexes into `splitNames`. */
export const Split = { train: 0, gap: 1, test: 2 } as const;

/** Rows of one part, in their order. */
export function featureRowsOf({ splits, rowCount }: TfjsDataset, part: keyof typeof Split): Int32Array {
  const wanted = Split[part];
  let count = 0;
  for (let row = 0; row < rowCount; row++) count += Number(splits[row] === wanted);
  const rows = new Int32Array(count);
  for (let row = 0, at = 0; row < rowCount; row++) if (splits[row] === wanted) rows[at++] = row;
  return rows;
}

/** What the data set card says that training needs: src/prepare/dataset-card.ts. */
interface CardFacts {
  readonly id: string;
  readonly sha256: string;
  readonly featureSpecSha256: string;
  readonly featureSpec?: { readonly rateWindowMs?: number };
  readonly features: readonly { readonly name: string }[];
  readonly horizonMs?: number;
  readonly thresholds?: LabelThresholds;
  readonly window?: FeatureWindow;
}

/** What of a specification travels with a model. */
export function cardSpecOf({
  window,
  rateWindowMs,
}: {
  readonly window?: FeatureWindow | undefined;
  readonly rateWindowMs?: number | undefined;
}): NonNullable<TfjsDataset['spec']> {
  return { ...(window && { window }), ...(rateWindowMs !== undefined && { rateWindowMs }) };
}

/** Gathers the record batches of a training set and their card. */
export async function collectDataset(
  meta: unknown,
  batches: AsyncIterable<arrow.RecordBatch>,
): Promise<TfjsDataset> {
  const card = meta as CardFacts;
  const featureNames = card.features.map(({ name }) => name);
  const width = featureNames.length;
  const gathered = new GatheredRows(featureNames);
  for await (const batch of batches) gathered.add(batch);
  return {
    id: card.id,
    sha256: card.sha256,
    specSha256: card.featureSpecSha256,
    featureNames,
    horizonMs: card.horizonMs ?? null,
    thresholds: card.thresholds ?? defaultThresholds,
    spec: cardSpecOf({ window: card.window, rateWindowMs: card.featureSpec?.rateWindowMs }),
    ...gathered.finish(width),
  };
}

/** Blocks of rows, joined at the end: how many there will be is not known before. */
class GatheredRows {
  readonly #featureNames: readonly string[];
  readonly #features: Float32Array[] = [];
  readonly #labels: number[] = [];
  readonly #splits: number[] = [];
  readonly #timestamps: number[] = [];

  constructor(featureNames: readonly string[]) {
    this.#featureNames = featureNames;
  }

  add(batch: arrow.RecordBatch): void {
    const width = this.#featureNames.length;
    const block = new Float32Array(batch.numRows * width);
    for (const [column, name] of this.#featureNames.entries()) {
      const values = batch.getChild(name)!;
      for (let row = 0; row < batch.numRows; row++) {
        block[row * width + column] = (values.get(row) as number | null) ?? Number.NaN;
      }
    }
    this.#features.push(block);
    const [labels, splits, times] = ['label', 'split', 'timestamp'].map((name) => batch.getChild(name)!);
    for (let row = 0; row < batch.numRows; row++) {
      this.#labels.push(Number(labels!.get(row)));
      this.#splits.push(splitNames.indexOf(splits!.get(row) as never));
      this.#timestamps.push(Number(times!.get(row)));
    }
  }

  finish(width: number): Pick<TfjsDataset, 'rowCount' | 'features' | 'labels' | 'splits' | 'timestamps'> {
    const rowCount = this.#labels.length;
    const features = new Float32Array(rowCount * width);
    let at = 0;
    for (const block of this.#features) {
      features.set(block, at);
      at += block.length;
    }
    return {
      rowCount,
      features,
      labels: Int8Array.from(this.#labels),
      splits: Uint8Array.from(this.#splits),
      timestamps: Float64Array.from(this.#timestamps),
    };
  }
}
