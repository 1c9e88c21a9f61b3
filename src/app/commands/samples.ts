// `samples`: what the training samples of a home say, and putting more into them. A running host does it
// itself; without one the file on disk is read or opened.
import type { Home } from '../../core/index.ts';
import { findDaemon } from '../../bridge/index.ts';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { labels } from '../../core/index.ts';
import { TunerDataCollector, readSamples } from '../../store/index.ts';
import { readSavedConfig } from '../host/config.ts';
import { sampleFileError } from '../errors.ts';
import { openHost } from '../host/host.ts';
import { samplesPath } from '../host/sample-service.ts';
import type { SamplesStatus } from '../host/sample-service.ts';
import { formatRows, print, printJson, tell } from '../terminal.ts';
import { homeOf } from './options.ts';

interface JsonOption {
  json?: boolean;
}

/** Adds the command and its sub-commands. */
export function addSamples(program: Command): void {
  const samples = program
    .command('samples')
    .description('training samples of this home (APR2): counts by label, error window, path')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt samples --json')
    .action(async (options: JsonOption, command: Command) => {
      const status = await readStatus(homeOf(command));
      if (options.json) printJson(status);
      else print(renderSamples(status));
    });
  samples
    .command('import <file>')
    .description('add the samples of a JSON list')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt samples import samples.json')
    .action(async (file: string, _: JsonOption, command: Command) => {
      report(await change(homeOf(command), 'samples.import', { json: await readText(file) }), command);
    });
  samples
    .command('bootstrap')
    .description('fill empty samples from the history this home holds')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt samples bootstrap')
    .action(async (_: JsonOption, command: Command) => {
      report(await change(homeOf(command), 'samples.bootstrap', {}), command);
    });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw sampleFileError(file, error);
  }
}

async function readStatus(home: Home): Promise<SamplesStatus> {
  await using client = await findDaemon(home.bridgeFile);
  if (client) return (await client.request('samples.status')).result as SamplesStatus;
  const path = samplesPath(home);
  const { samples, samplesSinceTrained } = await readSamples(path);
  const collector = TunerDataCollector.fromSamples(samples, { maxSamples: Infinity });
  return {
    path,
    count: collector.length,
    byLabel: collector.countByLabel(),
    samplesSinceTrained,
    retrainThreshold: readSavedConfig(home.root).retrainSamples,
    actedSamples: null,
    feedback: null,
    lastError: null,
  };
}

/** Asks the running host; without one, opens a host for the one request, so that both go the same way. */
async function change(home: Home, request: string, params: object): Promise<{ added: number }> {
  await using client = await findDaemon(home.bridgeFile);
  if (client) return (await client.request(request, params)).result as { added: number };
  await using host = await openHost(home, readSavedConfig(home.root, { baseline: false }), {
    // A running host has these in its log.
    onLog: tellDamage,
  });
  await using own = await findDaemon(host.home.bridgeFile);
  return (await own!.request(request, params)).result as { added: number };
}

/** A damaged file was set aside: what the command did is done, and something is to be looked at. */
function tellDamage(line: string): void {
  if (!line.startsWith('ERR_')) return;
  tell(line);
  process.exitCode = 1;
}

function report(result: { added: number }, command: Command): void {
  if (command.optsWithGlobals<JsonOption>().json) printJson(result);
  else print(`${result.added} samples added`);
}

function renderSamples(status: SamplesStatus): string {
  const { path, count, byLabel, samplesSinceTrained, actedSamples, feedback } = status;
  const rate =
    feedback?.errorRate == null ? 'nothing compared yet' : `${(100 * feedback.errorRate).toFixed(1)} %`;
  return formatRows([
    ['path', path],
    ['samples', `${count}, ${samplesSinceTrained} since the last training`],
    ...labels.map((label): [string, string] => [`  ${label}`, String(byLabel[label])]),
    [
      'left out',
      actedSamples === null ? 'known while a host runs' : `${actedSamples} with an action in reach`,
    ],
    ['wrong decisions', feedback ? `${rate} of the last ${feedback.windowCount}` : 'known while a host runs'],
  ]);
}
