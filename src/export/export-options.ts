// The options of an export and of a training export: the one place that has their names, defaults, values and meaning.
// The command line, the daemon's requests, ExportConfig and TrainingDataConfig, the Python module and docs/export.md
// follow from these tables (src/core/options.ts says how). A new option is an entry here, and the code that obeys it.
import { describeMs } from '../core/index.ts';
import type { OptionTable, OptionValues } from '../core/index.ts';
import { anonymizerOptions, trainingSetDefaults, trainingSetOptions } from '../prepare/index.ts';
import type { TimeLike } from './export-times.ts';
import { compressions, exportFormats } from './file-contract.ts';

/** The tables there are, in the order they are written. */
export const exportTables = ['memory', 'process', 'optimization'] as const;
export type ExportTable = (typeof exportTables)[number];

const HOUR_MS = 3_600_000;
const YEAR_MS = 8_766 * HOUR_MS;

/** What the calls take as arguments and the command line as flags. */
export const exportArguments = {
  format: {
    type: 'text',
    defaultText: 'by the suffix',
    choices: exportFormats,
    about: `one of ${exportFormats.join(', ')}`,
    example: 'csv',
  },
  path: {
    type: 'text',
    flag: '--output <path>',
    about: 'a file, a folder with a final slash, a named pipe, or - for standard output',
    example: 'data.csv',
  },
  hours: {
    type: 'number',
    range: { above: 0 },
    wanted: 'a number above 0',
    defaultText: 'everything',
    about: 'the newest hours',
    example: 24,
  },
  start: {
    type: 'text',
    flag: '--from <time>',
    about: 'first time: 2024-01-31, 2024-01-31T12:00:00Z or -2h',
    example: '2024-01-01',
  },
  end: {
    type: 'text',
    flag: '--to <time>',
    about: 'end, not included; a date includes its day',
    example: '2024-01-31',
  },
} as const satisfies OptionTable;

export const exportOptions = {
  anonymize: {
    type: 'boolean',
    default: true,
    about:
      'hash names, replace identifiers, reduce free text to codes, coarsen times and suppress what stands out',
    detail:
      'False writes what was collected: the names of all processes of this machine with their ids, when each ' +
      'started, how much it used and when, and the text of errors, which may hold paths and user names. Command ' +
      'lines are never collected.',
    example: false,
  },
  includeProcesses: {
    type: 'boolean',
    default: false,
    about: 'add the table `process`',
    example: true,
  },
  includeEvents: {
    type: 'boolean',
    default: false,
    about: 'add the table `optimization`',
    example: true,
  },
  sampleIntervalMs: {
    type: 'number',
    unit: 'ms',
    default: 0,
    defaultText: 'every sample',
    range: { min: 0, max: YEAR_MS },
    wanted: '0 to a year in milliseconds',
    about: 'keep the first sample at or after each point of a grid this wide, counted from the epoch',
    detail: 'A process sample is a whole scan. Optimization events are no samples: all stay.',
    example: 10_000,
  },
  compression: {
    type: 'choice',
    choices: compressions,
    defaultText: 'by the suffix (.gz, .zst), else `zstd` for Parquet and none for others',
    about: '`gzip` or `zstd` for text; `zstd`, `snappy` or `none` for Parquet',
    example: 'zstd',
  },
  excel: {
    type: 'boolean',
    default: false,
    about: "CSV for a spreadsheet: a byte order mark, and `'` before text that would be run as a formula",
    detail:
      'Text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return. Other readers see the apostrophe: leave ' +
      'this off for them.',
    example: true,
  },
  tables: {
    type: 'names',
    choices: exportTables,
    defaultText: 'memory, and what the include options add',
    about: `exactly these of ${exportTables.join(', ')}, whatever the include options say`,
    example: ['memory', 'process'],
  },
  columns: {
    type: 'names',
    words: ['all', 'document'],
    default: 'all',
    wanted: '"all", "document" or a list of column names',
    about: '`all`, `document` (those of the export document only) or names',
    detail: 'Of names, a table takes those that it has, in the order they are named.',
    example: 'document',
  },
  timePrecisionMs: {
    ...anonymizerOptions.timePrecisionMs,
    range: { min: 1, max: YEAR_MS },
    wanted: '1 to a year in whole milliseconds',
  },
  k: {
    ...anonymizerOptions.k,
    range: { min: 1, max: 1_000_000 },
    wanted: 'a whole number from 1 to 1000000',
  },
} as const satisfies OptionTable;

/** What an export holds and how. */
export type ExportConfig = OptionValues<typeof exportOptions>;

export const trainingOptions = {
  includeFeatures: {
    type: 'names',
    flag: '--features <names>',
    defaultText: 'all',
    about: 'features by name, in this order; `trend` also names `usage_trend`',
    example: ['usage_percent', 'trend'],
  },
  labelType: {
    type: 'choice',
    choices: ['class', 'index', 'binary'],
    default: 'class',
    about:
      'what `label` holds: the name of the class, its index, or (`binary`) 0 for NoActionNeeded and 1 for everything ' +
      'more severe',
    detail: 'The index stands in `label_index` beside it, unless it is the label.',
    example: 'binary',
  },
  trainTestSplit: {
    type: 'number',
    flag: '--split <share>',
    default: 1 - trainingSetDefaults.testFraction,
    range: trainingSetOptions.testFraction.range,
    wanted: trainingSetOptions.testFraction.wanted,
    about: 'share of the rows, the older ones, to train on',
    detail: 'Never at random: the newest are to test on, with a gap between.',
    example: 0.75,
  },
  balanceClasses: {
    type: 'boolean',
    flag: '--balance',
    default: false,
    about: 'cut every class of the train part to the size of its smallest one',
    detail: 'Otherwise the class weights in dataset.json balance.',
    example: true,
  },
  horizonMs: {
    type: 'number',
    unit: 'ms',
    defaultText: `the host's, ${describeMs(trainingSetDefaults.horizonMs)} unless it was started with another`,
    range: { above: 0, max: 24 * HOUR_MS },
    wanted: 'milliseconds above 0, at most a day',
    about: trainingSetOptions.horizonMs.about,
    detail: trainingSetOptions.horizonMs.detail,
    example: trainingSetOptions.horizonMs.example,
  },
  blocks: trainingSetOptions.blocks,
  includeActed: trainingSetOptions.includeActed,
  anonymize: {
    type: 'boolean',
    default: true,
    about: 'round times down',
    detail:
      'Features and labels are numbers of the whole machine: nothing else in them names anyone. False writes when ' +
      'each row was sampled, to the millisecond.',
    example: false,
  },
  timePrecisionMs: {
    ...anonymizerOptions.timePrecisionMs,
    range: { min: 1 },
    wanted: 'whole milliseconds above 0',
  },
  compression: exportOptions.compression,
} as const satisfies OptionTable;

export type LabelType = (typeof trainingOptions.labelType.choices)[number];

/** What a training export holds and how. */
export type TrainingDataConfig = OptionValues<typeof trainingOptions> & {
  /** Range of the samples. @default everything */
  readonly start?: TimeLike | undefined;
  readonly end?: TimeLike | undefined;
  /** @default by the path's suffix, else 'parquet' */
  readonly format?: string | undefined;
};
