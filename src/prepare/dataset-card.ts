// The dataset card: plain JSON that says how every number of a training set came about. It is
// stored beside the data and copied into the manifest of each model trained on it.
import { labels, parseWindowColumn } from '../core/index.ts';
import type { FeatureWindow } from '../core/index.ts';
import { featureTable } from './features.ts';
import type { FeatureSpec } from './feature-spec.ts';
import { labelRules } from './labels.ts';
import type { LabelThresholds } from './labels.ts';
import type { BaselineScores } from './persistence.ts';
import { splitNames } from './split.ts';
import type { TrainingFacts } from './training-set.ts';

interface CardCondition {
  signal: string;
  reached: string;
  threshold: number;
}

/** Names and units in the card are stable: Python and manifests read them. */
export interface DatasetCard {
  id: string;
  sha256: string;
  rows: number;
  fromMs: number;
  toMs: number;
  featureSpec: FeatureSpec;
  featureSpecSha256: string;
  /** That of the specification; absent without one. */
  window?: FeatureWindow;
  features: { name: string; dtype: 'float32'; unit: string; how: string; whenMissing: number }[];
  labels: readonly string[];
  labelRules: (CardCondition & { label: string; source: string; and?: CardCondition })[];
  thresholds: LabelThresholds;
  horizonMs: number;
  split: { how: string; testFraction: number; blocks: number; gapMs: number; rows: Record<string, number> };
  balance: { how: string; seed: number };
  /** Rows of each label by split, then by label name. */
  classCounts: Record<string, Record<string, number>>;
  classWeights: Record<string, number>;
  skipped: TrainingFacts['skipped'];
  /** Rows that an action of the optimizer reaches: those within effectMs after it, and those whose horizon holds it. */
  acted: { included: boolean; effectMs: number; rows: number };
  /** What a model has to beat on the test part: the thresholds on the last seconds of each row. Null without their features. */
  baseline: { persistence: BaselineScores | null };
  notes: readonly string[];
}

/** Describes a training set. */
export function datasetCard(set: TrainingFacts): DatasetCard {
  return {
    id: set.id,
    sha256: set.sha256,
    rows: set.rowCount,
    fromMs: set.timestamps[0] ?? 0,
    toMs: set.timestamps.at(-1) ?? 0,
    featureSpec: set.spec,
    featureSpecSha256: set.specSha256,
    ...(set.spec.window && { window: set.spec.window }),
    features: set.featureNames.map((column) => describeFeature(column, set.spec.window)),
    labels,
    labelRules: describeRules(set.thresholds),
    thresholds: set.thresholds,
    horizonMs: set.horizonMs,
    split: describeSplit(set),
    balance: { how: set.balance, seed: set.seed },
    classCounts: byName(splitNames, (split) => byLabel(set.classCounts[split])),
    classWeights: byLabel(set.classWeights),
    skipped: set.skipped,
    acted: {
      included: set.includeActed,
      effectMs: set.actionEffectMs,
      rows: set.acted.reduce((sum, mark) => sum + mark, 0),
    },
    baseline: { persistence: set.persistence },
    notes: set.notes,
  };
}

function describeFeature(column: string, window: FeatureWindow | undefined): DatasetCard['features'][number] {
  const { name, age } = parseWindowColumn(column);
  const { unit, how, whenMissing } = featureTable.find((feature) => feature.name === name)!;
  const earlier = window === undefined || age === 0 ? '' : `${(age * window.everyMs) / 1000} s earlier: `;
  return { name: column, dtype: 'float32', unit, how: earlier + how, whenMissing };
}

function describeRules(thresholds: LabelThresholds): DatasetCard['labelRules'] {
  const valueOf = (threshold: keyof LabelThresholds | 0): number =>
    threshold === 0 ? 0 : thresholds[threshold];
  return labelRules.map(({ and, ...rule }) => ({
    ...rule,
    threshold: valueOf(rule.threshold),
    ...(and && { and: { ...and, threshold: valueOf(and.threshold) } }),
  }));
}

function describeSplit(set: TrainingFacts): DatasetCard['split'] {
  return {
    how: 'by time; in each block the newest rows are tested on; no train row within one horizon of a test row',
    testFraction: set.testFraction,
    blocks: set.blocks,
    gapMs: set.horizonMs,
    rows: byName(splitNames, (split) => set.classCounts[split].reduce((sum, count) => sum + count, 0)),
  };
}

function byLabel(values: readonly number[]): Record<string, number> {
  return Object.fromEntries(labels.map((name, label) => [name, values[label]!]));
}

function byName<K extends string, V>(names: readonly K[], valueOf: (name: K) => V): Record<K, V> {
  return Object.fromEntries(names.map((name) => [name, valueOf(name)])) as Record<K, V>;
}
