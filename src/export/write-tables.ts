// Writes tables to files of one format: in a staging folder beside the target, renamed when whole, so
// that nobody ever sees a part of a file. Cancelled, nothing is left; killed, a later run goes on.
import { open, rename, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { partlyPlacedError, writeError } from './errors.ts';
import { ProgressMeter } from './progress-meter.ts';
import type { ExportFormat, ExportStats, TableSource, WriteTablesRequest } from './file-contract.ts';
import { planTargets, uniqueTargets } from './plan-targets.ts';
import type { Target } from './plan-targets.ts';
import { claimStaging, createStaging, locateStaging, readStaging, saveStaging } from './staging.ts';
import type { StagingState, TableProgress } from './staging.ts';
import type { TableWriter, WriterStart } from './table-writer.ts';
import {
  createArrowFormat,
  createParquetFormat,
  createTableFormat,
  createTextFormat,
} from './chunk-formats.ts';
import type { FileFormatOptions } from './chunk-formats.ts';
import { ChunkWriter } from './chunk-writer.ts';
import type { ChunkFormat } from './chunk-writer.ts';
import { createEncodePool } from './encode-pool.ts';
import type { EncodePool } from './encode-pool.ts';

/** Time between two checkpoints. */
const CHECKPOINT_MS = 1000;

/**
 * What an interrupted run of the same export left behind as `secretState`; null when there is none.
 * @param fingerprint as in WriteTablesRequest
 */
export async function readInterrupted(path: string, fingerprint: string): Promise<string | null> {
  return (await readStaging(await locateStaging(path), fingerprint))?.secretState ?? null;
}

/**
 * Writes all tables.
 * @throws RuvectorError `ERR_EXPORT_WRITE`, `ERR_EXPORT_BUSY`; the signal's reason when aborted; then nothing is
 *   left, except files named in `details.placed` when a later one could not take its place
 */
export async function writeTables(request: WriteTablesRequest): Promise<ExportStats> {
  const startMs = performance.now();
  try {
    const targets = await planTargets(request);
    const folder = await locateStaging(request.path);
    const claim = await claimStaging(folder, request.path);
    try {
      const stats = await stageTables(request, folder, targets);
      await claim.remove();
      return { ...stats, ...ratesOf(stats.rows - stats.resumedRows, performance.now() - startMs) };
    } catch (error) {
      await claim.discard().catch(() => undefined);
      throw error;
    }
  } catch (error) {
    throw request.signal?.aborted ? request.signal.reason : writeError(request.path, error);
  }
}

async function stageTables(
  request: WriteTablesRequest,
  folder: string,
  targets: readonly Target[],
): Promise<WrittenTables> {
  await using pool = createEncodePool(threadsFor(request.format));
  const run = new WritingRun(request, folder, targets, pool);
  await run.begin();
  return await run.write();
}

type WrittenTables = Omit<ExportStats, 'ms' | 'rowsPerSecond'>;

function ratesOf(rows: number, ms: number): Pick<ExportStats, 'ms' | 'rowsPerSecond'> {
  return { ms, rowsPerSecond: ms > 0 ? (rows / ms) * 1000 : 0 };
}

/**
 * Arrow is encoded here: it costs next to nothing. A database takes one writer, and for Parquet Polars
 * uses every core by itself; a second thread would only load it twice.
 */
function threadsFor(format: ExportFormat): number {
  if (format === 'arrow') return 0;
  return format === 'sqlite' || format === 'parquet' ? 1 : Math.min(MAX_THREADS, availableParallelism());
}

const MAX_THREADS = 2;

class WritingRun {
  readonly #request: WriteTablesRequest;
  readonly #folder: string;
  readonly #targets: readonly Target[];
  readonly #pool: EncodePool;
  readonly #meter: ProgressMeter;
  #state: StagingState;
  #resumedRows = 0;

  constructor(request: WriteTablesRequest, folder: string, targets: readonly Target[], pool: EncodePool) {
    this.#request = request;
    this.#folder = folder;
    this.#targets = targets;
    this.#pool = pool;
    this.#meter = new ProgressMeter(request);
    this.#state = { fingerprint: request.fingerprint, secretState: request.secretState, tables: {} };
  }

  /** Takes up what an interrupted run left, or starts anew. */
  async begin(): Promise<void> {
    const { resume = false, fingerprint } = this.#request;
    const left = resume ? await readStaging(this.#folder, fingerprint) : null;
    if (left) this.#state = { ...left, tables: await this.#keepWhole(left.tables) };
    else await createStaging(this.#folder, this.#state);
  }

  /** Leaves out tables whose file is not what was noted: renamed already, or cut short by a power loss. */
  async #keepWhole(tables: StagingState['tables']): Promise<StagingState['tables']> {
    const kept: Record<string, TableProgress> = {};
    for (const { table, name } of this.#targets) {
      const progress = tables[table.name];
      const found = await stat(join(this.#folder, name)).catch(() => null);
      if (progress && found && found.size >= progress.bytes) kept[table.name] = progress;
    }
    return kept;
  }

  async write(): Promise<WrittenTables> {
    const rows = this.#request.format === 'sqlite' ? await this.#writeDatabase() : await this.#writeFiles();
    this.#request.signal?.throwIfAborted();
    await this.#placeFiles();
    const paths = [...new Set(this.#targets.map(({ path }) => path))];
    const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
    const tables = this.#targets.map(({ table, path }, at) => [table.name, { rows: rows[at]!, path }]);
    return {
      rows: rows.reduce((sum, count) => sum + count, 0),
      bytes: sizes.reduce((sum, size) => sum + size, 0),
      tables: Object.fromEntries(tables) as ExportStats['tables'],
      resumedRows: this.#resumedRows,
    };
  }

  /** Each file takes its place whole; what keeps a later one from it names the ones that did. */
  async #placeFiles(): Promise<void> {
    const placed: string[] = [];
    for (const { name, path } of uniqueTargets(this.#targets)) {
      await rename(join(this.#folder, name), path).catch((cause: unknown) => {
        throw placed.length > 0 ? partlyPlacedError(path, placed, cause) : cause;
      });
      placed.push(path);
    }
  }

  async #writeFiles(): Promise<number[]> {
    const rows: number[] = [];
    for (const target of this.#targets) rows.push(await this.#writeFile(target));
    return rows;
  }

  async #writeFile({ table, name }: Target): Promise<number> {
    const start = this.#startOf(table.name);
    if (start.isDone) return start.rows;
    const path = join(this.#folder, name);
    const handle = await open(path, start.rows > 0 ? 'a' : 'w', 0o644);
    // What came after the last checkpoint counts for nothing.
    if (start.rows > 0) await handle.truncate(start.bytes);
    const { format, compression = format === 'parquet' ? 'zstd' : 'none' } = this.#request;
    const options = { handle, schema: table.schema, start, pool: this.#pool, compression };
    return this.#pump(table, new ChunkWriter(createFileFormat(format, options), start), start.rows);
  }

  async #writeDatabase(): Promise<number[]> {
    const rows: number[] = [];
    await this.#pool.run({ kind: 'database-open', path: join(this.#folder, this.#targets[0]!.name) });
    let isWhole = false;
    try {
      for (const { table } of this.#targets) {
        const start = this.#startOf(table.name);
        const file = createTableFormat(this.#pool, table.name, table.schema, start);
        if (!start.isDone) await file.open();
        rows.push(
          start.isDone
            ? start.rows
            : await this.#pump(table, new ChunkWriter(file.format, start), start.rows),
        );
      }
      isWhole = true;
      return rows;
    } finally {
      await this.#pool.run({ kind: 'database-close', isWhole });
    }
  }

  #startOf(table: string): TableProgress {
    const start = this.#state.tables[table] ?? { rows: 0, bytes: 0, isDone: false };
    this.#resumedRows += start.rows;
    this.#meter.resume(start.rows);
    return start;
  }

  async #pump(table: TableSource, writer: TableWriter, skipRows: number): Promise<number> {
    const signal = this.#request.signal ?? new AbortController().signal;
    let rows = skipRows;
    let savedMs = performance.now();
    try {
      for await (const batch of table.open(skipRows, signal)) {
        signal.throwIfAborted();
        await writer.write(batch);
        rows += batch.numRows;
        this.#meter.add(table.name, batch.numRows);
        if (performance.now() - savedMs < CHECKPOINT_MS) continue;
        await this.#note(table.name, await writer.checkpoint(), false);
        savedMs = performance.now();
      }
      signal.throwIfAborted();
      await writer.finish();
    } catch (error) {
      await writer.abort();
      throw error;
    }
    await this.#note(table.name, { rows, bytes: 0 }, true);
    return rows;
  }

  async #note(table: string, start: WriterStart, isDone: boolean): Promise<void> {
    this.#state = { ...this.#state, tables: { ...this.#state.tables, [table]: { ...start, isDone } } };
    await saveStaging(this.#folder, this.#state);
  }
}

function createFileFormat(format: ExportFormat, options: FileFormatOptions): ChunkFormat {
  if (format === 'parquet') return createParquetFormat(options);
  if (format === 'arrow') return createArrowFormat(options);
  return createTextFormat(format as 'csv' | 'json' | 'jsonl', options);
}
