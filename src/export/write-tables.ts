// Writes tables to files of one format: plans write parts in a staging folder beside the target, the parts become
// files there, and those take their places when they are whole, so that nobody ever sees a part of a file. Cancelled or
// failed, nothing is left. Into a pipe or a device the bytes go part by part.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { copyToSink, isStream, openSink, placeFile } from '../files/index.ts';
import type { ByteSink } from '../files/index.ts';
import {
  SqliteThread,
  claimStaging,
  createJoinedFile,
  createPartWriter,
  isBinaryFile,
  partRowsOf,
  runPlan,
} from '../pipeline/files/index.ts';
import type { PartJoiner, PartWriter, StagingClaim } from '../pipeline/files/index.ts';
import { buildFrame } from './batch-table.ts';
import { exportBusyError, partlyPlacedError, streamError, writeError } from './errors.ts';
import type { ExportStats, ExportedTable, WriteTablesRequest } from './file-contract.ts';
import { planTargets, uniqueTargets } from './plan-targets.ts';
import type { ExportTarget } from './plan-targets.ts';
import { ProgressMeter } from './progress-meter.ts';

/**
 * Writes all tables.
 * @throws RuvectorError `ERR_EXPORT_WRITE`, `ERR_EXPORT_BUSY`, `ERR_FILES_*`; the signal's reason when aborted, at
 *   once; then nothing is left, except files named in `details.placed` when a later one could not take its place, and
 *   what a pipe or a device has taken
 */
export async function writeTables(request: WriteTablesRequest): Promise<ExportStats> {
  const startMs = performance.now();
  const { path, signal } = request;
  try {
    signal?.throwIfAborted();
    const targets = await planTargets(request);
    const stats = await writeTargets(request, targets);
    const ms = performance.now() - startMs;
    return { ...stats, ms, rowsPerSecond: ms > 0 ? (stats.rows / ms) * 1000 : 0 };
  } catch (error) {
    throw signal?.aborted ? signal.reason : writeError(path, error);
  }
}

/** What a run wrote, without how long it took. */
type WrittenTables = Omit<ExportStats, 'ms' | 'rowsPerSecond'>;

async function writeTargets(
  request: WriteTablesRequest,
  targets: readonly ExportTarget[],
): Promise<WrittenTables> {
  const { path, hasDescriptors, signal } = request;
  const busyError = (pid: number | null): Error => exportBusyError(path, pid);
  const destinations = targets.map(({ destination }) => destination);
  const claim = await claimStaging(path, { hasDescriptors, destinations, busyError });
  const run = new WritingRun(request, claim, targets);
  const writing = run.write();
  try {
    const stats = await untilAborted(writing, run, signal);
    await run.close();
    await claim.remove();
    return stats;
  } catch (error) {
    await claim.discard().catch(() => undefined);
    // A plan that still runs writes into files that have no name any more; what it used is closed when it is done.
    const closed = writing.catch(() => undefined).then(() => run.close());
    if (!signal?.aborted) await closed;
    throw error;
  }
}

/** Does not wait for what cannot be stopped. Files that take their places are not left half-way. */
async function untilAborted<T>(
  work: Promise<T>,
  run: WritingRun,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (!signal) return work;
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => {
    if (!run.isPlacing) aborted.reject(signal.reason as Error);
  };
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

class WritingRun {
  readonly #request: WriteTablesRequest;
  readonly #folder: string;
  readonly #targets: readonly ExportTarget[];
  readonly #meter: ProgressMeter;
  readonly #signal: AbortSignal;
  /** Targets that are no files: opened before the work begins. */
  readonly #sinks = new Map<string, ByteSink>();
  readonly #closing: (() => Promise<void>)[] = [];
  /** From then on an abort comes too late. */
  isPlacing = false;
  #parts = 0;
  #streamedBytes = 0;

  constructor(request: WriteTablesRequest, { folder }: StagingClaim, targets: readonly ExportTarget[]) {
    this.#request = request;
    this.#folder = folder;
    this.#targets = targets;
    this.#meter = new ProgressMeter(request);
    this.#signal = request.signal ?? new AbortController().signal;
  }

  async write(): Promise<WrittenTables> {
    await this.#openSinks();
    const rows = this.#request.format === 'sqlite' ? await this.#writeDatabase() : await this.#writeFiles();
    this.#signal.throwIfAborted();
    this.isPlacing = true;
    const { bytes, notes } = await this.#placeFiles();
    const tables = this.#targets.map(({ table, path }, at) => [table.name, { rows: rows[at]!, path }]);
    return {
      rows: rows.reduce((sum, count) => sum + count, 0),
      bytes: bytes + this.#streamedBytes,
      tables: Object.fromEntries(tables) as ExportStats['tables'],
      notes,
    };
  }

  /** Frees what it holds; it must have ended. */
  async close(): Promise<void> {
    for (const close of this.#closing) await close().catch(() => undefined);
  }

  async #openSinks(): Promise<void> {
    const { onWait } = this.#request;
    for (const { name, destination } of uniqueTargets(this.#targets)) {
      if (!isStream(destination)) continue;
      const isBinary = isBinaryFile(this.#request);
      const sink = await openSink(destination, { signal: this.#signal, onWait, isBinary });
      this.#sinks.set(name, sink);
      this.#closing.push(() => sink.close());
    }
  }

  async #writeFiles(): Promise<number[]> {
    const rows: number[] = [];
    for (const target of this.#targets) {
      const sink = this.#sinks.get(target.name);
      rows.push(await (sink ? this.#writeStream(target, sink) : this.#writeFile(target)));
    }
    return rows;
  }

  async #writeFile({ table, name }: ExportTarget): Promise<number> {
    const writer = createPartWriter(this.#request, table.schema);
    const start = { schema: table.schema, writer };
    const file = createJoinedFile(this.#request, { path: join(this.#folder, name) }, start);
    this.#closing.push(() => file.close());
    return this.#writeParts(table, writer, file, false);
  }

  async #writeStream({ table, path }: ExportTarget, sink: ByteSink): Promise<number> {
    const writer = createPartWriter(this.#request, table.schema);
    const start = { schema: table.schema, writer };
    const file = createJoinedFile(this.#request, { sink: withoutClose(sink) }, start);
    try {
      const rows = await this.#writeParts(table, writer, file, true);
      this.#streamedBytes += file.bytes;
      return rows;
    } catch (error) {
      throw streamError(path, error);
    }
  }

  /** A database is seeked in while it is made: it is finished in a file first, wherever it goes. */
  async #writeDatabase(): Promise<number[]> {
    const thread = new SqliteThread(join(this.#folder, this.#targets[0]!.name));
    this.#closing.push(async () => thread[Symbol.asyncDispose]());
    const rows: number[] = [];
    for (const { table } of this.#targets) {
      const writer = createPartWriter(this.#request, table.schema);
      const joiner = await thread.startTable(table.name, table.schema);
      rows.push(await this.#writeParts(table, writer, joiner, false));
    }
    await thread.finish();
    return rows;
  }

  /** One plan writes a part while the part before is joined to the file. */
  async #writeParts(
    table: ExportedTable,
    writer: PartWriter,
    file: PartJoiner,
    isStreamed: boolean,
  ): Promise<number> {
    const partRows = partRowsOf(this.#request, isStreamed);
    const { format, compression = 'none' } = this.#request;
    const hasLines = compression === 'none' && (format === 'csv' || format === 'json' || format === 'jsonl');
    let [rows, part] = [0, 0];
    let rowBytes: number | undefined;
    let joining = Promise.resolve();
    for await (const { frame, rows: added } of withOne(table, partRows, this.#signal)) {
      const path = join(this.#folder, `part-${this.#parts++}`);
      const plan = await writer.write(frame, path, part++);
      const unwatch = this.#meter.watch(table.name, { path, rows: added, rowBytes, hasLines });
      await runPlan(plan, this.#signal, table.explain).finally(unwatch);
      if (added > 0) rowBytes = (await stat(path)).size / added;
      await joining;
      this.#signal.throwIfAborted();
      joining = file.append(path);
      // Heard when it is awaited next.
      joining.catch(() => undefined);
      rows += added;
      this.#meter.add(table.name, added);
    }
    await joining;
    this.#signal.throwIfAborted();
    await file.finish();
    return rows;
  }

  /** Each file takes its place whole; what keeps a later one from it names the ones that did. */
  async #placeFiles(): Promise<Pick<ExportStats, 'bytes' | 'notes'>> {
    const placed: string[] = [];
    const notes: string[] = [];
    let bytes = 0;
    for (const target of uniqueTargets(this.#targets)) {
      if (this.#request.format !== 'sqlite' && this.#sinks.has(target.name)) continue;
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
    return [];
  }
}

/** The run closes it, once. */
const withoutClose = (sink: ByteSink): ByteSink => ({
  write: (bytes) => sink.write(bytes),
  sync: () => sink.sync(),
  close: async () => {},
});

/** Parts of a table, one without rows where it has none: a file has its columns all the same. */
async function* withOne(table: ExportedTable, partRows: number, signal: AbortSignal) {
  let isEmpty = true;
  for await (const part of table.parts(partRows, signal)) {
    isEmpty = false;
    yield part;
  }
  if (!isEmpty) return;
  yield { rows: 0, frame: await buildFrame(table.schema, []) };
}
