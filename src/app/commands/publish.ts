// `publish`: a training export as a versioned, signed tree for Hugging Face, Croissant and Frictionless readers, in a
// folder or a bucket; `publish verify` checks one, `publish keygen` makes a signing key.
import type { Home } from '../../core/index.ts';
import type { Command } from 'commander';
import {
  createSigningKey,
  historyOptions,
  publishDataset,
  publishOptions,
  verifyDataset,
} from '../../export/publish/index.ts';
import type { PublishOptions, PublishReport } from '../../export/publish/index.ts';
import { configError } from '../errors.ts';
import { publishHistory } from '../exports/publish-history.ts';
import type { PublishHistoryOptions, PublishedHistory } from '../exports/publish-history.ts';
import { watchPublication } from '../exports/publication-log.ts';
import { renderPublication, renderVerification } from '../exports/render-publication.ts';
import { startProgress } from '../../client/index.ts';
import { abortOnSignals, formatRows, print, printJson } from '../terminal.ts';
import { homeOf, parseHours, parsePositive } from './options.ts';
import { addTableOptions, givenFlags, pickOptions } from './table-options.ts';

/** What commander hands over: these, and what the tables name. */
interface PublishCommandOptions extends Readonly<Record<string, unknown>> {
  readonly anonymize: boolean;
  readonly iUnderstand?: boolean;
  readonly json?: boolean;
}

const examples = `
Examples:
  $ ruvector-memopt export --training --output training/
  $ ruvector-memopt publish training/ --target datasets/my-host --sign release.pem
  $ ruvector-memopt publish history --hours 24 --tables memory,process --target s3://bucket/my-host
  $ ruvector-memopt publish verify datasets/my-host --public-key release.pem.pub`;

/** Adds the command and its sub-commands. */
export function addPublish(program: Command): void {
  const command = program
    .command('publish')
    .description('publish a dataset: one versioned tree that Hugging Face, Croissant and Frictionless load')
    .argument(
      '<dataset>',
      'folder of `export --training`, a published dataset to publish again, or "history" for what this host recorded',
    );
  addTableOptions(command, publishOptions, { parsers: { k: parsePositive } });
  command
    .option('--no-anonymize', 'publish data that is not anonymised; needs --i-understand')
    .option('--i-understand', 'you have read what is exposed')
    .option('--json', 'print JSON')
    .addHelpText('after', examples)
    .action(async (dataset: string, options: PublishCommandOptions, self: Command) =>
      publishCommand(dataset, options, homeOf(self)),
    );
  addTableOptions(command, historyOptions, {
    prefix: 'history: ',
    parsers: { hours: parseHours, blocks: parsePositive },
  });
  addVerify(command);
  addKeygen(command);
}

function addVerify(parent: Command): void {
  const verify = parent
    .command('verify')
    .description('check every file of a published dataset and its signature; exit 1 with what is wrong')
    .argument('<target>', 'folder or s3://bucket/prefix')
    .option('--public-key <file>', 'the key that must have signed it (PEM)');
  addTableOptions(verify, { endpointUrl: publishOptions.endpointUrl });
  verify
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

async function publishCommand(dataset: string, given: PublishCommandOptions, home: Home): Promise<void> {
  const { anonymize, iUnderstand = false, json } = given;
  const { to, ...options } = pickOptions(publishOptions, given);
  if (to === undefined) throw configError(['--target <folder> is missing']);
  if (!anonymize && !iUnderstand) throw configError([exposed]);
  if (dataset !== 'history') refuseHistoryOptions(given);
  const report = await publish(dataset, home, pickOptions(historyOptions, given), {
    ...options,
    to,
    allowIdentifying: !anonymize,
  });
  if (json) printJson(report);
  else print(renderPublication(report, 'problems' in report ? report.problems : []));
}

/** They would silently do nothing. */
function refuseHistoryOptions(given: PublishCommandOptions): void {
  const problems = givenFlags(historyOptions, given).map((flag) => `${flag} is only for "history"`);
  if (problems.length > 0) throw configError(problems);
}

const exposed =
  '--no-anonymize publishes the exact times of this host, and with --tables its process names and sizes: who knows ' +
  'when something happened on it, or has another recording of it, can find it in the data (--i-understand says you know)';

async function publish(
  dataset: string,
  home: Home,
  history: PublishHistoryOptions,
  settings: PublishOptions,
): Promise<PublishReport | PublishedHistory> {
  using stop = abortOnSignals();
  using bar = startProgress('publishing', 1);
  return await watchPublication<PublishReport | PublishedHistory>(
    home,
    { dataset, target: settings.to },
    (note) => {
      const options: PublishOptions = {
        ...settings,
        signal: stop.signal,
        onProgress(progress) {
          const { step, done, total } = progress;
          bar.update(total ? done / total : 0, step);
          note(progress);
        },
      };
      return dataset === 'history'
        ? publishHistory(home, history, options)
        : publishDataset(dataset, options);
    },
  );
}
