// Labelled rows that a network can learn from in seconds: labels follow the newest values of two features, some values
// are missing. The same for the same seed.
import { defaultThresholds } from '../../../src/prepare/index.ts';
import type { TfjsDataset } from '../../../src/train/index.ts';
import { windowColumns } from '../../../src/core/index.ts';
import { createRandom } from '../random.ts';

/** Names of the features of one moment. */
export const rowFeatures = [
  'usage_percent',
  'available_percent',
  'psi_memory_some',
  'psi_memory_full',
  'noise',
] as const;

/** Options of {@link buildLearnableRows}. */
export interface LearnableRowsOptions {
  readonly rows?: number;
  readonly steps?: number;
  readonly seed?: number;
  /** How many labels come. @default 3 */
  readonly classes?: number;
}

/** Builds them: three quarters to train on, the last quarter to test on. */
export function buildLearnableRows({
  rows = 2400,
  steps = 1,
  seed = 1,
  classes = 3,
}: LearnableRowsOptions = {}): TfjsDataset {
  const random = createRandom(seed);
  const window = steps > 1 ? { steps, everyMs: 1000 } : undefined;
  const featureNames = windowColumns(rowFeatures, window);
  const width = featureNames.length;
  const features = new Float32Array(rows * width).map(() => (random() < 0.02 ? Number.NaN : random() * 100));
  const newest = width - rowFeatures.length;
  const labels = Int8Array.from({ length: rows }, (_, row) => {
    const at = row * width + newest;
    const score = (features[at] || 0) - (features[at + 1] || 0) / 2 + random() * 10;
    return Math.min(classes - 1, [20, 45, 70].filter((edge) => score > edge).length);
  });
  return {
    id: `learnable-${seed}`,
    sha256: 'cd'.repeat(32),
    specSha256: 'ab'.repeat(32),
    featureNames,
    rowCount: rows,
    features,
    labels,
    splits: Uint8Array.from(labels, (_, row) => (row < rows * 0.73 ? 0 : row < rows * 0.75 ? 1 : 2)),
    timestamps: Float64Array.from(labels, (_, row) => 1_760_000_000_000 + row * 1000),
    horizonMs: 10_000,
    thresholds: defaultThresholds,
    ...(window && { spec: { window } }),
  };
}
