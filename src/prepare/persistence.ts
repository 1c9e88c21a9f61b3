// The persistence baseline: what just happened goes on. The thresholds of the labels, applied to a row's own last
// seconds; a model that does not beat it has learnt nothing about what comes. Python has the same: _baseline.py.
import { labels } from '../core/index.ts';
import { clip } from './clip.ts';
import { createOutcomeLabeler } from './labels.ts';
import type { HorizonOutcome, LabelThresholds } from './labels.ts';
import { splitNames } from './split.ts';

/** Scores on the test part. */
export interface BaselineScores {
  /** Mean F1 over the labels that occur in the train or the test part. */
  readonly macroF1: number;
  readonly accuracy: number;
}

interface PersistedColumns {
  readonly labels: Int8Array;
  readonly splits: Uint8Array;
  /** What persistence says of each row. */
  readonly persisted: Int8Array;
}

/** Features that say how the host fares; without one of them there is no persistence. */
const wanted = ['psi_memory_some', 'psi_memory_full', 'available_percent', 'usage_percent'];

/** True when there is a feature that persistence can look at. */
export function canPersist(featureNames: readonly string[]): boolean {
  return wanted.some((name) => featureNames.includes(name));
}

/** Scores persistence on the test part; null without rows. */
export function scorePersistence({
  labels: seen,
  splits,
  persisted,
}: PersistedColumns): BaselineScores | null {
  const matrix = labels.map(() => labels.map(() => 0));
  const [trained, tested] = [new Set<number>(), new Set<number>()];
  const [train, test] = [splitNames.indexOf('train'), splitNames.indexOf('test')];
  let [rows, hits] = [0, 0];
  for (let row = 0; row < seen.length; row++) {
    const [label, predicted] = [seen[row]!, persisted[row]!];
    if (splits[row] === train) trained.add(label);
    if (splits[row] !== test) continue;
    tested.add(label);
    matrix[label]![predicted]!++;
    hits += Number(label === predicted);
    rows++;
  }
  if (rows === 0) return null;
  const f1 = [...trained.union(tested)].map((label) => f1Of(matrix, label));
  return { macroF1: f1.reduce((sum, value) => sum + value, 0) / f1.length, accuracy: hits / rows };
}

/**
 * Gives the label that the last seconds of a row would have had: of features whose first is at `offset`. A feature that
 * is not there reaches no threshold.
 */
export function createPersistence(
  featureNames: readonly string[],
  thresholds: LabelThresholds,
): (features: Float32Array, offset?: number) => number {
  const [refaultFile, refaultAnon, swapIn, stallSome, stallFull, availablePercent, usagePercent] = (
    ['refault_file_rate', 'refault_anon_rate', 'swap_in_rate', ...wanted] as const
  ).map((name) => featureNames.indexOf(name));
  const labelOf = createOutcomeLabeler(thresholds);
  return (features, offset = 0) => {
    const read = (at: number | undefined): number =>
      at === undefined || at === -1 ? Number.NaN : features[offset + at]!;
    const [available, used] = [read(availablePercent), read(usagePercent)];
    const usedShare = clip(known(used, 100 - available), 1e-6, 100) / 100;
    const anon = Math.max(known(pageShare(read(refaultAnon)), 0), known(pageShare(read(swapIn)), 0));
    const pages = known(pageShare(read(refaultFile)), 0) + anon;
    const outcome: HorizonOutcome = {
      stallSome: read(stallSome),
      stallFull: read(stallFull),
      comebackPercentPerMinute: ((pages / 1e6) * 60 * 100) / usedShare,
      minAvailablePercent: known(available, 100 - used),
      // No feature counts kills.
      oomKills: 0,
    };
    return labelOf(outcome);
  };
}

/** log(1 + millionths of MemTotal a second) → millionths of MemTotal a second. */
const pageShare = (rate: number): number => Math.expm1(rate);

const known = (value: number, otherwise: number): number => (Number.isNaN(value) ? otherwise : value);

function f1Of(matrix: readonly (readonly number[])[], label: number): number {
  const answered = matrix.reduce((sum, row) => sum + row[label]!, 0);
  const seen = matrix[label]!.reduce((sum, count) => sum + count, 0);
  return (2 * matrix[label]![label]!) / Math.max(1, answered + seen);
}
