// The contract of a rolling history: its options, its rows and what each call promises. No code.
import type { LazyDataFrame } from 'nodejs-polars';
import type {
  Clock,
  HistoryKind,
  HistoryReader,
  MemorySnapshot,
  OptimizationEvent,
  PartitionReader,
  ProcessRecord,
  RuvectorError,
  TimeRange,
} from '../core/index.ts';
import type { HistoryHealth, HistoryStats } from './stats.ts';
import type { Recovered } from './wal-file.ts';

/** The rows a history holds, by kind. */
export interface HistoryRows {
  memory: MemorySnapshot;
  process: ProcessRecord;
  optimization: OptimizationEvent;
}

/** Options of {@link openHistory}. */
export interface HistoryOptions {
  /** Opens without the lock and never writes; sees what was on disk when it was opened. @default false */
  readonly readOnly?: boolean;
  /** Longest time a row waits in memory before it is written and synced. @default 500 */
  readonly flushAfterMs?: number;
  /** Estimated bytes of one kind's waiting rows that start a flush at once. @default 1 MiB */
  readonly flushBytes?: number;
  /**
   * Estimated bytes of one kind kept while the disk refuses; then its oldest rows are dropped and counted.
   * @default 16 MiB: 13 hours of memory at 1 Hz
   */
  readonly maxBufferedBytes?: number;
  /** Rows that seal a segment. @default memory 3600, process 32768, optimization 4096 */
  readonly sealRows?: Partial<Record<HistoryKind, number>>;
  /** Age of a log that seals it. @default 1 h; optimization 24 h */
  readonly sealAfterMs?: number;
  /** Segments that have lain in the history for longer, by a clock that nobody can set, are removed. @default 30 days */
  readonly retainMs?: number;
  /** Most bytes of segments, of all kinds together; the oldest go first. @default 1 GiB */
  readonly retainBytes?: number;
  /**
   * Called with the first problem of a code as it is found, also in the background, then at most once a
   * minute with the latest one and how many there were. Must not throw.
   */
  readonly onProblem?: (problem: RuvectorError) => void;
  /** Called with one line for what retention removes and holds back. Must not throw. */
  readonly onNotice?: (text: string) => void;
  /** @default systemClock */
  readonly clock?: Clock;
}

/** A rolling history. Close it, or use `await using`. */
export interface History extends HistoryReader, PartitionReader, AsyncDisposable {
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
  /** Reads a whole range as rows, in time order. */
  rows<K extends HistoryKind>(kind: K, range?: TimeRange): Promise<HistoryRows[K][]>;
  /** A range as a Polars LazyFrame over the segments and the rows not sealed yet. Loads Polars. */
  lazyFrame(kind: HistoryKind, range?: TimeRange): Promise<LazyDataFrame>;
  stats(): HistoryStats;
  health(): HistoryHealth;
  /** Flushes, then closes; nothing is sealed. Rejects as `flush` does, and is closed all the same. */
  close(): Promise<void>;
}
