// The score a model must beat: always answering the most frequent class of the train part.
import type { WrittenSplit } from './publish-contract.ts';

/** A constant answer and its scores on `test`. */
export interface ConstantBaseline {
  readonly label: string;
  readonly accuracy: number;
  /** Mean F1 over the classes that occur in the test part or are answered. */
  readonly macroF1: number;
}

/** Null without a train and a test part that have rows. */
export function majorityBaseline(splits: readonly WrittenSplit[]): ConstantBaseline | null {
  const countsOf = (name: string): [string, number][] =>
    Object.entries(splits.find((split) => split.name === name)?.classCounts ?? {});
  const [train, test] = [countsOf('train'), countsOf('test')];
  const rows = test.reduce((sum, [, count]) => sum + count, 0);
  if (train.length === 0 || rows === 0) return null;
  const [label] = train.reduce((best, entry) => (entry[1] > best[1] ? entry : best));
  const hits = Object.fromEntries(test)[label] ?? 0;
  const classes = test.filter(([name, count]) => count > 0 || name === label).length;
  return { label, accuracy: hits / rows, macroF1: (2 * hits) / (hits + rows) / classes };
}
