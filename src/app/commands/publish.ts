// `publish`: a training export as a versioned, signed tree for Hugging Face, Croissant and Frictionless readers, in a
// folder or a bucket; `publish verify` checks one, `publish keygen` makes a signing key.
import type { Home } from '../../core/index.ts';
import type { Command } from 'commander';
import { createSigningKey, publishDataset, verifyDataset } from '../../export/publish/index.ts';
import type { PublishOptions, PublishReport } from '../../export/publish/index.ts';
import { configError } from '../errors.ts';
import { publishHistory } from '../exports/publish-history.ts';
import type { PublishHistoryOptions, PublishedHistory } from '../exports/publish-history.ts';
import { renderPublication, renderVerification } from '../exports/render-publication.ts';
import { startProgress } from '../../client/index.ts';
import { abortOnSignals, formatRows, print, printJson } from '../terminal.ts';
import { homeOf, parseNumber, parsePositive, parseSeconds } from './options.ts';

interface PublishCommandOptions extends PublishHistoryOptions {
  to?: string;
  name?: string;
  title?: string;
  license?: string;
  creator?: string;
  url?: string;
  published?: string;
  dataVersion?: string;
  message?: string;
  hostClass?: string;
  sign?: string;
  anonymize: boolean;
  iUnderstand?: boolean;
  endpointUrl?: string;
  k?: number;
  json?: boolean;
}

const examples = `
Examples:
  $ ruvector-memopt export --training --output training/
  $ ruvector-memopt publish training/ --to datasets/my-host --sign release.pem
  $ ruvector-memopt publish history --hours 24 --tables memory,process --to s3://bucket/my-host
  $ ruvector-memopt publish verify datasets/my-host --public-key release.pem.pub`;

/** Adds the command and its sub-commands. */
export function addPublish(program: Command): void {
  const command = program
    .command('publish')
    .description('publish a dataset: one versioned tree that Hugging Face, Croissant and Frictionless load')
    .argument(
      '<dataset>',
      'folder of `export --training`, a published dataset to publish again, or "history" for what this host recorded',
    )
    .option('--to <target>', 'folder or s3://bucket/prefix')
    .option('--name <name>', 'identifier (default: the last part of the target)')
    .option('--title <text>', 'title of the card')
    .option('--license <id>', 'SPDX identifier (default: CC-BY-4.0)')
    .option('--creator <name>', 'who publishes it')
    .option('--url <url>', 'where it is described on the web')
    .option('--published <day>', 'YYYY-MM-DD (default: the day of the newest row)')
    .option('--data-version <version>', 'at least this version')
    .option('--message <text>', 'a line for the changelog')
    .option('--host-class <text>', 'the kind of host, in words that do not single it out')
    .option('--sign <key>', 'Ed25519 private key (PEM) to sign the checksums with')
    .option('--no-anonymize', 'publish data that is not anonymised; needs --i-understand')
    .option('--i-understand', 'you have read what is exposed')
    .option('--endpoint-url <url>', 'S3-compatible server, addressed path-style')
    .option('--json', 'print JSON')
    .addHelpText('after', examples)
    .action(async (dataset: string, options: PublishCommandOptions, self: Command) =>
      publishCommand(dataset, options, homeOf(self)),
    );
  addHistoryOptions(command);
  addVerify(command);
  addKeygen(command);
}

function addHistoryOptions(parent: Command): void {
  parent
    .option('--hours <n>', 'history: the newest hours (default: everything)', parsePositive)
    .option('--from <time>', 'history: first time, 2024-01-31, 2024-01-31T12:00:00Z or -2h')
    .option('--until <time>', 'history: end, not included; a date includes its day')
    .option('--horizon <seconds>', "history: how far labels look ahead (default: the host's)", parseSeconds)
    .option('--split <share>', 'history: share of the rows to train on (default: 0.8)', parseNumber)
    .option('--blocks <n>', 'history: time blocks that are each split by themselves', parsePositive)
    .option('--include-acted', 'history: also the rows that an action of the optimizer reaches')
    .option('--tables <names>', 'history: publish these too: memory,process,optimization', parseNames)
    .option('--k <n>', 'rows that must look alike (default: 5)', parsePositive)
    .option('--key-file <file>', 'history: keep the key of the release here, to make the same bytes again');
}

const parseNames = (text: string): string[] => text.split(',').map((name) => name.trim());

function addVerify(parent: Command): void {
  parent
    .command('verify')
    .description('check every file of a published dataset and its signature; exit 1 with what is wrong')
    .argument('<target>', 'folder or s3://bucket/prefix')
    .option('--public-key <file>', 'the key that must have signed it (PEM)')
    .option('--endpoint-url <url>', 'S3-compatible server, addressed path-style')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ ruvector-memopt publish verify datasets/my-host --public-key release.pem.pub',
    )
    .action(async (target: string, options: { publicKey?: string }, command: Command) => {
      // The parent knows --endpoint-url and --json too and would keep them for itself.
      const { endpointUrl, json } = command.optsWithGlobals<{ endpointUrl?: string; json?: boolean }>();
      const report = await verifyDataset(target, { publicKey: options.publicKey, endpointUrl });
      if (json) printJson(report);
      else print(renderVerification(report));
      if (!report.ok) process.exitCode = 1;
    });
}

function addKeygen(parent: Command): void {
  parent
    .command('keygen')
    .description('make an Ed25519 key pair to sign datasets with')
    .argument('<path>', 'the private key; the public one gets .pub behind it')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt publish keygen release.pem')
    .action(async (path: string, _options: unknown, command: Command) => {
      const made = await createSigningKey(path);
      if (command.optsWithGlobals<{ json?: boolean }>().json) printJson(made);
      else {
        print(
          formatRows([
            ['private key', `${made.privateKey} (keep it; readable by you only)`],
            ['public key', made.publicKey],
            ['fingerprint', made.fingerprint],
          ]),
        );
      }
    });
}

async function publishCommand(dataset: string, options: PublishCommandOptions, home: Home): Promise<void> {
  const { to, anonymize, iUnderstand = false } = options;
  if (to === undefined) throw configError(['--to <target> is missing']);
  if (!anonymize && !iUnderstand) throw configError([exposed]);
  if (dataset !== 'history') refuseHistoryOptions(options);
  const stop = abortOnSignals();
  const bar = startProgress('publishing', 1);
  try {
    const report = await publish(dataset, home, options, {
      ...options,
      to,
      signingKey: options.sign,
      allowIdentifying: !anonymize,
      signal: stop.signal,
      onProgress: ({ step, done, total }) => bar.update(total ? done / total : 0, step),
    });
    bar.finish();
    if (options.json) printJson(report);
    else print(renderPublication(report, 'problems' in report ? report.problems : []));
  } finally {
    bar.finish();
    stop.dispose();
  }
}

/** They would silently do nothing. */
function refuseHistoryOptions(options: PublishCommandOptions): void {
  const given = historyOptions.filter((name) => options[name] !== undefined);
  const problems = given.map(
    (name) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is only for "history"`,
  );
  if (problems.length > 0) throw configError(problems);
}

const historyOptions = [
  'hours',
  'from',
  'until',
  'horizon',
  'split',
  'blocks',
  'includeActed',
  'tables',
  'keyFile',
] as const satisfies readonly (keyof PublishHistoryOptions)[];

const exposed =
  '--no-anonymize publishes the exact times of this host, and with --tables its process names and sizes: who knows ' +
  'when something happened on it, or has another recording of it, can find it in the data (--i-understand says you know)';

async function publish(
  dataset: string,
  home: Home,
  history: PublishHistoryOptions,
  options: PublishOptions,
): Promise<PublishReport | PublishedHistory> {
  if (dataset === 'history') return publishHistory(home, history, options);
  return publishDataset(dataset, options);
}
