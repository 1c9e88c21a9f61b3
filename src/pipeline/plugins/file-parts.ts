// Files as parts that can be named: plans read and write them by themselves.
import { createFileSink } from '../files/index.ts';
import type { FileFormat } from '../files/index.ts';
import { fileSource } from '../plan/file-source.ts';
import { defineSink, defineSource } from './define-part.ts';
import type { PartRegistry, SinkEntry, SourceEntry } from './plugin-entry.ts';

const paths = {
  type: 'names',
  wanted: 'a list of paths',
  about: 'files in their order, also with `*`; those of a pattern follow each other by name',
  example: ['metrics/*.parquet'],
} as const;

const inferRows = {
  type: 'integer',
  range: { min: 1 },
  wanted: 'a whole number above 0',
  default: 1000,
  about: 'rows that types are found in',
  example: 100_000,
} as const;

const csvSource = defineSource({
  name: 'csv',
  about: 'CSV files',
  options: {
    paths: { ...paths, example: ['metrics/*.csv'] },
    header: { type: 'boolean', default: true, about: 'the first line has the names', example: false },
    separator: { type: 'text', default: ',', about: 'what stands between two values', example: ';' },
    nullValues: {
      type: 'names',
      defaultText: 'the empty text',
      about: 'texts that stand for null',
      example: ['NA'],
    },
    dates: {
      type: 'boolean',
      default: true,
      about: 'read ISO dates and times as such, not as text',
      example: false,
    },
    inferRows,
  },
  required: ['paths'],
  paths: ['paths'],
  create: ({ paths: files, nullValues = [], ...options }) =>
    fileSource(files, { ...options, nullValues, format: 'csv' }),
});

const jsonlSource = defineSource({
  name: 'jsonl',
  about: 'JSON Lines files',
  options: { paths: { ...paths, example: ['metrics/*.jsonl'] }, inferRows },
  required: ['paths'],
  paths: ['paths'],
  create: ({ paths: files, inferRows: rows }) => fileSource(files, { inferRows: rows, format: 'jsonl' }),
});

const binarySource = (format: 'parquet' | 'arrow', about: string): SourceEntry =>
  defineSource({
    name: format,
    about,
    options: { paths: { ...paths, example: [`metrics/*.${format}`] } },
    required: ['paths'],
    paths: ['paths'],
    create: ({ paths: files }) => fileSource(files, { format }),
  });

const compressions = {
  csv: ['none', 'gzip', 'zstd'],
  json: ['none', 'gzip', 'zstd'],
  jsonl: ['none', 'gzip', 'zstd'],
  parquet: ['zstd', 'snappy', 'none'],
  arrow: ['none'],
  sqlite: ['none'],
} as const satisfies Record<FileFormat, readonly string[]>;

function fileSink(format: FileFormat, about: string): SinkEntry {
  const [first] = compressions[format];
  return defineSink({
    name: format,
    about,
    options: {
      path: {
        type: 'text',
        about: 'a file, a named pipe, or `-` for standard output',
        example: `out.${format}`,
      },
      compression: {
        type: 'choice',
        choices: compressions[format],
        default: first,
        about: 'how it is compressed',
        example: compressions[format].at(-1)!,
      },
    },
    required: ['path'],
    paths: ['path'],
    create: ({ path, compression }) => createFileSink({ path, format, compression }),
  });
}

const sqliteFileSink = defineSink({
  name: 'sqlite',
  about: 'a SQLite file of one table, in place of what was there',
  options: {
    path: { type: 'text', about: 'the file', example: 'out.sqlite' },
    table: { type: 'text', default: 'rows', about: 'the table', example: 'samples' },
  },
  required: ['path'],
  paths: ['path'],
  create: ({ path, table }) => createFileSink({ path, table, format: 'sqlite' }),
});

/** Registers them. */
export function registerFiles(registry: PartRegistry): void {
  registry.source(csvSource);
  registry.source(jsonlSource);
  registry.source(binarySource('parquet', 'Parquet files'));
  registry.source(binarySource('arrow', 'Arrow IPC files'));
  registry.sink(fileSink('csv', 'a CSV file'));
  registry.sink(fileSink('jsonl', 'a JSON Lines file'));
  registry.sink(fileSink('json', 'a file with one JSON array'));
  registry.sink(fileSink('parquet', 'a Parquet file'));
  registry.sink(fileSink('arrow', 'an Arrow IPC file'));
  registry.sink(sqliteFileSink);
}
