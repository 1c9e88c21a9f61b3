// TrainingDataConfig of the export document: every field, its default and its check. Pure.
import { featureNames } from '../prepare/index.ts';
import { exportOptionsError } from './errors.ts';
import { isRelative, parseTime } from './export-times.ts';
import type { TimeLike } from './export-times.ts';
import type { Compression, ExportFormat } from './file-contract.ts';
import { namesFolder, resolveTarget } from './file-target.ts';

/**
 * How a label is written: its name with its index beside it, the index alone, or 0 for NoActionNeeded
 * and 1 for everything more severe.
 */
export const labelTypes = ['class', 'index', 'binary'] as const;
export type LabelType = (typeof labelTypes)[number];

/** What a training export holds and how. */
export interface TrainingDataConfig {
  /** Features by name, in this order; `trend` also names `usage_trend`. @default all */
  readonly includeFeatures?: readonly string[] | undefined;
  /** @default 'class' */
  readonly labelType?: LabelType | undefined;
  /** Share of the rows, the older ones, to train on. @default 0.8 */
  readonly trainTestSplit?: number | undefined;
  /** Cuts every class of the train part to the size of its smallest one. @default false: the card's class weights balance */
  readonly balanceClasses?: boolean | undefined;
  /** How far a label looks ahead. @default that of the exporter, 60_000 */
  readonly horizonMs?: number | undefined;
  /** Time blocks that are each split by themselves: for short histories with repeating phases. @default 1 */
  readonly blocks?: number | undefined;
  /** Keep rows that an action of the optimizer reaches. @default false */
  readonly includeActed?: boolean | undefined;
  /** Range of the samples. @default everything */
  readonly start?: TimeLike | undefined;
  readonly end?: TimeLike | undefined;
  /** Rounds times down to `timePrecisionMs`. @default true */
  readonly anonymize?: boolean | undefined;
  /** @default 3_600_000 */
  readonly timePrecisionMs?: number | undefined;
  /** @default by the path's suffix, else 'parquet' */
  readonly format?: string | undefined;
  /** @default as in ExportConfig */
  readonly compression?: Compression | undefined;
}

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
  readonly blocks: number | undefined;
  readonly includeActed: boolean | undefined;
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  /** 1 keeps times as they are. */
  readonly timePrecisionMs: number;
}

const HOUR_MS = 3_600_000;

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
  const { labelType = 'class', trainTestSplit = 0.8, anonymize = true } = config;
  const fromMs = timeOf('start', config.start, nowMs, problems);
  // What counts back from now ends now: beyond it there are only rows of a clock that was ahead.
  const end = config.end ?? (isRelative(config.start) ? nowMs + 1 : undefined);
  const toMs = timeOf('end', end, nowMs, problems);
  problems.push(...featureProblems(features), ...valueProblems(config), ...rangeProblems(fromMs, toMs));
  if (problems.length > 0) throw exportOptionsError(`a training set to "${path}"`, problems);
  return {
    ...target,
    compression: target.compression,
    isFolder: intoFolder,
    features,
    labelType,
    // 1 - 0.8 is not 0.2; the set's hash would differ from that of a test fraction of 0.2.
    testFraction: Math.round((1 - trainTestSplit) * 1e9) / 1e9,
    balance: config.balanceClasses === true ? 'undersample' : 'weights',
    horizonMs: config.horizonMs,
    blocks: config.blocks,
    includeActed: config.includeActed,
    fromMs,
    toMs,
    timePrecisionMs: anonymize ? (config.timePrecisionMs ?? HOUR_MS) : 1,
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

const isBetween = (value: number, low: number, high: number): boolean => value > low && value < high;
const isWhole = (value: number): boolean => Number.isInteger(value) && value > 0;

/** Checks of single values; undefined is always fine. */
const checks: Readonly<Record<string, { isValid: (value: never) => boolean; wanted: string }>> = {
  labelType: {
    isValid: (value: string) => (labelTypes as readonly string[]).includes(value),
    wanted: `one of ${labelTypes.join(', ')}`,
  },
  trainTestSplit: { isValid: (value: number) => isBetween(value, 0, 1), wanted: 'between 0 and 1' },
  balanceClasses: { isValid: (value) => typeof value === 'boolean', wanted: 'true or false' },
  includeActed: { isValid: (value) => typeof value === 'boolean', wanted: 'true or false' },
  anonymize: { isValid: (value) => typeof value === 'boolean', wanted: 'true or false' },
  horizonMs: {
    isValid: (value: number) => isBetween(value, 0, 24 * HOUR_MS + 1),
    wanted: 'milliseconds above 0, at most a day',
  },
  blocks: { isValid: isWhole, wanted: 'a whole number above 0' },
  timePrecisionMs: { isValid: isWhole, wanted: 'whole milliseconds above 0' },
};

function valueProblems(config: TrainingDataConfig): string[] {
  return Object.entries(checks).flatMap(([key, { isValid, wanted }]) => {
    const value = config[key as keyof TrainingDataConfig];
    const isFine = value === undefined || isValid(value as never);
    return isFine ? [] : [`${key} is ${JSON.stringify(value)}, wanted ${wanted}`];
  });
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
