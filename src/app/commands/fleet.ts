// `fleet`: what many hosts do together over NATS: their rows in one lake, models offered to them.
import { Option } from 'commander';
import type { Command } from 'commander';
import {
  DEFAULT_CANARY_MS,
  DEFAULT_CANARY_SHARE,
  DEFAULT_FILE_MS,
  DEFAULT_FILE_ROWS,
  DEFAULT_FLEET_K,
  DEFAULT_SETTLE_MS,
  collectFleet,
  offerModel,
} from '../../fleet/index.ts';
import type { CollectReport, OfferOutcome } from '../../fleet/index.ts';
import { maskUrl } from '../../sockets/index.ts';
import { addAccessOptions, readAccess } from '../fleet/access-options.ts';
import { readOfferedPackage } from '../fleet/read-offered-package.ts';
import { abortOnSignals, formatBytes, formatRows, print, printJson, tell } from '../terminal.ts';
import { homeOf, parseNumber, parsePositive, parseSeconds } from './options.ts';

const examples = `
Examples:
  $ ruvector-memopt fleet collect nats://10.0.0.5:4222 --output lake/
  $ ruvector-memopt fleet deploy memopt@12 nats://10.0.0.5:4222 --canary 0.1`;

/** Adds the command. */
export function addFleet(program: Command): void {
  const fleet = program
    .command('fleet')
    .description('gather the rows of many hosts over NATS, and offer models to them')
    .addHelpText('after', examples);
  addCollectFleet(fleet);
  addDeployFleet(fleet);
}

interface CollectFlags {
  readonly output: string;
  readonly once?: boolean;
  readonly seconds: number;
  readonly rows: number;
  readonly k: number;
  readonly replicas: number;
  readonly streamMib?: number;
  readonly json?: boolean;
}

function addCollectFleet(fleet: Command): void {
  const command = fleet
    .command('collect <servers>')
    .description('write what hosts publish as Parquet, host by host and day by day, until Ctrl-C')
    .requiredOption('--output <folder>', 'the lake: a folder that is empty, not there, or one already')
    .addOption(new Option('--to <folder>', 'an earlier name of --output').hideHelp())
    .on('option:to', (folder: string) => command.setOptionValue('output', folder))
    .option('--once', 'end when what was there at the start is taken')
    .option(
      '--seconds <n>',
      'longest time a row waits to become part of a file',
      parseSeconds,
      DEFAULT_FILE_MS / 1000,
    )
    .option('--rows <n>', 'rows that become files at once', parsePositive, DEFAULT_FILE_ROWS)
    .option(
      '--k <n>',
      'hosts that must look alike in the sizes of their memory; 1 leaves sizes as they come',
      parsePositive,
      DEFAULT_FLEET_K,
    )
    .option('--replicas <n>', 'servers that keep the stream, when it is made', parsePositive, 1)
    .option('--stream-mib <n>', 'most MiB of the stream, when it is made', parseNumber);
  addAccessOptions(command);
  command
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ ruvector-memopt fleet collect nats://10.0.0.5:4222 --output lake/ --once',
    )
    .action(async (servers: string, options: CollectFlags) => {
      using stop = abortOnSignals();
      const report = await collectFleet({
        access: readAccess(servers, options),
        lake: options.output,
        signal: stop.signal,
        once: options.once ?? false,
        fileMs: options.seconds * 1000,
        fileRows: options.rows,
        k: options.k,
        replicas: options.replicas,
        maxBytes: options.streamMib === undefined ? null : options.streamMib * 2 ** 20,
        onLog: tell,
        onStarted: () => {
          const often = `files every ${options.seconds} s, or ${options.rows} rows`;
          if (!options.once) tell(`collecting from ${maskUrl(servers)} into ${options.output}, ${often}`);
        },
        onWritten: (so) => tell(`${so.rows} rows of ${so.hosts} hosts in ${so.files} files`),
      });
      if (options.json) printJson(report);
      else print(renderCollected(report));
    });
}

function renderCollected({ k, fileBytes, ...counts }: CollectReport): string {
  const reached =
    k.reached < k.wanted ? `${k.reached} only, of the ${k.wanted} that were wanted` : `${k.reached}`;
  return formatRows([
    ['hosts', String(counts.hosts)],
    ...(counts.sharedNames.length > 0
      ? [['shared names', counts.sharedNames.join(', ')] satisfies [string, string]]
      : []),
    ['rows', `${counts.rows} in ${counts.files} files of ${formatBytes(fileBytes)}`],
    ['batches', `${counts.batches}, ${counts.duplicates} of them once more, ${counts.missing} missing`],
    ['refused', `${counts.refused} messages`],
    ['hosts alike', reached],
  ]);
}

interface DeployFlags {
  readonly canary: number;
  readonly canarySeconds: number;
  readonly settleSeconds: number;
  readonly hosts?: number;
  readonly json?: boolean;
}

function addDeployFleet(fleet: Command): void {
  const command = fleet
    .command('deploy <model> <servers>')
    .description('offer a model of this home to the hosts: to some first, to all when none of them goes back')
    .option(
      '--canary <share>',
      'share of the hosts that take it first, up to 1',
      parsePositive,
      DEFAULT_CANARY_SHARE,
    )
    .option('--canary-seconds <n>', 'how long those are watched', parseSeconds, DEFAULT_CANARY_MS / 1000)
    .option(
      '--settle-seconds <n>',
      'how long the others are listened to',
      parseSeconds,
      DEFAULT_SETTLE_MS / 1000,
    )
    .option('--hosts <n>', 'end when so many hosts have answered', parsePositive);
  addAccessOptions(command);
  command
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt fleet deploy memopt@live nats://10.0.0.5:4222')
    .action(async (model: string, servers: string, options: DeployFlags, self: Command) => {
      using stop = abortOnSignals();
      const outcome = await offerModel({
        access: readAccess(servers, options),
        ...(await readOfferedPackage(homeOf(self), model)),
        canaryShare: options.canary,
        canaryMs: options.canarySeconds * 1000,
        settleMs: options.settleSeconds * 1000,
        ...(options.hosts !== undefined && { hosts: options.hosts }),
        signal: stop.signal,
        onReport: ({ host, state, reason }) => tell(`${host} ${state}: ${reason}`),
        onStage: (stage, reason) => tell(`${stage}: ${reason}`),
      });
      if (options.json) printJson(outcome);
      else print(renderOutcome(outcome));
      if (outcome.stage !== 'all') process.exitCode = 1;
    });
}

function renderOutcome({ stage, reason, reports }: OfferOutcome): string {
  const counts = Map.groupBy(reports, ({ state }) => state);
  return formatRows([
    ['stage', `${stage}: ${reason}`],
    ...[...counts].map(([state, those]): [string, string] => [state, `${those.length} hosts`]),
  ]);
}
