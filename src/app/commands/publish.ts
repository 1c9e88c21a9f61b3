// `publish`: a training export as a versioned, signed tree for Hugging Face, Croissant and Frictionless readers, in a
// folder or a bucket; `publish verify` checks one, `publish keygen` makes a signing key.
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { createSigningKey, publishDataset, verifyDataset } from '../../export/publish/index.ts';
import type { PublishReport, VerifyReport } from '../../export/publish/index.ts';
import { abortOnSignals, formatBytes, formatRows, print, printJson, startProgress } from '../terminal.ts';

interface PublishCommandOptions {
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
  json?: boolean;
}

/** Adds the command and its sub-commands. */
export function addPublish(program: Command): void {
  const publish = program
    .command('publish')
    .description('publish a dataset: one versioned tree that Hugging Face, Croissant and Frictionless load')
    .argument('<dataset>', 'folder of `export --training`, or a published dataset to publish again')
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
    .addHelpText(
      'after',
      '\nExample:\n  $ ruvector-memopt export --training --output training/\n' +
        '  $ ruvector-memopt publish training/ --to datasets/my-host --sign release.pem',
    )
    .action(async (dataset: string, options: PublishCommandOptions) => publishCommand(dataset, options));
  addVerify(publish);
  addKeygen(publish);
}

function addVerify(publish: Command): void {
  publish
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

function addKeygen(publish: Command): void {
  publish
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

async function publishCommand(dataset: string, options: PublishCommandOptions): Promise<void> {
  const { to, anonymize, iUnderstand = false } = options;
  if (to === undefined) throw new InvalidArgumentError('--to <target> is missing.');
  if (!anonymize && !iUnderstand) {
    throw new InvalidArgumentError(
      '--no-anonymize publishes the exact times of this host: who knows when something happened on it, or has another ' +
        'recording of it, can find it in the data. Add --i-understand to do so.',
    );
  }
  const stop = abortOnSignals();
  const bar = startProgress(1, 'publishing');
  try {
    const report = await publishDataset(dataset, {
      ...options,
      to,
      signingKey: options.sign,
      allowIdentifying: !anonymize,
      signal: stop.signal,
      onProgress: ({ step, done, total }) => bar.update(total ? done / total : 0, step),
    });
    bar.stop();
    if (options.json) printJson(report);
    else print(renderPublication(report));
  } finally {
    bar.stop();
    stop.dispose();
  }
}

/** A publication as text. */
export function renderPublication(report: PublishReport): string {
  const { privacy } = report;
  const rows = Object.entries(report.tables).map(([table, splits]): [string, string] => [
    table,
    Object.entries(splits)
      .map(([split, count]) => `${split} ${count}`)
      .join(', '),
  ]);
  return formatRows([
    ['dataset', `${report.name} ${report.version} at ${report.to}`],
    ['version', describeVersion(report)],
    ...rows,
    ['size', `${formatBytes(report.sizeBytes)} in ${report.files.length} files`],
    [
      'privacy',
      privacy.anonymized
        ? `anonymised: times to ${privacy.timePrecisionMs / 1000} s, k ${privacy.k ?? '–'} and l ${privacy.l ?? '–'} reached, ${privacy.rowsSuppressed} rows left out`
        : 'NOT anonymised',
    ],
    ['signature', report.keyFingerprint ?? 'none (give --sign)'],
    ...(report.removed.length > 0 ? [['removed', report.removed.join(', ')] as const] : []),
  ]);
}

function describeVersion({ change, previousVersion, reasons }: PublishReport): string {
  if (change === 'none') return 'nothing changed, nothing was written';
  const from = previousVersion === null ? '' : ` after ${previousVersion}`;
  return `${change}${from}: ${reasons.join('; ')}`;
}

/** A verification as text. */
export function renderVerification(report: VerifyReport): string {
  if (!report.ok) {
    return [`${report.target} is not as published:`, ...report.problems.map((text) => `  ${text}`)].join(
      '\n',
    );
  }
  const signed = report.keyTrusted
    ? `by ${report.keyFingerprint}, the key you named`
    : `by ${report.keyFingerprint}, the key in the dataset; compare the fingerprint or give --public-key`;
  return formatRows([
    ['dataset', `${report.target} ${report.version}: ${report.filesOk} files are as published`],
    ['signature', report.signature === 'good' ? signed : 'none'],
  ]);
}
