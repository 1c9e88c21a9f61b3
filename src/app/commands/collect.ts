// `collect`: samples into the history for a while, without bridge or decisions.
import type { Command } from 'commander';
import { readSavedConfig } from '../host/config.ts';
import type { HostConfig } from '../host/config.ts';
import { alreadyCollectingError } from '../errors.ts';
import { makeHome } from '../home.ts';
import { runSampling } from '../host/sampling.ts';
import { SamplingHealth } from '../host/sampling-health.ts';
import { openHistory } from '../../store/index.ts';
import type { History } from '../../store/index.ts';
import { buildFeatureSpec } from '../../prepare/index.ts';
import { isRuvectorError, toAdrMemorySnapshot } from '../../core/index.ts';
import type { MemorySnapshot } from '../../core/index.ts';
import { startProgress } from '../../client/index.ts';
import { abortOnSignals, formatBytes, formatRows, print, printJson } from '../terminal.ts';
import { homeOf, parseSeconds } from './options.ts';
import { addSamplingOptions } from './serve-options.ts';

interface CollectOptions {
  seconds: number;
  hz: number;
  processInterval: number;
  json?: boolean;
}

interface CollectReport {
  seconds: number;
  samples: number;
  processRows: number;
  missed: number;
  skipped: number;
  home: string;
  last: ReturnType<typeof toAdrMemorySnapshot> | null;
}

/** Adds the command. */
export function addCollect(program: Command): void {
  const command = program
    .command('collect')
    .description('sample this host into the history for a while (Ctrl-C keeps what it has)')
    .option('--seconds <n>', 'how long', parseSeconds, 60);
  addSamplingOptions(command);
  command
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt collect --seconds 300 --hz 2')
    .action(async (options: CollectOptions, self: Command) => {
      const home = homeOf(self);
      makeHome(home);
      const config = readSavedConfig(home.root, {
        hz: options.hz,
        processIntervalMs: options.processInterval * 1000,
      });
      await using history = await openHistory(home.history, {
        retainMs: Infinity,
        retainBytes: Infinity,
        onProblem: (problem) => void process.stderr.write(`${problem.code}: ${problem.message}\n`),
      }).catch((error: unknown) => {
        throw isRuvectorError(error, 'ERR_STORE_LOCKED') ? alreadyCollectingError(home.root, error) : error;
      });
      const report = await collect(history, config, options.seconds, home.root);
      if (options.json) printJson(report);
      else print(renderReport(report));
    });
}

async function collect(
  history: History,
  config: HostConfig,
  seconds: number,
  home: string,
): Promise<CollectReport> {
  using stop = abortOnSignals();
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(seconds * 1000)]);
  const startMs = performance.now();
  using bar = startProgress('collecting', seconds);
  const health = new SamplingHealth((text) => void process.stderr.write(`${text}\n`));
  let samples = 0;
  let processRows = 0;
  let last: MemorySnapshot | null = null;
  await runSampling({
    config,
    spec: buildFeatureSpec({ intervalMs: 1000 / config.hz }),
    signal,
    health,
    lastActionMs: () => null,
    onSample: async (sample) => {
      history.append('memory', [sample.memory]);
      if (sample.processes) history.append('process', sample.processes);
      samples++;
      processRows += sample.processes?.length ?? 0;
      last = sample.memory;
      bar.update((performance.now() - startMs) / 1000, `${samples} samples`);
    },
  });
  if (samples === 0 && health.lastError !== null) throw health.lastError;
  const tookSeconds = (performance.now() - startMs) / 1000;
  return {
    seconds: tookSeconds,
    samples,
    processRows,
    missed: health.missed,
    skipped: health.skipped.count,
    home,
    last: last && toAdrMemorySnapshot(last),
  };
}

function renderReport(report: CollectReport): string {
  const { last } = report;
  return formatRows([
    [
      'collected',
      `${report.samples} memory rows and ${report.processRows} process rows in ${report.seconds.toFixed(1)} s`,
    ],
    ['missed', `${report.missed} grid points, ${report.skipped} samples skipped`],
    [
      'memory',
      last
        ? `${formatBytes(last.available_mb * 2 ** 20)} of ${formatBytes(last.total_mb * 2 ** 20)} available`
        : 'no sample',
    ],
    ['history', report.home],
  ]);
}
