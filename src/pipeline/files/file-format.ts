// The file formats that native plans write, and what compresses them. Types and rules of text; no Polars.

/** File formats. `json` is one array, `jsonl` is JSON Lines. */
export type FileFormat = 'csv' | 'json' | 'jsonl' | 'parquet' | 'sqlite' | 'arrow';

/** `gzip` and `zstd` for text formats, `zstd`, `snappy` and `none` inside Parquet, `none` for the others. */
export type FileCompression = 'none' | 'gzip' | 'zstd' | 'snappy';

/** What a file is. */
export interface FileKind {
  readonly format: FileFormat;
  /** @default 'zstd' for parquet, 'none' for all others */
  readonly compression?: FileCompression | undefined;
  /** CSV for Excel: a byte order mark, and an apostrophe before text that Excel would run as a formula. @default false */
  readonly excel?: boolean | undefined;
}

/** True when a terminal cannot show it. */
export function isBinaryFile({ format, compression = 'none' }: FileKind): boolean {
  const isText = format === 'csv' || format === 'json' || format === 'jsonl';
  return !isText || compression !== 'none';
}

/** Copying the parts of a file together takes time: two or three seconds of work a part. */
const FILE_ROWS = 2 ** 22;
/** What is copied in any case comes sooner in smaller parts. */
const STREAM_ROWS = 2 ** 18;
/** A part is read into memory as a whole there. */
const DATABASE_ROWS = 2 ** 17;

/** Rows at which a part should end. @param isStream it goes into a pipe or a device */
export function partRowsOf({ format, compression = 'none' }: FileKind, isStream: boolean): number {
  if (format === 'sqlite') return DATABASE_ROWS;
  const isCopied = isStream || format === 'json' || (format !== 'parquet' && compression !== 'none');
  return isCopied ? STREAM_ROWS : FILE_ROWS;
}
