// dataset.json: the dataset card of the set with what this export made of it, so that a reader knows
// how every column came about without this program. Pure.
import { labels } from '../core/index.ts';
import { datasetCard } from '../prepare/index.ts';
import type { DatasetCard, TrainingFacts } from '../prepare/index.ts';
import type { LabelType } from './export-options.ts';
import type { ResolvedTraining } from './training-config.ts';
import { describeColumns } from './training-table.ts';

/** One written file. */
export interface TrainingFile {
  /** `all` for one file with a `split` column. */
  readonly split: 'train' | 'test' | 'all';
  /** Relative to the card. */
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** The card of an exported training set: plain JSON. */
export interface TrainingCard extends DatasetCard {
  format: string;
  compression: string;
  files: readonly TrainingFile[];
  columns: { name: string; type: string; unit: string; how: string }[];
  label: { type: LabelType; values: Record<string, string>; classWeights: Record<string, number> };
  privacy: { anonymized: boolean; timePrecisionMs: number; notProtected: string };
}

/** Describes an exported training set. */
export function buildTrainingCard(
  set: TrainingFacts,
  resolved: ResolvedTraining,
  files: readonly TrainingFile[],
): TrainingCard {
  const { labelType, timePrecisionMs, format, compression } = resolved;
  const card = datasetCard(set);
  const columns = describeColumns(set, {
    name: 'training',
    labelType,
    timePrecisionMs,
    ...(resolved.isFolder && { split: 'train' as const }),
  });
  return {
    ...card,
    fromMs: floorTo(card.fromMs, timePrecisionMs),
    toMs: floorTo(card.toMs, timePrecisionMs),
    format,
    compression: compression ?? (format === 'parquet' ? 'zstd' : 'none'),
    files,
    columns: columns.map(({ name, type, unit, source }) => ({ name, type, unit, how: source })),
    label: describeLabel(set, labelType),
    privacy: {
      anonymized: timePrecisionMs > 1,
      timePrecisionMs,
      notProtected:
        'the figures of one host: its load over time, local hour and day can be recognised by who watched it',
    },
  };
}

/** Weights of the values that stand in the label column. */
export function labelWeights(set: TrainingFacts, labelType: LabelType): Record<string, number> {
  if (labelType !== 'binary') {
    return Object.fromEntries(
      labels.map((name, index) => [labelType === 'class' ? name : String(index), set.classWeights[index]!]),
    );
  }
  const [negative, ...positives] = set.classCounts.train;
  const positive = positives.reduce((sum, count) => sum + count, 0);
  const rows = negative! + positive;
  const weigh = (count: number): number => (count === 0 ? 0 : rows / (2 * count));
  const isWeighted = set.balance === 'weights';
  return { '0': isWeighted ? weigh(negative!) : 1, '1': isWeighted ? weigh(positive) : 1 };
}

function describeLabel(set: TrainingFacts, type: LabelType): TrainingCard['label'] {
  const names =
    type === 'binary'
      ? { '0': labels[0], '1': labels.slice(1).join(' or ') }
      : Object.fromEntries(labels.map((name, index) => [type === 'class' ? name : String(index), name]));
  return { type, values: names, classWeights: labelWeights(set, type) };
}

function floorTo(timeMs: number, precisionMs: number): number {
  return Math.floor(timeMs / precisionMs) * precisionMs;
}
