// The contract of a file export: tables in, one file a table (or one SQLite database) out. No code.
import type { BatchSource } from '../core/index.ts';

/** File formats. `json` is one array, `jsonl` is JSON Lines. */
export const exportFormats = ['csv', 'json', 'jsonl', 'parquet', 'sqlite', 'arrow'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** `gzip` and `zstd` for text formats, `zstd`, `snappy` and `none` inside Parquet, `none` for the others. */
export const compressions = ['none', 'gzip', 'zstd', 'snappy'] as const;
export type Compression = (typeof compressions)[number];

/** A table to write. */
export interface TableSource extends BatchSource {
  /** Table name in SQLite, and part of the file name when there are several. */
  readonly name: string;
  /** Rows that will come, where that is known: for progress. */
  readonly rowEstimate?: number | undefined;
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
  /** Rows that an earlier, interrupted run had written already; they count in `rows`. */
  readonly resumedRows: number;
  /** What a user should know about how the files took their places; one sentence each. */
  readonly notes: readonly string[];
}

/** A file export. */
export interface WriteTablesRequest {
  readonly tables: readonly TableSource[];
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
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ExportProgress) => void) | undefined;
  /** Go on where an interrupted run of the same export stopped, if there is one. @default false */
  readonly resume?: boolean | undefined;
  /** Decides which interrupted run is the same export: everything that decides its rows. */
  readonly fingerprint: string;
  /** Kept (mode 0600) with an interrupted run and deleted with it: the anonymiser's key and plan. */
  readonly secretState?: string | undefined;
}
