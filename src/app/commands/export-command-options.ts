// The options of `export` → one job. Says which exclude each other; what values mean is the exporter's, and the options
// of an export and a training export are those of src/export/export-options.ts.
import { describeExposure } from '../../export/index.ts';
import { exportArguments, exportOptions, exportTables, trainingOptions } from '../../export/options/index.ts';
import type { Exposure } from '../../export/index.ts';
import { streamOptions } from '../../stream/index.ts';
import { configError } from '../errors.ts';
import type { ExportJob } from '../exports/export-job.ts';
import { givenFlags, onlyIn, pickOptions } from './table-options.ts';

/** What commander hands over: these, and what the tables name. */
export interface ExportCommandOptions extends Readonly<Record<string, unknown>> {
  readonly anonymize: boolean;
  readonly yes?: boolean;
  readonly training?: boolean;
  readonly stream?: boolean;
  readonly port?: number;
  readonly json?: boolean;
}

/** @throws ConfigError naming every option that does not belong to what is exported */
export function assertCombination(options: ExportCommandOptions): void {
  const problems: string[] = [];
  const refuse = (flags: readonly string[], why: string): void =>
    void problems.push(...flags.map((flag) => `${flag} ${why}`));
  if (options.training && options.stream) problems.push('--training and --stream exclude each other');
  if (!options.training)
    refuse(givenFlags(onlyIn(trainingOptions, exportOptions), options), 'needs --training');
  if (!options.stream) {
    const port = options.port === undefined ? [] : ['--port'];
    refuse([...port, ...givenFlags(streamedOnly, options)], 'needs --stream');
  }
  if (options.training) {
    refuse(givenFlags(onlyIn(exportOptions, trainingOptions), options), 'is not for --training');
  }
  if (options.stream) refuse(givenFlags(notStreamed, options), 'is not for --stream');
  const { path, hours, start, end } = pickOptions(exportArguments, options);
  if (!options.stream && path === undefined) problems.push('--output is missing');
  if (options.port !== undefined && pickOptions(streamedOnly, options).endpoint !== undefined) {
    problems.push('--port and --endpoint exclude each other');
  }
  if (hours !== undefined && (start !== undefined || end !== undefined)) {
    problems.push('--hours excludes --from and --to');
  }
  if (problems.length > 0) throw configError(problems);
}

const { endpoint, filters, token } = streamOptions;
/** What only a stream takes, besides `--port`. */
export const streamedOnly = { endpoint, filters, token } as const;
const { format: _format, ...range } = exportArguments;
// A stream has every table: what adds one changes nothing there.
const { includeProcesses, includeEvents } = exportOptions;
const notStreamed = {
  ...range,
  ...onlyIn(exportOptions, { ...streamOptions, includeProcesses, includeEvents }),
};

/** The job of an export to files; the combination was checked. */
export function buildExportJob(options: ExportCommandOptions): ExportJob {
  const { format, path: output, hours, start, end } = pickOptions(exportArguments, options);
  const path = output!;
  if (options.training) {
    const from = hours === undefined ? start : `-${hours}h`;
    return {
      type: 'training',
      path,
      config: { start: from, end, format, ...pickOptions(trainingOptions, options) },
    };
  }
  const config = pickOptions(exportOptions, options);
  if (hours !== undefined) return { type: 'recent', hours, format, path, config };
  return { type: 'range', start, end, format, path, config };
}

/** What the options would expose without anonymisation. Unknown tables are the exporter's to refuse. */
export function exposedBy(options: ExportCommandOptions): Exposure[] {
  // Features and labels are figures of the whole machine: only the times are exact.
  if (options.training) return describeExposure(['memory'], ['timestamp']);
  const shown = pickOptions(exportOptions, options);
  const { tables, columns } = shown;
  const known = exportTables.filter((table) => tables?.includes(table));
  if (tables) return describeExposure(known, columns);
  if (options.stream) return describeExposure(exportTables);
  const flags = { memory: true, process: shown.includeProcesses, optimization: shown.includeEvents };
  return describeExposure(
    exportTables.filter((table) => flags[table]),
    columns,
  );
}
