// `export`: a range of the history, a training set or a live stream, anonymised unless told otherwise.
import type { Home } from '../../core/index.ts';
import type { Command } from 'commander';
import { exportArguments, exportOptions, trainingOptions } from '../../export/options/index.ts';
import type { DataExportProgress } from '../../export/index.ts';
import { streamFormats } from '../../stream/index.ts';
import { isStandardOutput } from '../exports/standard-output.ts';
import { buildFeatureSpec } from '../../prepare/index.ts';
import { readSavedConfig } from '../host/config.ts';
import { confirmExposure } from '../exports/confirm-exposure.ts';
import { runExportJob } from '../exports/export-job.ts';
import { watchExport } from '../exports/export-log.ts';
import type { ExportHost, ExportJob, ExportResult } from '../exports/export-job.ts';
import { isDueToday } from '../exports/once-a-day.ts';
import { renderExport } from '../exports/render-export.ts';
import { startProgress } from '../../client/index.ts';
import { DEFAULT_STREAM_PORT } from '../streams/stream-command.ts';
import { abortOnSignals, formatSeconds, print, printJson, tell, toJson } from '../terminal.ts';
import { assertCombination, buildExportJob, exposedBy, streamedOnly } from './export-command-options.ts';
import type { ExportCommandOptions } from './export-command-options.ts';
import { runExportStream } from './export-stream.ts';
import { homeOf, isVerbose, parseHours, parsePort } from './options.ts';
import { addTableOptions, onlyIn } from './table-options.ts';

const examples = `
Examples:
  $ ruvector-memopt export --format csv --hours 24 --output data.csv
  $ ruvector-memopt export --training --split 0.8 --output training/
  $ ruvector-memopt export --hours 1 --format csv --output - | head
  $ ruvector-memopt export --stream --port 9999 --format jsonlines
  $ ruvector-memopt export --anonymize --format parquet --output anon_data.parquet
  $ ruvector-memopt export --from 2024-01-01 --to 2024-01-31 --tables memory,process --format csv --output january/`;

/** Adds the command. */
export function addExport(program: Command): void {
  const command = program
    .command('export')
    .description('write the history, a training set or a live stream, anonymised unless told otherwise');
  addFileOptions(command);
  addTrainingOptions(command);
  addStreamOptions(command);
  command
    .option('--json', 'print JSON')
    .addHelpText('after', examples)
    .action(async (options: ExportCommandOptions, self: Command) => {
      assertCombination(options);
      if (!options.anonymize) await confirmExposure(exposedBy(options), options.yes === true);
      if (options.stream) await runExportStream(homeOf(self), options);
      else await runExport(homeOf(self), options, isVerbose(self));
    });
}

function addFileOptions(command: Command): void {
  addTableOptions(command, exportArguments, { parsers: { hours: parseHours } });
  addTableOptions(command, exportOptions);
  command
    .option('--no-anonymize', 'as stored: says what it exposes and asks, or needs --yes')
    .option('--yes', 'agree to --no-anonymize');
}

function addTrainingOptions(command: Command): void {
  command.option('--training', 'features and labels, split by time, with dataset.json');
  addTableOptions(command, onlyIn(trainingOptions, exportOptions));
}

function addStreamOptions(command: Command): void {
  command
    .option('--stream', `live records until Ctrl-C, as ${streamFormats.join(', ')}`)
    .option('--port <n>', `WebSocket port on this machine (default: ${DEFAULT_STREAM_PORT})`, parsePort);
  addTableOptions(command, streamedOnly, { repeatable: ['filters'] });
}

async function runExport(home: Home, options: ExportCommandOptions, says: boolean): Promise<void> {
  const job = buildExportJob(options);
  const { hz, horizonMs } = readSavedConfig(home.root);
  const spec = buildFeatureSpec({ intervalMs: 1000 / hz });
  // The rows then have standard output for themselves.
  const isShared = await isStandardOutput(job.path);
  const result = await runWithProgress(home, { historyDirectory: home.history, spec, horizonMs }, job);
  const render = (): string => renderExport(result, (text) => says || isDueToday(home, text));
  if (isShared) process.stderr.write(`${options.json ? toJson(result) : render()}\n`);
  else if (options.json) printJson(result);
  else print(render());
}

async function runWithProgress(home: Home, host: ExportHost, job: ExportJob): Promise<ExportResult> {
  using stop = abortOnSignals();
  using bar = startProgress('exporting', 1);
  try {
    const say = (progress: DataExportProgress): void => {
      if (progress.phase === 'waiting') tell(`waiting until somebody reads ${job.path} (Ctrl-C ends it)`);
      else bar.update(shareOf(progress), describeProgress(progress));
    };
    const { signal } = stop;
    return await watchExport(home, job, say, (onProgress) => runExportJob(host, job, { signal, onProgress }));
  } catch (error) {
    // A plan that still runs would keep the process for nothing: what it writes has no name any more.
    if (stop.signal.aborted) setTimeout(() => process.exit(), REPORT_MS).unref();
    throw error;
  }
}

/** Enough to say what became of the export. */
const REPORT_MS = 300;

function shareOf({ phase, rows, totalRows }: DataExportProgress): number {
  return phase === 'planning' || !totalRows ? 0 : rows / totalRows;
}

function describeProgress({ phase, table, rows, rowsPerSecond, etaSeconds }: DataExportProgress): string {
  const count = `${rows.toLocaleString('en')} rows, ${Math.round(rowsPerSecond).toLocaleString('en')} rows/s`;
  if (phase === 'planning') return `reading ${table}: ${count}`;
  return `${table}: ${count}${etaSeconds === null ? '' : `, ${formatSeconds(etaSeconds)} left`}`;
}
