// Class balancing of the train part: weights that sum to the row count, or a seeded undersampling.
// The test part is never touched, so that scores are for the world as it is.
import { createSeededRandom, labels } from '../core/index.ts';
import { splitNames } from './split.ts';

const train = splitNames.indexOf('train');

/** Rows of each label in one split, indexed like `labels`. */
export function countClasses(rowLabels: Int8Array, splits: Uint8Array, split: number): number[] {
  const counts = labels.map(() => 0);
  for (let i = 0; i < rowLabels.length; i++) {
    if (splits[i] === split) counts[rowLabels[i]!]!++;
  }
  return counts;
}

/**
 * Weight of each class, scikit-learn's `balanced`: rows / (classes present × rows of the class).
 * Absent classes weigh 0.
 */
export function balancedWeights(counts: readonly number[]): number[] {
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count === 0 ? 0 : rows / (present * count)));
}

/**
 * Rows to keep when every class of the train part is cut to the size of its smallest one; all other
 * rows stay. Which rows stay depends on the seed alone.
 */
export function undersample(rowLabels: Int8Array, splits: Uint8Array, seed: number): Uint32Array {
  const counts = countClasses(rowLabels, splits, train);
  const target = Math.min(...counts.filter((count) => count > 0));
  const remaining = [...counts];
  const wanted = counts.map((count) => Math.min(count, target));
  const random = createSeededRandom(seed);
  const kept = new Uint32Array(rowLabels.length);
  let rows = 0;
  for (let i = 0; i < rowLabels.length; i++) {
    const label = rowLabels[i]!;
    // Selection sampling (Knuth, TAOCP 3.4.2 algorithm S): each class keeps exactly `target` rows.
    if (splits[i] !== train) kept[rows++] = i;
    else if (random() * remaining[label]!-- < wanted[label]!) {
      wanted[label]!--;
      kept[rows++] = i;
    }
  }
  return kept.slice(0, rows);
}
