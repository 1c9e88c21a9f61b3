// The contract of a file export: tables in, one file a table (or one SQLite database) out. No code.
import type * as arrow from 'apache-arrow';
import type { LazyDataFrame } from 'nodejs-polars';
import type { FileCompression, FileFormat } from '../pipeline/files/index.ts';

/** File formats. `json` is one array, `jsonl` is JSON Lines. */
export const exportFormats = [
  'csv',
  'json',
  'jsonl',
  'parquet',
  'sqlite',
  'arrow',
] as const satisfies readonly FileFormat[];
export type ExportFormat = (typeof exportFormats)[number];

/** `gzip` and `zstd` for text formats, `zstd`, `snappy` and `none` inside Parquet, `none` for the others. */
export const compressions = ['none', 'gzip', 'zstd', 'snappy'] as const satisfies readonly FileCompression[];
export type Compression = (typeof compressions)[number];

/** Rows that one plan writes. */
export interface TablePart {
  readonly rows: number;
  /** Its columns are those of the table's schema. */
  readonly frame: LazyDataFrame;
}

/** A table to write. */
export interface ExportedTable {
  /** Table name in SQLite, and part of the file name when there are several. */
  readonly name: string;
  readonly schema: arrow.Schema;
  /** Rows that will come, where that is known: for progress. */
  readonly rowEstimate?: number | undefined;
  /** Opens it: its rows in order, in parts of about `partRows`. A part is written before the next one is asked for. */
  readonly parts: (partRows: number, signal: AbortSignal) => AsyncIterable<TablePart>;
  /** What a plan of it failed with, in our words. */
  readonly explain?: (error: unknown) => unknown;
}

/** What an export is doing now. */
export interface ExportProgress {
  readonly table: string;
  /** Rows of all tables so far, and of the whole export where known. */
  readonly rows: number;
  readonly totalRows: number | null;
  readonly rowsPerSecond: number;
  /** Seconds left at the present rate; null while the total is not known. */
  readonly etaSeconds: number | null;
}

/** What an export wrote. */
export interface ExportStats {
  readonly rows: number;
  readonly bytes: number;
  readonly ms: number;
  readonly rowsPerSecond: number;
  readonly tables: Readonly<Record<string, { readonly rows: number; readonly path: string }>>;
  /** What a user should know about how the files took their places; one sentence each. */
  readonly notes: readonly string[];
}

/** A file export. */
export interface WriteTablesRequest {
  readonly tables: readonly ExportedTable[];
  readonly format: ExportFormat;
  /**
   * Where to. One table is written to exactly this path. Several are written beside it with the table
   * before the suffix (`data.memory.csv`), except SQLite, which holds them all; a path that ends in `/`
   * or is a folder gets `<table>.<suffix>`. Links are followed. Into a pipe, a character device, a descriptor
   * (`/dev/stdout`) or standard output (`-`) the bytes are streamed.
   */
  readonly path: string;
  /** False where descriptors of the one who asks are not those of this process. @default true */
  readonly hasDescriptors?: boolean | undefined;
  /** Called when a named pipe has no reader yet. */
  readonly onWait?: (() => void) | undefined;
  /** @default 'zstd' for parquet, 'none' for all others */
  readonly compression?: Compression | undefined;
  /** See `ExportConfig`. @default false */
  readonly excel?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ExportProgress) => void) | undefined;
}
