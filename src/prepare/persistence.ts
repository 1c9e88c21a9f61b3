// The persistence baseline: what just happened goes on. The thresholds of the labels, applied to a row's own last
// seconds; a model that does not beat it has learnt nothing about what comes. Python has the same: _baseline.py.
import { labels } from '../core/index.ts';
import { clip } from './clip.ts';
import { labelOutcome } from './labels.ts';
import type { HorizonOutcome, LabelThresholds } from './labels.ts';
import { splitNames } from './split.ts';

/** Scores on the test part. */
export interface BaselineScores {
  /** Mean F1 over the labels that occur in the train or the test part. */
  readonly macroF1: number;
  readonly accuracy: number;
}

interface PersistenceRows {
  readonly featureNames: readonly string[];
  /** Row-major. */
  readonly features: Float32Array;
  readonly labels: Int8Array;
  readonly splits: Uint8Array;
  readonly thresholds: LabelThresholds;
}

/** Features that say how the host fares; without one of them there is no persistence. */
const wanted = ['psi_memory_some', 'psi_memory_full', 'available_percent', 'usage_percent'];

/** Scores persistence on the test part; null without features it could look at or without rows. */
export function scorePersistence(set: PersistenceRows): BaselineScores | null {
  const test = rowsOf(set, 'test');
  if (test.length === 0 || !wanted.some((name) => set.featureNames.includes(name))) return null;
  const predict = createPersistence(set.featureNames, set.thresholds);
  const width = set.featureNames.length;
  const matrix = labels.map(() => labels.map(() => 0));
  for (const row of test) {
    const predicted = predict(set.features.subarray(row * width, (row + 1) * width));
    matrix[set.labels[row]!]![predicted]!++;
  }
  const present = new Set([...rowsOf(set, 'train'), ...test].map((row) => set.labels[row]!));
  const hits = labels.reduce((sum, _, label) => sum + matrix[label]![label]!, 0);
  const f1 = [...present].map((label) => f1Of(matrix, label));
  return { macroF1: f1.reduce((sum, value) => sum + value, 0) / f1.length, accuracy: hits / test.length };
}

/** Gives the label that the last seconds of a row would have had. A feature that is not there reaches no threshold. */
export function createPersistence(
  featureNames: readonly string[],
  thresholds: LabelThresholds,
): (row: Float32Array) => number {
  const readers = Object.fromEntries(
    ['refault_file_rate', 'refault_anon_rate', 'swap_in_rate', ...wanted].map((name) => {
      const at = featureNames.indexOf(name);
      return [name, (row: Float32Array): number => row[at] ?? Number.NaN];
    }),
  ) as Record<string, (row: Float32Array) => number>;
  return (row) => {
    const read = (name: string): number => readers[name]!(row);
    return labelOutcome(outcomeOf(read), thresholds);
  };
}

function outcomeOf(read: (name: string) => number): HorizonOutcome {
  const available = known(read('available_percent'), 100 - read('usage_percent'));
  const usedShare = clip(known(read('usage_percent'), 100 - read('available_percent')), 1e-6, 100) / 100;
  // log(1 + millionths of MemTotal a second) → millionths of MemTotal a second.
  const [file, anon, swapIn] = ['refault_file_rate', 'refault_anon_rate', 'swap_in_rate'].map((name) =>
    Math.expm1(read(name)),
  ) as [number, number, number];
  const pages = known(file, 0) + Math.max(known(anon, 0), known(swapIn, 0));
  return {
    stallSome: read('psi_memory_some'),
    stallFull: read('psi_memory_full'),
    comebackPercentPerMinute: ((pages / 1e6) * 60 * 100) / usedShare,
    minAvailablePercent: available,
    // No feature counts kills.
    oomKills: 0,
  };
}

const known = (value: number, otherwise: number): number => (Number.isNaN(value) ? otherwise : value);

function rowsOf({ splits }: PersistenceRows, name: (typeof splitNames)[number]): number[] {
  const wantedSplit = splitNames.indexOf(name);
  return Array.from(splits.keys()).filter((row) => splits[row] === wantedSplit);
}

function f1Of(matrix: readonly (readonly number[])[], label: number): number {
  const answered = matrix.reduce((sum, row) => sum + row[label]!, 0);
  const seen = matrix[label]!.reduce((sum, count) => sum + count, 0);
  return (2 * matrix[label]![label]!) / Math.max(1, answered + seen);
}
