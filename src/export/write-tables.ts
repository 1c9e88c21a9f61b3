// Writes tables to files of one format: in a staging folder beside the target, placed when whole, so
// that nobody ever sees a part of a file. Cancelled, nothing is left; killed, a later run goes on. Into a
// pipe or a device the bytes go as they come (stream-table.ts).
import { open, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { copyToSink, isRefusal, isStream, openSink, placeFile } from '../files/index.ts';
import type { ByteSink } from '../files/index.ts';
import { createFileFormat, createTableFormat } from './chunk-formats.ts';
import type { FileFormat } from './chunk-formats.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { createEncodePool } from './encode-pool.ts';
import type { EncodePool } from './encode-pool.ts';
import { partlyPlacedError, writeError } from './errors.ts';
import type { ExportFormat, ExportStats, TableSource, WriteTablesRequest } from './file-contract.ts';
import { planTargets, uniqueTargets } from './plan-targets.ts';
import type { ExportTarget } from './plan-targets.ts';
import { ProgressMeter } from './progress-meter.ts';
import { pumpTable } from './pump-table.ts';
import { isBinaryFormat, streamTable } from './stream-table.ts';
import {
  claimStaging,
  makeDistantStaging,
  beginStaging,
  locateStaging,
  readStaging,
  saveStaging,
} from './staging.ts';
import type { StagingClaim, StagingState, TableProgress } from './staging.ts';
import { createFileSink } from './table-writer.ts';
import type { TableWriter, WriterStart } from './table-writer.ts';

/**
 * What an interrupted run of the same export left behind as `secretState`; null when there is none.
 * @param fingerprint as in WriteTablesRequest
 */
export async function readInterrupted(path: string, fingerprint: string): Promise<string | null> {
  const folder = await locateStaging(path);
  return folder === null ? null : ((await readStaging(folder, fingerprint))?.secretState ?? null);
}

/**
 * Writes all tables.
 * @throws RuvectorError `ERR_EXPORT_WRITE`, `ERR_EXPORT_BUSY`, `ERR_FILES_*`; the signal's reason when aborted; then
 *   nothing is left, except files named in `details.placed` when a later one could not take its place, and what a
 *   pipe or a device has taken
 */
export async function writeTables(request: WriteTablesRequest): Promise<ExportStats> {
  const startMs = performance.now();
  try {
    const targets = await planTargets(request);
    const stats = await writeTargets(request, targets);
    return { ...stats, ...ratesOf(stats.rows - stats.resumedRows, performance.now() - startMs) };
  } catch (error) {
    throw request.signal?.aborted ? request.signal.reason : writeError(request.path, error);
  }
}

async function writeTargets(
  request: WriteTablesRequest,
  targets: readonly ExportTarget[],
): Promise<WrittenTables> {
  await using pool = createEncodePool(threadsFor(request.format));
  const isOneFile = uniqueTargets(targets).length === 1;
  // A database is seeked in while it is made: it is finished in a file first.
  if (isOneFile && request.format !== 'sqlite' && isStream(targets[0]!.destination)) {
    // Awaited here: the pool must live until it is done.
    return await streamTable(request, targets[0]!, pool);
  }
  const { folder, claim } = await claimFolder(request, targets);
  try {
    const run = new WritingRun(request, folder, targets, pool);
    await run.begin();
    const stats = await run.write();
    await claim.remove();
    return stats;
  } catch (error) {
    await claim.discard().catch(() => undefined);
    throw error;
  }
}

/** A folder beside the target; elsewhere where that folder takes no other file than those that are there. */
async function claimFolder(
  { path, hasDescriptors }: WriteTablesRequest,
  targets: readonly ExportTarget[],
): Promise<{ folder: string; claim: StagingClaim }> {
  const folder = await locateStaging(path, { hasDescriptors });
  try {
    if (folder !== null) return { folder, claim: await claimStaging(folder, path) };
  } catch (error) {
    if (!isRefusal(error) || targets.some(({ destination }) => destination.kind === 'new')) throw error;
  }
  const distant = await makeDistantStaging();
  return { folder: distant, claim: await claimStaging(distant, path) };
}

/** What a run wrote, without how long it took. */
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
  readonly #targets: readonly ExportTarget[];
  readonly #pool: EncodePool;
  readonly #meter: ProgressMeter;
  #state: StagingState;
  #resumedRows = 0;
  /** Targets that are no files: opened before the work begins. */
  readonly #sinks = new Map<string, ByteSink>();

  constructor(
    request: WriteTablesRequest,
    folder: string,
    targets: readonly ExportTarget[],
    pool: EncodePool,
  ) {
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
    else await beginStaging(this.#folder, this.#state);
    const { signal, onWait, format, compression } = this.#request;
    const isBinary = isBinaryFormat(format, compression);
    for (const { name, destination } of uniqueTargets(this.#targets)) {
      if (!isStream(destination)) continue;
      this.#sinks.set(name, await openSink(destination, { signal, onWait, isBinary }));
    }
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
    const { bytes, notes } = await this.#placeFiles();
    const tables = this.#targets.map(({ table, path }, at) => [table.name, { rows: rows[at]!, path }]);
    return {
      rows: rows.reduce((sum, count) => sum + count, 0),
      bytes,
      tables: Object.fromEntries(tables) as ExportStats['tables'],
      resumedRows: this.#resumedRows,
      notes,
    };
  }

  /** Each file takes its place whole; what keeps a later one from it names the ones that did. */
  async #placeFiles(): Promise<Pick<ExportStats, 'bytes' | 'notes'>> {
    const placed: string[] = [];
    const notes: string[] = [];
    let bytes = 0;
    for (const target of uniqueTargets(this.#targets)) {
      bytes += (await stat(join(this.#folder, target.name))).size;
      const said = await this.#place(target).catch((cause: unknown) => {
        throw placed.length > 0 ? partlyPlacedError(target.path, placed, cause) : cause;
      });
      notes.push(...said);
      placed.push(target.path);
    }
    return { bytes, notes };
  }

  async #place({ name, destination }: ExportTarget): Promise<string[]> {
    const file = join(this.#folder, name);
    const sink = this.#sinks.get(name);
    if (!sink) return placeFile(file, destination);
    await copyToSink(file, sink);
    await sink.close();
    return [];
  }

  async #writeFiles(): Promise<number[]> {
    const rows: number[] = [];
    for (const target of this.#targets) rows.push(await this.#writeFile(target));
    return rows;
  }

  async #writeFile({ table, name }: ExportTarget): Promise<number> {
    const start = this.#startOf(table.name);
    if (start.isDone) return start.rows;
    const path = join(this.#folder, name);
    const handle = await open(path, start.rows > 0 ? 'a' : 'w', 0o644);
    // What came after the last checkpoint counts for nothing.
    if (start.rows > 0) await handle.truncate(start.bytes);
    const { format, compression } = this.#request;
    const out = createFileSink(handle);
    const options = { out, isStream: false, schema: table.schema, start, pool: this.#pool, compression };
    const file = createFileFormat(format as FileFormat, options);
    return this.#pump(table, new ChunkWriter(file, start), start.rows);
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
    const rows = await pumpTable(table, writer, skipRows, this.#meter, {
      signal: this.#request.signal,
      onCheckpoint: (start) => this.#note(table.name, start, false),
    });
    await this.#note(table.name, { rows, bytes: 0 }, true);
    return rows;
  }

  async #note(table: string, start: WriterStart, isDone: boolean): Promise<void> {
    this.#state = { ...this.#state, tables: { ...this.#state.tables, [table]: { ...start, isDone } } };
    await saveStaging(this.#folder, this.#state);
  }
}
