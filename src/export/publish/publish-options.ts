// The options of a publication, and what of a history is published: the one place that has them. The command line,
// PublishOptions, the checks and docs/publication.md follow from these tables (src/core/options.ts says how).
import type { OptionTable, OptionValues } from '../../core/index.ts';
import { anonymizerOptions } from '../../prepare/index.ts';
import { exportArguments, exportOptions, trainingOptions } from '../export-options.ts';
import type { PublishProgress } from './publish-contract.ts';

export const publishOptions = {
  to: {
    type: 'text',
    flag: '--target <folder>',
    about: 'folder or s3://bucket/prefix',
    example: 'datasets/my-host',
  },
  name: {
    type: 'text',
    defaultText: 'the last part of the target',
    about: 'identifier in lower case',
    example: 'my-host',
  },
  title: {
    type: 'text',
    flag: '--title <text>',
    defaultText: 'made from the name',
    about: 'title of the card',
    example: 'My-host',
  },
  license: {
    type: 'text',
    flag: '--license <id>',
    default: 'CC-BY-4.0',
    about: 'SPDX identifier',
    example: 'CC0-1.0',
  },
  creator: {
    type: 'text',
    default: 'ruvector-memopt',
    about: 'who publishes it',
    example: 'Somebody',
  },
  url: {
    type: 'text',
    flag: '--url <url>',
    defaultText: 'a ni: URI of its content',
    about: 'where it is described on the web',
    example: 'https://example.org/my-host',
  },
  published: {
    type: 'text',
    flag: '--published <day>',
    defaultText: 'the day of the newest row, so that a rebuild is the same',
    about: 'YYYY-MM-DD',
    example: '2024-01-31',
  },
  dataVersion: {
    type: 'text',
    flag: '--data-version <version>',
    about: 'at least this version; below what the comparison asks for it is refused',
    example: '2.0.0',
  },
  message: {
    type: 'text',
    flag: '--message <text>',
    about: 'a line for the changelog',
    example: 'February',
  },
  hostClass: {
    type: 'text',
    flag: '--host-class <text>',
    default: 'Linux, details withheld',
    about: 'the kind of host, in words that do not single it out',
    example: 'laptop',
  },
  signingKey: {
    type: 'text',
    flag: '--sign <key>',
    about: 'Ed25519 private key (PEM) to sign the checksums with',
    example: 'release.pem',
  },
  endpointUrl: {
    type: 'text',
    flag: '--endpoint-url <url>',
    about: 'S3-compatible server, addressed path-style',
    example: 'http://127.0.0.1:9000',
  },
  k: {
    ...anonymizerOptions.k,
    about: 'rows that must look alike in all that could single one out',
  },
} as const satisfies OptionTable;

/** What the command line asks in words of its own (`--no-anonymize --i-understand`), or not at all. */
export const publishSettings = {
  allowIdentifying: {
    type: 'boolean',
    default: false,
    about: 'publish data that is not anonymised',
    example: true,
  },
  shardBytes: {
    type: 'number',
    unit: 'bytes',
    default: 128 * 2 ** 20,
    range: { above: 0 },
    wanted: 'bytes above 0',
    about: 'files end at about this size',
    example: 2 ** 20,
  },
} as const satisfies OptionTable;

/** Texts and choices of a publication. */
export type PublishOptions = OptionValues<typeof publishOptions & typeof publishSettings> & {
  readonly to: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((step: PublishProgress) => void) | undefined;
};

/** What of a history is published, as the command line asks for it. */
export const historyOptions = {
  hours: exportArguments.hours,
  start: exportArguments.start,
  end: exportArguments.end,
  horizonMs: { ...trainingOptions.horizonMs, flag: '--horizon <seconds>' },
  trainTestSplit: trainingOptions.trainTestSplit,
  blocks: trainingOptions.blocks,
  includeActed: trainingOptions.includeActed,
  tables: {
    type: 'names',
    choices: exportOptions.tables.choices,
    defaultText: 'the training set alone',
    about: `publish these too, of ${exportOptions.tables.choices.join(', ')}`,
    example: exportOptions.tables.example,
  },
  keyFile: {
    type: 'text',
    flag: '--key-file <file>',
    defaultText: 'a random key, wiped with the release',
    about: 'keep the key of the release here, to make the same bytes again',
    example: 'release.key',
  },
} as const satisfies OptionTable;
