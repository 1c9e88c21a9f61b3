// Which format a file that is written has: its suffix says it, or the caller.
import { extname } from 'node:path';
import { eventSuffixError } from './errors.ts';

/** Formats that are written. */
export const OUTPUT_FORMATS = [
  'evt2',
  'evt21',
  'evt21-legacy',
  'evt3',
  'dat',
  'hdf5',
  'text',
  'csv',
  'parquet',
  'arrow',
] as const;

/** A format that is written; `csv` is text with commas. */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** A suffix and the format of files that have it; RAW files may be of several. */
const suffixes: Readonly<Record<string, OutputFormat>> = {
  '.raw': 'evt2',
  '.dat': 'dat',
  '.h5': 'hdf5',
  '.hdf5': 'hdf5',
  '.csv': 'csv',
  '.txt': 'text',
  '.parquet': 'parquet',
  '.arrow': 'arrow',
};

/** Those of RAW files: they hold triggers too. */
export const rawFormats: ReadonlySet<string> = new Set(['evt2', 'evt21', 'evt21-legacy', 'evt3']);

/**
 * The format of a file that is written.
 * @param likely the format of RAW files that nobody says more of; another one is no RAW format and does not count
 * @throws RuvectorError `ERR_EVENTS_SUFFIX`
 */
export function outputFormatOf(path: string, declared?: OutputFormat, likely?: string): OutputFormat {
  if (declared !== undefined) return declared;
  const suffix = extname(path).toLowerCase();
  const format = suffixes[suffix];
  if (format === undefined) throw eventSuffixError(path, Object.keys(suffixes));
  return suffix === '.raw' && rawFormats.has(likely ?? '') ? (likely as OutputFormat) : format;
}
