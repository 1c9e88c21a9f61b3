// TrainingDataConfig completed and checked for one path. Pure; the options are export-options.ts.
import { completeOptions, findProblems } from '../core/index.ts';
import { featureNames } from '../prepare/index.ts';
import { exportOptionsError } from './errors.ts';
import { isRelative, parseTime } from './export-times.ts';
import type { TimeLike } from './export-times.ts';
import { trainingOptions } from './export-options.ts';
import type { LabelType, TrainingDataConfig } from './export-options.ts';
import type { Compression, ExportFormat } from './file-contract.ts';
import { namesFolder, resolveTarget } from './file-target.ts';

/** A complete, checked configuration for one path. */
export interface ResolvedTraining {
  readonly format: ExportFormat;
  readonly compression: Compression | undefined;
  /** True for one file a split in a folder, false for one file with a `split` column. */
  readonly isFolder: boolean;
  /** Unset is all. */
  readonly features: readonly string[] | undefined;
  readonly labelType: LabelType;
  readonly testFraction: number;
  readonly balance: 'undersample' | 'weights';
  readonly horizonMs: number | undefined;
  readonly blocks: number;
  readonly includeActed: boolean;
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  /** 1 keeps times as they are. */
  readonly timePrecisionMs: number;
}

/**
 * Completes and checks a configuration for one path.
 * @param isFolder true when the path is a folder that exists
 * @throws ExportOptionsError `ERR_EXPORT_OPTIONS` naming every value that cannot be used and what would be
 */
export function resolveTraining(
  path: string,
  config: TrainingDataConfig,
  isFolder: boolean,
  nowMs: number,
): ResolvedTraining {
  const problems: string[] = [];
  const intoFolder = isFolder || namesFolder(path);
  const format = config.format ?? (intoFolder ? 'parquet' : undefined);
  const target = resolveTarget(intoFolder ? '' : path, { format, compression: config.compression }, problems);
  const features = config.includeFeatures?.map((name) => (name === 'trend' ? 'usage_trend' : name));
  const values = completeOptions(trainingOptions, config);
  const fromMs = timeOf('start', config.start, nowMs, problems);
  // What counts back from now ends now: beyond it there are only rows of a clock that was ahead.
  const end = config.end ?? (isRelative(config.start) ? nowMs + 1 : undefined);
  const toMs = timeOf('end', end, nowMs, problems);
  problems.push(
    ...featureProblems(features),
    // Of features and compression more is known than that they are names: both are looked at above.
    ...findProblems(trainingOptions, { ...values, includeFeatures: undefined, compression: undefined }),
    ...rangeProblems(fromMs, toMs),
  );
  if (problems.length > 0) throw exportOptionsError(`a training set to "${path}"`, problems);
  return {
    ...target,
    compression: target.compression,
    isFolder: intoFolder,
    features,
    labelType: values.labelType,
    // 1 - 0.8 is not 0.2; the set's hash would differ from that of a test fraction of 0.2.
    testFraction: Math.round((1 - values.trainTestSplit) * 1e9) / 1e9,
    balance: values.balanceClasses ? 'undersample' : 'weights',
    horizonMs: values.horizonMs,
    blocks: values.blocks,
    includeActed: values.includeActed,
    fromMs,
    toMs,
    timePrecisionMs: values.anonymize ? values.timePrecisionMs : 1,
  };
}

function featureProblems(features: readonly string[] | undefined): string[] {
  if (features === undefined) return [];
  const unknown = features.filter((name) => !featureNames.includes(name));
  const problems = unknown.map(
    (name) => `includeFeatures holds "${name}", wanted a subset of ${featureNames.join(', ')}`,
  );
  if (features.length === 0) problems.push('includeFeatures is empty, wanted at least one feature');
  if (new Set(features).size < features.length) problems.push('includeFeatures holds a feature twice');
  return problems;
}

function rangeProblems(fromMs: number | undefined, toMs: number | undefined): string[] {
  if (fromMs === undefined || toMs === undefined || !(fromMs >= toMs)) return [];
  return ['start is not before end'];
}

function timeOf(
  name: 'start' | 'end',
  value: TimeLike | undefined,
  nowMs: number,
  problems: string[],
): number | undefined {
  if (value === undefined) return undefined;
  const timeMs = parseTime(value, name, nowMs);
  if (Number.isFinite(timeMs)) return timeMs;
  problems.push(
    `${name} is ${JSON.stringify(value)}, wanted a time like "2024-01-31" or "2024-01-31T12:00:00Z"`,
  );
  return undefined;
}
