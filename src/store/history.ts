// The rolling history of a host: append now, durable within a second, sealed in Parquet within the
// hour, removed by age and size. One writer a directory, any number of readers.
//
//   <directory>/lock.db, lock.json              lock.ts
//   <directory>/<kind>-<generation>.wal         wal-layout.ts
//   <directory>/segments/<kind>/*.parquet       segment-layout.ts
//   *.corrupt-<ms>                              damaged files, kept for the user to look at
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type * as arrow from 'apache-arrow';
import type { LazyDataFrame } from 'nodejs-polars';
import { RuvectorError, recordKinds, rowsOf, systemClock } from '../core/index.ts';
import type {
  AnyRow,
  Clock,
  MemorySnapshot,
  OptimizationEvent,
  ProcessRecord,
  RecordKind,
} from '../core/index.ts';
import { syncDirectory } from './durable-file.ts';
import { toStoreError } from './errors.ts';
import { KindLog } from './kind-log.ts';
import type { KindLogLimits } from './kind-log.ts';
import { buildLazyFrame } from './lazy-frame.ts';
import { acquireLock } from './lock.ts';
import type { DirectoryLock } from './lock.ts';
import { openKind } from './open-kind.ts';
import type { OpenedKind } from './open-kind.ts';
import { buildRowsSource, queryBatches } from './query.ts';
import type { QueryOptions, QuerySource, TimeRange } from './query.ts';
import { selectExpired } from './retention.ts';
import { readSegment, removeSegment } from './segment-files.ts';
import { buildKindStats } from './stats.ts';
import type { HistoryStats } from './stats.ts';
import type { Recovered } from './wal-file.ts';

/** The rows a history holds, by kind. */
export interface HistoryRows {
  memory: MemorySnapshot;
  process: ProcessRecord;
  optimization: OptimizationEvent;
}

/** A record kind a history stores. */
export type HistoryKind = keyof HistoryRows;

/** Options of {@link openHistory}. */
export interface HistoryOptions {
  /** Opens without the lock and never writes; sees what was on disk when it was opened. @default false */
  readonly readOnly?: boolean;
  /** Longest time a row waits in memory before it is written and synced. @default 500 */
  readonly flushAfterMs?: number;
  /** Estimated bytes of one kind's waiting rows that start a flush at once. @default 1 MiB */
  readonly flushBytes?: number;
  /** Estimated bytes of one kind kept while the disk refuses; then its oldest rows are dropped and counted. @default 64 MiB */
  readonly maxBufferedBytes?: number;
  /** Rows that seal a segment. @default memory 3600, process 32768, optimization 4096 */
  readonly sealRows?: Partial<Record<HistoryKind, number>>;
  /** Age of a log that seals it. @default 1 h; optimization 24 h */
  readonly sealAfterMs?: number;
  /** Segments whose last row is older are removed. @default 30 days */
  readonly retainMs?: number;
  /** Most bytes of segments, of all kinds together; the oldest go first. @default 1 GiB */
  readonly retainBytes?: number;
  /** Called with each problem as it is found, also in the background. Must not throw. */
  readonly onProblem?: (problem: RuvectorError) => void;
  /** @default systemClock */
  readonly clock?: Clock;
}

/** A rolling history. Close it, or use `await using`. */
export interface History extends AsyncDisposable {
  readonly directory: string;
  readonly readOnly: boolean;
  /** Damage found and background failures, the latest of each file and code. */
  readonly problems: readonly RuvectorError[];
  /** Torn log tails cut off at open: what a killed writer leaves. */
  readonly recovered: readonly Recovered[];
  /**
   * Takes rows; never waits. They are durable after `flushAfterMs`, or when `flush()` resolves.
   * @throws RuvectorError `ERR_STORE_INVALID_ROW`, `ERR_STORE_READ_ONLY`, `ERR_STORE_CLOSED`; then no row of the call was taken
   */
  append<K extends HistoryKind>(kind: K, rows: readonly HistoryRows[K][]): void;
  /**
   * Resolves when every row appended so far is on disk.
   * @throws RuvectorError `ERR_STORE_DISK_FULL`, `ERR_STORE_IO`; the rows stay buffered and are tried again
   */
  flush(): Promise<void>;
  /** Flushes and seals now, whatever the limits say. */
  seal(kind?: HistoryKind): Promise<void>;
  /** Yields rows in time order as Arrow batches, one segment in memory at a time. */
  query(kind: HistoryKind, options?: QueryOptions): AsyncIterable<arrow.RecordBatch>;
  /** Reads a whole range as rows, in time order. */
  rows<K extends HistoryKind>(kind: K, range?: TimeRange): Promise<HistoryRows[K][]>;
  /** A range as a Polars LazyFrame over the segments and the rows not sealed yet. Loads Polars. */
  lazyFrame(kind: HistoryKind, range?: TimeRange): Promise<LazyDataFrame>;
  stats(): HistoryStats;
  /** Flushes, then closes; nothing is sealed. Rejects as `flush` does, and is closed all the same. */
  close(): Promise<void>;
}

const defaultSealRows: Record<HistoryKind, number> = { memory: 3_600, process: 32_768, optimization: 4_096 };
const hourMs = 3_600_000;
const defaultSealAfterMs: Record<HistoryKind, number> = {
  memory: hourMs,
  process: hourMs,
  // Events are rare: an hour's worth would be mostly Parquet footer.
  optimization: 24 * hourMs,
};
const maxProblems = 256;
const kindNames: readonly HistoryKind[] = ['memory', 'process', 'optimization'];

/**
 * Opens a history directory, created with mode 0700 when missing. Logs are replayed, torn tails cut,
 * damaged files set aside and reported in `problems`.
 * @throws RuvectorError `ERR_STORE_LOCKED` while another writer is alive, `ERR_STORE_NOT_FOUND` when
 *   readOnly finds no directory, `ERR_STORE_READ_ONLY`, `ERR_STORE_IO`
 */
export async function openHistory(directory: string, options: HistoryOptions = {}): Promise<History> {
  const lock = options.readOnly ? null : await prepareDirectory(directory);
  try {
    if (!lock) await requireDirectory(directory);
    const nowMs = (options.clock ?? systemClock).nowMs();
    const opened: OpenedKind[] = [];
    for (const name of kindNames) {
      opened.push(
        await openKind(directory, recordKinds[name] as RecordKind, { repair: lock !== null, nowMs }),
      );
    }
    const history = new DirectoryHistory(directory, options, lock, opened);
    if (lock) await history.removeExpired();
    return history;
  } catch (error) {
    lock?.release();
    throw error;
  }
}

class DirectoryHistory implements History {
  readonly directory: string;
  readonly readOnly: boolean;
  readonly recovered: readonly Recovered[];
  private readonly found = new Map<string, RuvectorError>();
  private readonly logs: ReadonlyMap<string, KindLog>;
  private readonly lock: DirectoryLock | null;
  private readonly options: HistoryOptions;
  private readonly clock: Clock;
  private closed: Promise<void> | null = null;
  private removedSegments = 0;
  private removedBytes = 0;

  constructor(
    directory: string,
    options: HistoryOptions,
    lock: DirectoryLock | null,
    opened: readonly OpenedKind[],
  ) {
    this.directory = directory;
    this.readOnly = lock === null;
    this.lock = lock;
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.recovered = opened.flatMap(({ recovered }) => recovered);
    this.logs = new Map(opened.map(({ state }) => [state.kind.name, this.buildLog(state)]));
    for (const problem of opened.flatMap(({ problems }) => problems)) this.report(problem);
  }

  get problems(): readonly RuvectorError[] {
    return [...this.found.values()];
  }

  append<K extends HistoryKind>(kind: K, rows: readonly HistoryRows[K][]): void {
    this.requireWritable();
    this.logOf(kind).append(rows);
  }

  async flush(): Promise<void> {
    this.requireWritable();
    await eachSettled([...this.logs.values()], (log) => log.flush());
  }

  async seal(kind?: HistoryKind): Promise<void> {
    this.requireWritable();
    const logs = kind === undefined ? [...this.logs.values()] : [this.logOf(kind)];
    await eachSettled(logs, (log) => log.seal());
  }

  query(kind: HistoryKind, options: QueryOptions = {}): AsyncIterable<arrow.RecordBatch> {
    const log = this.logOf(kind);
    return queryBatches(log.state.kind, this.sourcesOf(log), options);
  }

  async rows<K extends HistoryKind>(kind: K, range: TimeRange = {}): Promise<HistoryRows[K][]> {
    const recordKind = this.logOf(kind).state.kind;
    const rows: AnyRow[] = [];
    for await (const batch of this.query(kind, range)) {
      for (const row of rowsOf(recordKind, batch)) rows.push(row);
    }
    return rows as HistoryRows[K][];
  }

  lazyFrame(kind: HistoryKind, range: TimeRange = {}): Promise<LazyDataFrame> {
    const log = this.logOf(kind);
    return buildLazyFrame(log.state.kind, [...log.state.segments], log.unsealedRows(), range);
  }

  stats(): HistoryStats {
    const kinds = Object.fromEntries([...this.logs].map(([name, log]) => [name, buildKindStats(log)]));
    const { removedSegments, removedBytes } = this;
    return { kinds, removedSegments, removedBytes, problems: this.found.size };
  }

  close(): Promise<void> {
    this.closed ??= this.closeAll();
    return this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Applies retention: whole segments, oldest first, over all kinds. */
  async removeExpired(): Promise<void> {
    const { retainMs = 30 * 24 * hourMs, retainBytes = 2 ** 30 } = this.options;
    const logs = [...this.logs.values()];
    const all = logs.flatMap(({ state }) => state.segments);
    const expired = new Set(selectExpired(all, this.clock.nowMs(), { retainMs, retainBytes }));
    for (const { path, sizeBytes } of expired) {
      await removeSegment(path);
      this.removedSegments++;
      this.removedBytes += sizeBytes;
    }
    for (const { state } of logs) state.segments = state.segments.filter((segment) => !expired.has(segment));
  }

  private buildLog(state: OpenedKind['state']): KindLog {
    const { options } = this;
    const name = state.kind.name as HistoryKind;
    const limits: KindLogLimits = {
      flushAfterMs: options.flushAfterMs ?? 500,
      flushBytes: options.flushBytes ?? 2 ** 20,
      maxBufferedBytes: options.maxBufferedBytes ?? 64 * 2 ** 20,
      sealRows: options.sealRows?.[name] ?? defaultSealRows[name],
      sealAfterMs: options.sealAfterMs ?? defaultSealAfterMs[name],
    };
    return new KindLog(state, limits, {
      clock: this.clock,
      report: (problem) => this.report(problem),
      sealed: () => this.removeExpired(),
    });
  }

  private sourcesOf(log: KindLog): QuerySource[] {
    const { kind, segments } = log.state;
    const sources: QuerySource[] = segments.map((segment) => ({
      fromMs: segment.fromMs,
      toMs: segment.toMs,
      read: async () => {
        const read = await readSegment(kind, segment, { repair: !this.readOnly, nowMs: this.clock.nowMs() });
        if (!(read instanceof RuvectorError)) return read;
        this.report(read);
        if (read.code === 'ERR_STORE_CORRUPT_SEGMENT') forget(log, segment.path);
        return null;
      },
    }));
    const rows = log.unsealedRows();
    return rows.length > 0 ? [...sources, buildRowsSource(kind, rows)] : sources;
  }

  private logOf(kind: string): KindLog {
    const log = this.logs.get(kind);
    if (log) return log;
    throw new RuvectorError(
      'ERR_STORE_UNKNOWN_KIND',
      `Cannot find record kind "${kind}": the history stores ${kindNames.join(', ')}; use one of these`,
    );
  }

  private report(problem: RuvectorError): void {
    const key = `${problem.code} ${String(problem.details['path'])}`;
    this.found.delete(key);
    this.found.set(key, problem);
    if (this.found.size > maxProblems) this.found.delete(this.found.keys().next().value!);
    this.options.onProblem?.(problem);
  }

  private requireWritable(): void {
    if (this.closed) {
      throw new RuvectorError(
        'ERR_STORE_CLOSED',
        `Cannot write history "${this.directory}": it is closed; open it again`,
      );
    }
    if (this.readOnly) {
      throw new RuvectorError(
        'ERR_STORE_READ_ONLY',
        `Cannot write history "${this.directory}": it was opened with readOnly; open it without`,
      );
    }
  }

  private async closeAll(): Promise<void> {
    try {
      if (!this.readOnly) await eachSettled([...this.logs.values()], (log) => log.close());
    } finally {
      this.lock?.release();
    }
  }
}

function forget(log: KindLog, path: string): void {
  log.state.segments = log.state.segments.filter((segment) => segment.path !== path);
}

/** Runs a step for every log, also behind one that fails, then throws the first failure. */
async function eachSettled(logs: readonly KindLog[], step: (log: KindLog) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(logs.map(step));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw toStoreError('write', logs[0]?.state.directory ?? '', failed.reason);
}

async function prepareDirectory(directory: string): Promise<DirectoryLock> {
  try {
    const created = await mkdir(directory, { recursive: true, mode: 0o700 });
    if (created !== undefined) await syncDirectory(dirname(created));
  } catch (cause) {
    throw toStoreError('create', directory, cause);
  }
  return acquireLock(directory);
}

async function requireDirectory(directory: string): Promise<void> {
  try {
    await stat(directory);
  } catch (cause) {
    throw new RuvectorError(
      'ERR_STORE_NOT_FOUND',
      `Cannot read history "${directory}": there is no such directory; start collecting first`,
      { cause, details: { path: directory } },
    );
  }
}
