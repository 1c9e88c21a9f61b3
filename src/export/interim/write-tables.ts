// Writes tables to files of one format: in a staging folder beside the target, renamed when whole, so
// that nobody ever sees a part of a file. Cancelled, nothing is left; killed, a later run goes on.
import { mkdir, open, rename, rm, stat, truncate } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { writeError } from '../errors.ts';
import { ProgressMeter } from './progress-meter.ts';
import type { ExportFormat, ExportStats, TableSource, WriteTablesRequest } from '../file-contract.ts';
import { suffixOf } from '../file-target.ts';
import { createStaging, readStaging, saveStaging, stagingFolder } from './staging.ts';
import type { StagingState, TableProgress } from './staging.ts';
import type { TableWriter } from './table-writer.ts';
import { createArrowWriter } from './write-arrow.ts';
import { createParquetWriter } from './write-parquet.ts';
import { createDatabaseWriter } from './write-sqlite.ts';
import { createTextWriter } from './write-text.ts';

/** Time between two checkpoints. */
const CHECKPOINT_MS = 1000;

/**
 * What an interrupted run of the same export left behind as `secretState`; null when there is none.
 * @param fingerprint as in WriteTablesRequest
 */
export async function readInterrupted(path: string, fingerprint: string): Promise<string | null> {
  return (await readStaging(stagingFolder(path), fingerprint))?.secretState ?? null;
}

/**
 * Writes all tables.
 * @throws RuvectorError `ERR_EXPORT_WRITE`; the signal's reason when aborted; then nothing is left
 */
export async function writeTables(request: WriteTablesRequest): Promise<ExportStats> {
  const folder = stagingFolder(request.path);
  const startMs = performance.now();
  try {
    const run = new WritingRun(request, folder, await planTargets(request));
    await run.begin();
    const stats = await run.write();
    return { ...stats, ...ratesOf(stats.rows - stats.resumedRows, performance.now() - startMs) };
  } catch (error) {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    throw request.signal?.aborted ? error : writeError(request.path, error);
  }
}

function ratesOf(rows: number, ms: number): Pick<ExportStats, 'ms' | 'rowsPerSecond'> {
  return { ms, rowsPerSecond: ms > 0 ? (rows / ms) * 1000 : 0 };
}

interface Target {
  readonly table: TableSource;
  /** Name inside the staging folder. */
  readonly name: string;
  readonly path: string;
}

async function planTargets({ tables, format, path, compression }: WriteTablesRequest): Promise<Target[]> {
  const isFolder = path.endsWith('/') || (await isDirectory(path));
  const folderName = (table: string): string => `${table}.${suffixOf({ format, compression })}`;
  return tables.map((table) => {
    if (format === 'sqlite') {
      const whole = isFolder ? join(path, 'export.sqlite') : path;
      return { table, name: 'tables.sqlite', path: whole };
    }
    const target = isFolder
      ? join(path, folderName(table.name))
      : tables.length === 1
        ? path
        : insertName(path, table.name);
    return { table, name: `table-${table.name}`, path: target };
  });
}

/** `data.csv.gz` → `data.memory.csv.gz`. */
function insertName(path: string, table: string): string {
  const packed = /\.(gz|zst)$/i.exec(path)?.[0] ?? '';
  const plain = path.slice(0, path.length - packed.length);
  const suffix = extname(plain);
  return join(dirname(path), `${basename(plain, suffix)}.${table}${suffix}${packed}`);
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

class WritingRun {
  readonly #request: WriteTablesRequest;
  readonly #folder: string;
  readonly #targets: readonly Target[];
  readonly #meter: ProgressMeter;
  #state: StagingState;
  #resumedRows = 0;

  constructor(request: WriteTablesRequest, folder: string, targets: readonly Target[]) {
    this.#request = request;
    this.#folder = folder;
    this.#targets = targets;
    this.#meter = new ProgressMeter(request);
    this.#state = { fingerprint: request.fingerprint, secretState: request.secretState, tables: {} };
  }

  /** Takes up what an interrupted run left, or starts anew. */
  async begin(): Promise<void> {
    const { resume = false, fingerprint, format } = this.#request;
    // A database is one file of all tables, written without a journal: only whole or not at all.
    const left = resume && format !== 'sqlite' ? await readStaging(this.#folder, fingerprint) : null;
    if (left) this.#state = left;
    else await createStaging(this.#folder, this.#state);
  }

  async write(): Promise<Omit<ExportStats, 'ms' | 'rowsPerSecond'>> {
    const { format } = this.#request;
    const rows = format === 'sqlite' ? await this.#writeDatabase() : await this.#writeFiles();
    const paths = [...new Set(this.#targets.map(({ path }) => path))];
    for (const { name, path } of uniqueTargets(this.#targets)) {
      await mkdir(dirname(path), { recursive: true });
      await rename(join(this.#folder, name), path);
    }
    await rm(this.#folder, { recursive: true, force: true });
    const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
    const tables = this.#targets.map(({ table, path }, at) => [table.name, { rows: rows[at]!, path }]);
    return {
      rows: rows.reduce((sum, count) => sum + count, 0),
      bytes: sizes.reduce((sum, size) => sum + size, 0),
      tables: Object.fromEntries(tables) as ExportStats['tables'],
      resumedRows: this.#resumedRows,
    };
  }

  async #writeFiles(): Promise<number[]> {
    const rows: number[] = [];
    for (const target of this.#targets) rows.push(await this.#writeFile(target));
    return rows;
  }

  async #writeFile({ table, name }: Target): Promise<number> {
    const { format, compression = defaultCompression(format) } = this.#request;
    const left = this.#state.tables[table.name];
    const path = join(this.#folder, name);
    const start = await continueAt(path, left, format);
    this.#resumedRows += start.rows;
    if (left?.isDone) return start.rows;
    const file = await open(path, start.bytes > 0 ? 'a' : 'w', 0o644);
    const writer =
      format === 'parquet'
        ? createParquetWriter(file, table.schema, compression)
        : format === 'arrow'
          ? createArrowWriter(file, table.schema)
          : createTextWriter(file, table.schema, format, compression, start);
    const rows = await this.#pump(table, writer, start.rows);
    await this.#note(table.name, { rows, bytes: (await stat(path)).size, isDone: true });
    return rows;
  }

  async #writeDatabase(): Promise<number[]> {
    const database = createDatabaseWriter(join(this.#folder, 'tables.sqlite'));
    try {
      const rows: number[] = [];
      for (const { table } of this.#targets) {
        rows.push(await this.#pump(table, database.openTable(table.name, table.schema), 0));
      }
      return rows;
    } finally {
      database.close();
    }
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
        if (!writer.checkpoint || performance.now() - savedMs < CHECKPOINT_MS) continue;
        await this.#note(table.name, { rows, ...(await writer.checkpoint()), isDone: false });
        savedMs = performance.now();
      }
      signal.throwIfAborted();
      await writer.finish();
      return rows;
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  async #note(table: string, progress: TableProgress): Promise<void> {
    this.#state = { ...this.#state, tables: { ...this.#state.tables, [table]: progress } };
    await saveStaging(this.#folder, this.#state);
  }
}

function uniqueTargets(targets: readonly Target[]): Target[] {
  return targets.filter(({ name }, at) => targets.findIndex((other) => other.name === name) === at);
}

function defaultCompression(format: ExportFormat): 'zstd' | 'none' {
  return format === 'parquet' ? 'zstd' : 'none';
}

/** Cuts what came after the last checkpoint; formats with a footer start their table anew. */
async function continueAt(
  path: string,
  left: TableProgress | undefined,
  format: ExportFormat,
): Promise<{ rows: number; bytes: number }> {
  const canGoOn = left !== undefined && (left.isDone || format === 'csv' || format.startsWith('json'));
  if (!canGoOn) return { rows: 0, bytes: 0 };
  const { rows, bytes } = left;
  if (!left.isDone) await truncate(path, bytes);
  return { rows, bytes };
}
