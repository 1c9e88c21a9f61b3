// ExportConfig completed and checked for one path. All mistakes go into one report. Pure; the options are
// export-options.ts, and what a table holds is history-table.ts.
import { completeOptions, findProblems } from '../core/index.ts';
import type { OptionDefaults } from '../core/index.ts';
import { exportOptions, exportTables } from './export-options.ts';
import type { ExportConfig, ExportTable } from './export-options.ts';
import type { Compression, ExportFormat } from './file-contract.ts';
import { resolveTarget } from './file-target.ts';
import { exportOptionsError } from './errors.ts';

/** A complete, checked configuration for one path. */
export interface ResolvedExport extends OptionDefaults<typeof exportOptions> {
  readonly format: ExportFormat;
  readonly compression: Compression | undefined;
  readonly tables: readonly ExportTable[];
}

/**
 * Completes and checks a configuration for one path.
 * @param format name of the format; unset is told by the suffix of the path
 * @throws ExportOptionsError `ERR_EXPORT_OPTIONS` naming every value that cannot be used and what would be
 */
export function resolveExport(
  path: string,
  format: string | undefined,
  given: ExportConfig,
  earlierProblems: readonly string[] = [],
): ResolvedExport {
  const config = completeOptions(exportOptions, given);
  const problems = [...earlierProblems, ...findProblems(exportOptions, config)];
  const unknown = Object.entries(given).filter(
    ([name, value]) => value !== undefined && !Object.hasOwn(exportOptions, name),
  );
  for (const [name] of unknown) problems.push(`"${name}" is no option of an export`);
  const isBadCompression = findProblems(exportOptions, { compression: config.compression }).length > 0;
  const compression = isBadCompression ? undefined : config.compression;
  const target = resolveTarget(path, { format, compression }, problems);
  if (config.excel && target.format !== 'csv') {
    problems.push(
      `excel is for CSV and the format is ${target.format}; leave it out, or write to a path that ends in .csv`,
    );
  }
  if (problems.length > 0) throw exportOptionsError(`to "${path}"`, problems);
  return { ...config, ...target, compression: target.compression, tables: tablesOf(config) };
}

function tablesOf({ tables, includeProcesses, includeEvents }: ExportConfig): readonly ExportTable[] {
  if (tables) return exportTables.filter((table) => tables.includes(table));
  return exportTables.filter(
    (table) => table === 'memory' || (table === 'process' ? includeProcesses : includeEvents),
  );
}
