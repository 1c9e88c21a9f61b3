// A history over an opened directory: hands rows to the log of their kind, reads across segments and
// logs, applies retention and gathers problems. Opening is history.ts.
import type * as arrow from 'apache-arrow';
import type { LazyDataFrame } from 'nodejs-polars';
import { RuvectorError, rowsOf, systemClock } from '../core/index.ts';
import type {
  AnyRow,
  Clock,
  HistoryKind,
  HistoryPartition,
  PartitionOptions,
  QueryOptions,
  TimeRange,
} from '../core/index.ts';
import type { FileLock } from '../files/index.ts';
import { toStoreError, historyClosedError, readOnlyHistoryError, unknownKindError } from './errors.ts';
import type { History, HistoryOptions, HistoryRows } from './history-contract.ts';
import { KindLog } from './kind-log.ts';
import type { KindLogLimits } from './kind-log.ts';
import type { SegmentGroup } from './decode-segment.ts';
import { concatFrames } from './lazy-frame.ts';
import type { OpenedKind } from './open-kind.ts';
import type { HistoryClock } from './history-clock.ts';
import { createProblemLimiter } from './problem-limiter.ts';
import type { ProblemLimiter } from './problem-limiter.ts';
import { buildRowsSources, queryBatches } from './query.ts';
import type { QuerySource } from './query-source.ts';
import { RetentionRunner } from './retention-runner.ts';
import type { RetentionStats } from './retention-runner.ts';
import { readSegment } from './segment-files.ts';
import type { Segment } from './segment-files.ts';
import { buildHealth, buildKindStats } from './stats.ts';
import type { HistoryHealth, HistoryStats } from './stats.ts';
import type { Recovered } from './wal-file.ts';

const defaultSealRows: Record<HistoryKind, number> = { memory: 3_600, process: 32_768, optimization: 4_096 };
const hourMs = 3_600_000;

export const DEFAULT_RETAIN_DAYS = 30;
export const DEFAULT_RETAIN_MIB = 1024;
const defaultSealAfterMs: Record<HistoryKind, number> = {
  memory: hourMs,
  process: hourMs,
  // Events are rare: an hour's worth would be mostly Parquet footer.
  optimization: 24 * hourMs,
};
const maxProblems = 256;
const nothing = { segments: 0, rows: 0 };
const noRetention: RetentionStats = {
  removedSegments: 0,
  removedBytes: 0,
  later: nothing,
  unconfirmed: nothing,
};
/** The record kinds a history stores. */
export const kindNames: readonly HistoryKind[] = ['memory', 'process', 'optimization'];

/** The one implementation of History. */
export class DirectoryHistory implements History {
  readonly directory: string;
  readonly readOnly: boolean;
  readonly recovered: readonly Recovered[];
  private readonly found = new Map<string, RuvectorError>();
  private readonly logs: ReadonlyMap<string, KindLog>;
  private readonly lock: FileLock | null;
  private readonly options: HistoryOptions;
  private readonly clock: Clock;
  private readonly historyClock: HistoryClock | null;
  private readonly retention: RetentionRunner | null;
  private readonly limiter: ProblemLimiter;
  private closed: Promise<void> | null = null;

  constructor(
    directory: string,
    options: HistoryOptions,
    writer: { readonly lock: FileLock; readonly clock: HistoryClock } | null,
    opened: readonly OpenedKind[],
  ) {
    this.directory = directory;
    this.readOnly = writer === null;
    this.lock = writer?.lock ?? null;
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.historyClock = writer?.clock ?? null;
    this.limiter = createProblemLimiter((problem) => options.onProblem?.(problem));
    this.recovered = opened.flatMap(({ recovered }) => recovered);
    this.logs = new Map(opened.map(({ state }) => [state.kind.name, this.buildLog(state)]));
    this.retention = writer && this.buildRetention(writer.clock);
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

  async partitions(kind: HistoryKind, options: PartitionOptions = {}): Promise<HistoryPartition[]> {
    const log = this.logOf(kind);
    const [rows, segments] = [log.unsealedRows(), byGeneration(log.state.segments)];
    const { buildPartitions } = await import('./partitions.ts');
    // Polars would read changed bytes as other values: check before it scans them.
    const check = async (segment: Segment): Promise<boolean> =>
      (await this.readSegment(log, segment, async (file) => {
        (await import('./decode-segment.ts')).checkSegment(file);
        return true;
      })) ?? false;
    return buildPartitions({ kind: log.state.kind, segments, rows, check }, options);
  }

  async lazyFrame(kind: HistoryKind, range: TimeRange = {}): Promise<LazyDataFrame> {
    const partitions = await this.partitions(kind, range);
    const frames: LazyDataFrame[] = [];
    for (const partition of partitions) frames.push(await partition.open());
    return concatFrames(this.logOf(kind).state.kind, frames);
  }

  stats(): HistoryStats {
    const kinds = Object.fromEntries([...this.logs].map(([name, log]) => [name, buildKindStats(log)]));
    return { kinds, ...(this.retention?.stats() ?? noRetention), problems: this.found.size };
  }

  health(): HistoryHealth {
    return buildHealth([...this.logs.values()].map((log) => log.health()));
  }

  close(): Promise<void> {
    this.closed ??= this.closeAll();
    return this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The pass at open, and those in the background until it is closed. */
  async startRetention(): Promise<void> {
    await this.retention?.pass();
    this.retention?.start();
  }

  private buildRetention(historyClock: HistoryClock): RetentionRunner {
    const {
      retainMs = DEFAULT_RETAIN_DAYS * 24 * hourMs,
      retainBytes = DEFAULT_RETAIN_MIB * 2 ** 20,
      onNotice = () => undefined,
    } = this.options;
    const states = [...this.logs.values()].map(({ state }) => state);
    return new RetentionRunner({
      limits: { retainMs, retainBytes },
      clock: this.clock,
      historyClock,
      listSegments: () => Object.fromEntries(states.map(({ kind, segments }) => [kind.name, segments])),
      forget: (removed) => {
        for (const state of states)
          state.segments = state.segments.filter((segment) => !removed.has(segment));
      },
      onNotice,
    });
  }

  private buildLog(state: OpenedKind['state']): KindLog {
    const { options } = this;
    const name = state.kind.name as HistoryKind;
    const limits: KindLogLimits = {
      flushAfterMs: options.flushAfterMs ?? 500,
      flushBytes: options.flushBytes ?? 2 ** 20,
      maxBufferedBytes: options.maxBufferedBytes ?? 16 * 2 ** 20,
      sealRows: options.sealRows?.[name] ?? defaultSealRows[name],
      sealAfterMs: options.sealAfterMs ?? defaultSealAfterMs[name],
    };
    return new KindLog(state, limits, {
      clock: this.clock,
      report: (problem) => this.report(problem),
      sealed: async () => this.retention?.pass(),
      historyMs: () => this.historyClock?.readMs() ?? 0,
    });
  }

  /** The oldest first: a generation is older than the next one, and rows that are in no segment yet come last. */
  private sourcesOf(log: KindLog): QuerySource[] {
    const { kind, segments } = log.state;
    const read = this.createSegmentReader(log);
    const sources = byGeneration(segments).flatMap((segment) =>
      segment.groups.map((group) => ({
        fromMs: group.fromMs ?? segment.fromMs,
        toMs: group.toMs ?? segment.toMs,
        rows: group.rows,
        read: () => read(segment, group),
      })),
    );
    return [...sources, ...buildRowsSources(kind, log.unsealedRows())];
  }

  /** Keeps the bytes of a file of many row groups until another one is read: they are read one after the other. */
  private createSegmentReader(
    log: KindLog,
  ): (segment: Segment, group: SegmentGroup) => Promise<arrow.RecordBatch | null> {
    let last: { segment: Segment; file: Buffer } | null = null;
    return (segment, group) => {
      const decode = async (file: Buffer): Promise<arrow.RecordBatch> => {
        if (segment.groups.length > 1) last = { segment, file };
        const { decodeSegment } = await import('./decode-segment.ts');
        return decodeSegment(log.state.kind, file, group);
      };
      if (last?.segment === segment) return decode(last.file);
      return this.readSegment(log, segment, decode);
    };
  }

  /** Reads a segment; resolves to null, and reports why, when there is nothing to read any more. */
  private async readSegment<T>(
    log: KindLog,
    segment: Segment,
    use: (file: Buffer) => T | Promise<T>,
  ): Promise<T | null> {
    const read = await readSegment(segment, use, { repair: !this.readOnly, nowMs: this.clock.nowMs() });
    if (!(read instanceof RuvectorError)) return read;
    this.report(read);
    if (read.code === 'ERR_STORE_CORRUPT_SEGMENT') forget(log, segment.path);
    return null;
  }

  private logOf(kind: string): KindLog {
    const log = this.logs.get(kind);
    if (log) return log;
    throw unknownKindError(kind, kindNames);
  }

  private report(problem: RuvectorError): void {
    const key = `${problem.code} ${String(problem.details['path'])}`;
    this.found.delete(key);
    this.found.set(key, problem);
    if (this.found.size > maxProblems) this.found.delete(this.found.keys().next().value!);
    this.limiter.report(problem);
  }

  private requireWritable(): void {
    if (this.closed) {
      throw historyClosedError(this.directory);
    }
    if (this.readOnly) {
      throw readOnlyHistoryError(this.directory);
    }
  }

  private async closeAll(): Promise<void> {
    try {
      if (!this.readOnly) await eachSettled([...this.logs.values()], (log) => log.close());
    } finally {
      await this.retention?.stop();
      this.limiter.close();
      this.lock?.release();
    }
  }
}

/** The oldest first. */
function byGeneration(segments: readonly Segment[]): Segment[] {
  const generationOf = ({ generations }: Segment): number => Math.max(...generations);
  return segments.toSorted((a, b) => generationOf(a) - generationOf(b));
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
