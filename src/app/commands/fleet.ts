// `fleet`: what many hosts do together over NATS: their rows in one lake, models offered to them.
import type { Command } from 'commander';
import { DEFAULT_FILE_MS, DEFAULT_FLEET_K, collectFleet } from '../../fleet/index.ts';
import type { CollectReport } from '../../fleet/index.ts';
import { addAccessOptions, readAccess } from '../fleet/access-options.ts';
import { abortOnSignals, formatBytes, formatRows, print, printJson, tell } from '../terminal.ts';
import { parseNumber, parsePositive, parseSeconds } from './options.ts';

const examples = `
Examples:
  $ ruvector-memopt fleet collect nats://10.0.0.5:4222 --to lake/
  $ ruvector-memopt fleet deploy memopt@12 nats://10.0.0.5:4222 --canary 0.1`;

/** Adds the command. */
export function addFleet(program: Command): void {
  const fleet = program
    .command('fleet')
    .description('gather the rows of many hosts over NATS, and offer models to them')
    .addHelpText('after', examples);
  addCollectFleet(fleet);
}

interface CollectFleetOptions {
  readonly to: string;
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
    .requiredOption('--to <folder>', 'the lake: a folder that is empty, not there, or one already')
    .option('--once', 'end when nothing is left to take')
    .option(
      '--seconds <n>',
      'longest time a row waits to become part of a file',
      parseSeconds,
      DEFAULT_FILE_MS / 1000,
    )
    .option('--rows <n>', 'rows that become files at once', parsePositive, 1_000_000)
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
      '\nExample:\n  $ ruvector-memopt fleet collect nats://10.0.0.5:4222 --to lake/ --once',
    )
    .action(async (servers: string, options: CollectFleetOptions) => {
      using stop = abortOnSignals();
      const report = await collectFleet({
        access: readAccess(servers, options),
        lake: options.to,
        signal: stop.signal,
        once: options.once ?? false,
        fileMs: options.seconds * 1000,
        fileRows: options.rows,
        k: options.k,
        replicas: options.replicas,
        maxBytes: options.streamMib === undefined ? null : options.streamMib * 2 ** 20,
        onLog: tell,
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
    ['rows', `${counts.rows} in ${counts.files} files of ${formatBytes(fileBytes)}`],
    ['batches', `${counts.batches}, ${counts.duplicates} of them once more, ${counts.missing} missing`],
    ['refused', `${counts.refused} messages`],
    ['hosts alike', reached],
  ]);
}
