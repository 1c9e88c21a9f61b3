// Files as a source of plans: CSV, JSON Lines, Parquet and Arrow, by path, list of paths or glob.
import { existsSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { extname } from 'node:path';
import type { LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../../core/index.ts';
import type { NativePartition, NativeSource } from '../contract.ts';
import { unreadableSourceError } from './errors.ts';
import { toReadError } from './polars-errors.ts';
import { emptyOf } from './polars.ts';

export const sourceFormats = ['csv', 'jsonl', 'parquet', 'arrow'] as const;
export type SourceFormat = (typeof sourceFormats)[number];

/** Options of {@link fileSource}. */
export interface FileSourceOptions {
  /** @default by the name of the first path: .csv .jsonl .ndjson .parquet .arrow .ipc .feather */
  readonly format?: SourceFormat;
  /** CSV: the first line has the names. @default true */
  readonly header?: boolean;
  /** CSV. @default , */
  readonly separator?: string;
  /** CSV: texts that stand for null, beside the empty one. @default none */
  readonly nullValues?: readonly string[];
  /** CSV: reads ISO dates and times as such, not as text. @default true */
  readonly dates?: boolean;
  /** CSV and JSON Lines: rows that types are inferred from; null for all, which reads the file twice. @default 1000 */
  readonly inferRows?: number | null;
}

const formatOfExtension: Readonly<Record<string, SourceFormat>> = {
  '.csv': 'csv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.parquet': 'parquet',
  '.arrow': 'arrow',
  '.ipc': 'arrow',
  '.feather': 'arrow',
};

/**
 * Files that follow each other in the order given, those of a glob by name. A column that a file lacks is null, and
 * types that differ become one that holds both.
 * @throws RuvectorError `ERR_PIPELINE_READ` when no name says the format
 */
export function fileSource(
  paths: string | readonly string[],
  options: FileSourceOptions = {},
): NativeSource & { readonly format: SourceFormat } {
  const patterns = typeof paths === 'string' ? [paths] : paths;
  const name = patterns.join(', ');
  const format = options.format ?? formatOfExtension[extname(patterns[0] ?? '').toLowerCase()];
  if (!format) {
    throw unreadableSourceError(name, `its name does not say which of ${sourceFormats.join(', ')} it is`);
  }
  return {
    name,
    format,
    streams: true,
    partitions: async () => {
      const files = await findFiles(name, patterns);
      const frames = await Promise.all(
        files.map((file) => toReadError(file, async () => scanInferred(file, format, options))),
      );
      const shape = await toReadError(name, async () => shapeOf(frames));
      return Promise.all(
        frames.map(async (frame): Promise<NativePartition> => ({
          maxRows: await toReadError(name, () => countRows(frame, format)),
          open: async () => (frames.length === 1 ? frame : inShape(frame, shape)),
        })),
      );
    },
  };
}

const hasWildcard = (path: string): boolean => /[*?[{]/.test(path);

async function findFiles(name: string, patterns: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    patterns.map(async (path) => {
      if (!hasWildcard(path) || existsSync(path)) return [path];
      const matches = await Array.fromAsync(glob(path));
      return matches.toSorted();
    }),
  );
  if (found.flat().length === 0) throw unreadableSourceError(name, 'no file has such a name');
  return found.flat();
}

/** Polars makes room for all rows that types of a CSV file are to be inferred from: for all, they are counted first. */
async function scanInferred(
  path: string,
  format: SourceFormat,
  options: FileSourceOptions,
): Promise<LazyDataFrame> {
  if (format !== 'csv' || options.inferRows !== null) return scan(path, format, options);
  const untyped = scan(path, format, { ...options, inferRows: 0, dates: false });
  const counted = await untyped.select(loadPolars().len().alias('rows')).collect();
  return scan(path, format, { ...options, inferRows: 1 + Number(counted.getColumn('rows').get(0)) });
}

function scan(path: string, format: SourceFormat, options: FileSourceOptions): LazyDataFrame {
  const { scanCSV, scanIPC, scanJson, scanParquet } = loadPolars();
  const { header = true, separator = ',', nullValues = [], dates = true, inferRows = 1000 } = options;
  // Names were found here: a path with a bracket in it is no pattern.
  if (format === 'parquet') return scanParquet(path, { glob: false });
  if (format === 'arrow') return scanIPC(path);
  if (format === 'jsonl') return scanJson(path, { inferSchemaLength: inferRows });
  return scanCSV(path, {
    hasHeader: header,
    sep: separator,
    nullValues: [...nullValues],
    parseDates: dates,
    inferSchemaLength: inferRows ?? 0,
    glob: false,
  });
}

/** A frame without rows that has the columns of all. */
const shapeOf = (frames: readonly LazyDataFrame[]): LazyDataFrame =>
  emptyOf(loadPolars().concat(frames.map(emptyOf), { how: 'diagonalRelaxed' }));

const inShape = (frame: LazyDataFrame, shape: LazyDataFrame): LazyDataFrame =>
  loadPolars().concat([shape, frame], { how: 'diagonalRelaxed' });

/** What a footer tells; text files tell nothing without being read. */
async function countRows(frame: LazyDataFrame, format: SourceFormat): Promise<number | null> {
  if (format === 'csv' || format === 'jsonl') return null;
  const counted = await frame.select(loadPolars().len().alias('rows')).collect();
  return Number(counted.getColumn('rows').get(0));
}
