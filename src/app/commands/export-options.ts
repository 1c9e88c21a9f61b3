// The options of `export` → one job. Says which exclude each other; what values mean is the exporter's.
import { InvalidArgumentError } from 'commander';
import { describeExposure, exportTables } from '../../export/index.ts';
import type { Compression, ExportConfig, ExportTable, Exposure, LabelType } from '../../export/index.ts';
import { configError } from '../errors.ts';
import type { ExportJob } from '../exports/export-job.ts';

/** What commander hands over. */
export interface ExportCommandOptions {
  readonly format?: string;
  readonly output?: string;
  readonly hours?: number;
  readonly from?: string;
  readonly to?: string;
  readonly tables?: readonly string[];
  readonly columns?: readonly string[];
  readonly includeProcesses?: boolean;
  readonly includeEvents?: boolean;
  readonly sampleInterval?: number;
  readonly compression?: string;
  readonly anonymize: boolean;
  readonly timePrecision?: number;
  readonly k?: number;
  readonly resume?: boolean;
  readonly yes?: boolean;
  readonly training?: boolean;
  readonly split?: number;
  readonly features?: readonly string[];
  readonly labelType?: string;
  readonly balance?: boolean;
  readonly horizon?: number;
  readonly blocks?: number;
  readonly includeActed?: boolean;
  readonly stream?: boolean;
  readonly port?: number;
  readonly endpoint?: string;
  readonly filter?: readonly string[];
  readonly token?: string;
  readonly json?: boolean;
}

type OptionName = keyof ExportCommandOptions;

const fileOnly: readonly OptionName[] = ['columns', 'k', 'resume'];
const notTraining: readonly OptionName[] = ['tables', 'includeProcesses', 'includeEvents', 'sampleInterval'];
const notStream: readonly OptionName[] = ['output', 'hours', 'from', 'to', 'compression', 'timePrecision'];
const trainingOnly: readonly OptionName[] = [
  'split',
  'features',
  'labelType',
  'balance',
  'horizon',
  'blocks',
  'includeActed',
];
const streamOnly: readonly OptionName[] = ['port', 'endpoint', 'filter', 'token'];

/** @throws ConfigError naming every option that does not belong to what is exported */
export function assertCombination(options: ExportCommandOptions): void {
  const problems: string[] = [];
  const refuse = (names: readonly OptionName[], why: string): void => {
    for (const name of names) if (options[name] !== undefined) problems.push(`${flagOf(name)} ${why}`);
  };
  if (options.training && options.stream) problems.push('--training and --stream exclude each other');
  if (!options.training) refuse(trainingOnly, 'needs --training');
  if (!options.stream) refuse(streamOnly, 'needs --stream');
  if (options.training) refuse([...fileOnly, ...notTraining], 'is not for --training');
  if (options.stream) refuse([...fileOnly, ...notStream], 'is not for --stream');
  if (!options.stream && options.output === undefined) problems.push('--output is missing');
  if (options.port !== undefined && options.endpoint !== undefined) {
    problems.push('--port and --endpoint exclude each other');
  }
  if (options.hours !== undefined && (options.from !== undefined || options.to !== undefined)) {
    problems.push('--hours excludes --from and --to');
  }
  if (problems.length > 0) throw configError(problems);
}

/** The job of an export to files; the combination was checked. */
export function buildExportJob(options: ExportCommandOptions): ExportJob {
  return options.training ? buildTrainingJob(options) : buildFileJob(options);
}

function buildFileJob(options: ExportCommandOptions): ExportJob {
  const { format, hours } = options;
  const path = options.output!;
  const config: ExportConfig = {
    anonymize: options.anonymize,
    includeProcesses: options.includeProcesses,
    includeEvents: options.includeEvents,
    sampleIntervalMs: options.sampleInterval,
    compression: options.compression as Compression | undefined,
    tables: options.tables as readonly ExportTable[] | undefined,
    columns: columnsOf(options.columns),
    timePrecisionMs: options.timePrecision,
    k: options.k,
    resume: options.resume,
  };
  if (hours !== undefined) return { type: 'recent', hours, format, path, config };
  return { type: 'range', start: options.from, end: options.to, format, path, config };
}

function columnsOf(names: readonly string[] | undefined): ExportConfig['columns'] {
  const [word] = names ?? [];
  return names?.length === 1 && (word === 'all' || word === 'document') ? word : names;
}

function buildTrainingJob(options: ExportCommandOptions): ExportJob {
  return {
    type: 'training',
    path: options.output!,
    config: {
      start: options.hours === undefined ? options.from : `-${options.hours}h`,
      end: options.to,
      format: options.format,
      compression: options.compression as Compression | undefined,
      includeFeatures: options.features,
      labelType: options.labelType as LabelType | undefined,
      trainTestSplit: options.split,
      balanceClasses: options.balance,
      horizonMs: options.horizon,
      blocks: options.blocks,
      includeActed: options.includeActed,
      anonymize: options.anonymize,
      timePrecisionMs: options.timePrecision,
    },
  };
}

/** What the options would expose without anonymisation. Unknown tables are the exporter's to refuse. */
export function exposedBy(options: ExportCommandOptions): Exposure[] {
  // Features and labels are figures of the whole machine: only the times are exact.
  if (options.training) return describeExposure(['memory'], ['timestamp']);
  const known = exportTables.filter((table) => options.tables?.includes(table));
  if (options.tables) return describeExposure(known, columnsOf(options.columns));
  if (options.stream) return describeExposure(exportTables);
  const flags = { memory: true, process: options.includeProcesses, optimization: options.includeEvents };
  return describeExposure(
    exportTables.filter((table) => flags[table]),
    columnsOf(options.columns),
  );
}

function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `a, b` → a list. */
export function parseList(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('It must be names with commas between them.');
  return names;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `500ms`, `10s`, `1m`, `1h`, `1d` → milliseconds; a bare number is seconds, as in the other commands. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  if (!match) throw new InvalidArgumentError('It must be a duration like 10s, 500ms or 1h.');
  return Number(match[1]) * unitMs[match[2] ?? 's']!;
}
