// The dataset card: plain JSON that says how every number of a training set came about. It is
// stored beside the data and copied into the manifest of each model trained on it.
import { labels } from '../core/index.ts';
import { featureTable } from './features.ts';
import type { FeatureSpec } from './feature-spec.ts';
import { labelRules } from './labels.ts';
import type { LabelThresholds } from './labels.ts';
import { splitNames } from './split.ts';
import type { TrainingSet } from './training-set.ts';

/** Names and units in the card are stable: Python and manifests read them. */
export interface DatasetCard {
  id: string;
  sha256: string;
  rows: number;
  fromMs: number;
  toMs: number;
  featureSpec: FeatureSpec;
  featureSpecSha256: string;
  features: { name: string; dtype: 'float32'; unit: string; how: string; whenMissing: number }[];
  labels: readonly string[];
  labelRules: { label: string; signal: string; reached: string; threshold: number; source: string }[];
  thresholds: LabelThresholds;
  horizonMs: number;
  split: { how: string; testFraction: number; blocks: number; gapMs: number; rows: Record<string, number> };
  balance: { how: string; seed: number };
  /** Rows of each label by split, then by label name. */
  classCounts: Record<string, Record<string, number>>;
  classWeights: Record<string, number>;
  skipped: TrainingSet['skipped'];
  notes: readonly string[];
}

/** Describes a training set. */
export function datasetCard(set: TrainingSet): DatasetCard {
  return {
    id: set.id,
    sha256: set.sha256,
    rows: set.rowCount,
    fromMs: set.timestamps[0] ?? 0,
    toMs: set.timestamps.at(-1) ?? 0,
    featureSpec: set.spec,
    featureSpecSha256: set.specSha256,
    features: set.featureNames.map(describeFeature),
    labels,
    labelRules: describeRules(set.thresholds),
    thresholds: set.thresholds,
    horizonMs: set.horizonMs,
    split: describeSplit(set),
    balance: { how: set.balance, seed: set.seed },
    classCounts: byName(splitNames, (split) => byLabel(set.classCounts[split])),
    classWeights: byLabel(set.classWeights),
    skipped: set.skipped,
    notes: set.notes,
  };
}

function describeFeature(name: string): DatasetCard['features'][number] {
  const { unit, how, whenMissing } = featureTable.find((feature) => feature.name === name)!;
  return { name, dtype: 'float32', unit, how, whenMissing };
}

function describeRules(thresholds: LabelThresholds): DatasetCard['labelRules'] {
  return labelRules.map((rule) => ({
    ...rule,
    threshold: rule.threshold === 0 ? 0 : thresholds[rule.threshold],
  }));
}

function describeSplit(set: TrainingSet): DatasetCard['split'] {
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
