// ExportConfig of the export document: every field, its default and its check. All mistakes go into one
// report. Pure; what a table holds is export-tables.ts.
import { compressions } from './file-contract.ts';
import type { Compression, ExportFormat } from './file-contract.ts';
import { resolveTarget } from './file-target.ts';
import { exportOptionsError } from './errors.ts';

/** The tables there are, in the order they are written. */
export const exportTables = ['memory', 'process', 'optimization'] as const;
export type ExportTable = (typeof exportTables)[number];

/** What an export holds and how. */
export interface ExportConfig {
  /**
   * Hashes names, removes pids and free text, coarsens times and suppresses rows that stand out.
   * @default true
   */
  readonly anonymize?: boolean | undefined;
  /** Adds the process table. @default false */
  readonly includeProcesses?: boolean | undefined;
  /** Adds the optimization table. @default false */
  readonly includeEvents?: boolean | undefined;
  /**
   * Keeps the first sample of memory and processes at or after each point of a grid this wide, counted
   * from the epoch. Optimization events are not samples: all stay. 0 keeps every sample. @default 0
   */
  readonly sampleIntervalMs?: number | undefined;
  /** @default by the path's suffix (.gz, .zst), else zstd for parquet and none for all others */
  readonly compression?: Compression | undefined;
  /** Exactly these tables, whatever the include flags say. */
  readonly tables?: readonly ExportTable[] | undefined;
  /**
   * `all`, `document` (those of the export document only) or names; each table takes the ones it has.
   * @default 'all'
   */
  readonly columns?: 'all' | 'document' | readonly string[] | undefined;
  /** Times are rounded down to this when anonymised. @default 3_600_000 */
  readonly timePrecisionMs?: number | undefined;
  /** Rows that must look alike in all that could single one out, when anonymised. @default 5 */
  readonly k?: number | undefined;
  /** Goes on where an interrupted run of the same export stopped, if there is one. @default false */
  readonly resume?: boolean | undefined;
}

/** A complete, checked configuration for one path. */
export interface ResolvedExport {
  readonly format: ExportFormat;
  readonly compression: Compression | undefined;
  readonly anonymize: boolean;
  readonly tables: readonly ExportTable[];
  readonly columns: 'all' | 'document' | readonly string[];
  readonly sampleIntervalMs: number;
  readonly timePrecisionMs: number;
  readonly k: number;
  readonly resume: boolean;
}

const HOUR_MS = 3_600_000;
const YEAR_MS = 8_766 * HOUR_MS;

interface Rule {
  readonly key: keyof ExportConfig;
  readonly isValid: (config: ExportConfig) => boolean;
  readonly wanted: string;
}

const isWithin = (value: unknown, low: number, high: number): boolean =>
  typeof value === 'number' && value >= low && value <= high;
const isFlag = (value: unknown): boolean => typeof value === 'boolean';

const rules: readonly Rule[] = [
  { key: 'anonymize', isValid: (c) => isFlag(c.anonymize), wanted: 'true or false' },
  { key: 'includeProcesses', isValid: (c) => isFlag(c.includeProcesses), wanted: 'true or false' },
  { key: 'includeEvents', isValid: (c) => isFlag(c.includeEvents), wanted: 'true or false' },
  { key: 'resume', isValid: (c) => isFlag(c.resume), wanted: 'true or false' },
  {
    key: 'sampleIntervalMs',
    isValid: (c) => isWithin(c.sampleIntervalMs, 0, YEAR_MS),
    wanted: '0 to a year in milliseconds',
  },
  {
    key: 'timePrecisionMs',
    isValid: (c) => isWithin(c.timePrecisionMs, 1, YEAR_MS) && Number.isInteger(c.timePrecisionMs),
    wanted: '1 to a year in whole milliseconds',
  },
  {
    key: 'k',
    isValid: (c) => isWithin(c.k, 1, 1_000_000) && Number.isInteger(c.k),
    wanted: 'a whole number from 1 to 1000000',
  },
  {
    key: 'compression',
    isValid: (c) => c.compression === undefined || compressions.includes(c.compression),
    wanted: `one of ${compressions.join(', ')}`,
  },
  {
    key: 'tables',
    isValid: (c) => c.tables === undefined || isTableList(c.tables),
    wanted: `some of ${exportTables.join(', ')}, each once`,
  },
  {
    key: 'columns',
    isValid: (c) => c.columns === 'all' || c.columns === 'document' || isNameList(c.columns),
    wanted: '"all", "document" or a list of column names',
  },
];

const defaults = {
  anonymize: true,
  includeProcesses: false,
  includeEvents: false,
  sampleIntervalMs: 0,
  columns: 'all',
  timePrecisionMs: HOUR_MS,
  k: 5,
  resume: false,
} as const satisfies ExportConfig;

/**
 * Completes and checks a configuration for one path.
 * @param format name of the format; unset is told by the suffix of the path
 * @throws ExportOptionsError `ERR_EXPORT_OPTIONS` naming every value that cannot be used and what would be
 */
export function resolveExport(
  path: string,
  format: string | undefined,
  overrides: ExportConfig,
  earlierProblems: readonly string[] = [],
): ResolvedExport {
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const config = { ...defaults, ...given } as ExportConfig & typeof defaults;
  const problems = [...earlierProblems];
  const broken = rules.filter((rule) => !rule.isValid(config));
  for (const { key, wanted } of broken) {
    problems.push(`${key} is ${JSON.stringify(config[key])}, wanted ${wanted}`);
  }
  const unknown = Object.keys(given).filter((key) => !rules.some((rule) => rule.key === key));
  for (const key of unknown) problems.push(`"${key}" is no option of an export`);
  const isBadCompression = broken.some(({ key }) => key === 'compression');
  const compression = isBadCompression ? undefined : config.compression;
  const target = resolveTarget(path, { format, compression }, problems);
  if (problems.length > 0) throw exportOptionsError(`to "${path}"`, problems);
  return { ...config, ...target, compression: target.compression, tables: tablesOf(config) };
}

function tablesOf({ tables, includeProcesses, includeEvents }: ExportConfig): readonly ExportTable[] {
  if (tables) return exportTables.filter((table) => tables.includes(table));
  return exportTables.filter(
    (table) => table === 'memory' || (table === 'process' ? includeProcesses : includeEvents),
  );
}

function isTableList(tables: readonly string[]): boolean {
  const known: readonly string[] = exportTables;
  return isNameList(tables) && tables.every((table) => known.includes(table));
}

function isNameList(names: unknown): boolean {
  if (!Array.isArray(names) || names.length === 0) return false;
  return new Set(names).size === names.length && names.every((name) => typeof name === 'string');
}
