// `export`: a range of the history, a training set or a live stream, anonymised unless told otherwise.
import type { Home } from '../../core/index.ts';
import type { Command } from 'commander';
import { exportTables } from '../../export/index.ts';
import type { DataExportProgress } from '../../export/index.ts';
import { isStandardOutput } from '../exports/standard-output.ts';
import { buildFeatureSpec } from '../../prepare/index.ts';
import { readSavedConfig } from '../host/config.ts';
import { confirmExposure } from '../exports/confirm-exposure.ts';
import { runExportJob } from '../exports/export-job.ts';
import type { ExportHost, ExportJob, ExportResult } from '../exports/export-job.ts';
import { renderExport } from '../exports/render-export.ts';
import { startProgress } from '../../client/index.ts';
import { abortOnSignals, formatSeconds, print, printJson, tell, toJson } from '../terminal.ts';
import { assertCombination, buildExportJob, exposedBy, parseDuration, parseList } from './export-options.ts';
import type { ExportCommandOptions } from './export-options.ts';
import { runExportStream } from './export-stream.ts';
import { collectText, homeOf, parseNumber, parsePositive } from './options.ts';

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
  addRangeOptions(command);
  addPrivacyOptions(command);
  addTrainingOptions(command);
  addStreamOptions(command);
  command
    .option('--json', 'print JSON')
    .addHelpText('after', examples)
    .action(async (options: ExportCommandOptions, self: Command) => {
      assertCombination(options);
      if (!options.anonymize) await confirmExposure(exposedBy(options), options.yes === true);
      if (options.stream) await runExportStream(homeOf(self), options);
      else await runExport(homeOf(self), options);
    });
}

function addRangeOptions(command: Command): void {
  command
    .option('--format <format>', 'csv, json, jsonl, parquet, sqlite or arrow (default: by the suffix)')
    .option('--output <path>', 'a file, a folder with a final slash, a named pipe, or - for standard output')
    .option('--hours <n>', 'the newest hours (default: everything)', parsePositive)
    .option('--from <time>', 'first time: 2024-01-31, 2024-01-31T12:00:00Z or -2h')
    .option('--to <time>', 'end, not included; a date includes its day')
    .option('--tables <names>', `exactly these of ${exportTables.join(', ')} (default: memory)`, parseList)
    .option('--columns <names>', 'all, document or names (default: all)', parseList)
    .option('--include-processes', 'add the process table')
    .option('--include-events', 'add the optimization table')
    .option('--sample-interval <time>', 'keep one sample each 10s, 1m, 500ms, ...', parseDuration)
    .option('--compression <name>', 'gzip or zstd for text; zstd, snappy or none for parquet')
    .option('--resume', 'go on where an interrupted run of the same export stopped');
}

function addPrivacyOptions(command: Command): void {
  command
    .option('--anonymize', 'hash names, drop identifiers, coarsen times, suppress what stands out', true)
    .option('--no-anonymize', 'as stored: says what it exposes and asks, or needs --yes')
    .option('--yes', 'agree to --no-anonymize')
    .option('--time-precision <time>', 'times are rounded down to this (default: 1h)', parseDuration)
    .option('--k <n>', 'rows that must look alike (default: 5)', parseNumber);
}

function addTrainingOptions(command: Command): void {
  command
    .option('--training', 'features and labels, split by time, with dataset.json')
    .option('--split <share>', 'share of the rows to train on (default: 0.8)', parseNumber)
    .option('--features <names>', 'features by name (default: all)', parseList)
    .option('--label-type <type>', 'class, index or binary (default: class)')
    .option('--balance', 'cut every class of the train part to the smallest')
    .option('--horizon <time>', "how far labels look ahead (default: the host's)", parseDuration)
    .option('--blocks <n>', 'time blocks that are each split by themselves (default: 1)', parseNumber)
    .option('--include-acted', 'also the rows that an action of the optimizer reaches');
}

function addStreamOptions(command: Command): void {
  command
    .option('--stream', 'live records until Ctrl-C, as jsonlines, msgpack, protobuf or arrow')
    .option('--port <n>', 'WebSocket port on this machine (default: 9999)', parseNumber)
    .option('--endpoint <address>', 'ws://127.0.0.1:9999, ipc:///path, tcp://127.0.0.1:0 or pipe:/path')
    .option('--filter <condition>', 'like used_percent>90 (repeatable)', collectText)
    .option('--token <text>', 'subscribers must show it');
}

async function runExport(home: Home, options: ExportCommandOptions): Promise<void> {
  const job = buildExportJob(options);
  const { hz, horizonMs } = readSavedConfig(home.root);
  const spec = buildFeatureSpec({ intervalMs: 1000 / hz });
  // The rows then have standard output for themselves.
  const isShared = await isStandardOutput(job.path);
  const result = await runWithProgress({ historyDirectory: home.history, spec, horizonMs }, job);
  if (isShared) tell(options.json ? toJson(result) : renderExport(result));
  else if (options.json) printJson(result);
  else print(renderExport(result));
}

async function runWithProgress(host: ExportHost, job: ExportJob): Promise<ExportResult> {
  const stop = abortOnSignals();
  const bar = startProgress('exporting', 1);
  try {
    return await runExportJob(host, job, {
      signal: stop.signal,
      onProgress: (progress) => {
        if (progress.phase === 'waiting') tell(`waiting until somebody reads ${job.path} (Ctrl-C ends it)`);
        else bar.update(shareOf(progress), describeProgress(progress));
      },
    });
  } finally {
    bar.finish();
    stop.dispose();
  }
}

function shareOf({ phase, rows, totalRows }: DataExportProgress): number {
  return phase === 'planning' || !totalRows ? 0 : rows / totalRows;
}

function describeProgress({ phase, table, rows, rowsPerSecond, etaSeconds }: DataExportProgress): string {
  const count = `${rows.toLocaleString('en')} rows, ${Math.round(rowsPerSecond).toLocaleString('en')} rows/s`;
  if (phase === 'planning') return `reading ${table}: ${count}`;
  return `${table}: ${count}${etaSeconds === null ? '' : `, ${formatSeconds(etaSeconds)} left`}`;
}
