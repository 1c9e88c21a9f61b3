// What a pipeline is made of: sources, transforms and sinks of record batches, and stages that are plans. No code.
//
//   source ─▶ batching buffer ─▶ transform workers ─▶ output buffer ─▶ sink        (a stage of batches)
//   scan ─▶ expressions ─▶ expressions ─▶ file                                     (native stages: one plan)
import type * as arrow from 'apache-arrow';
import type { LazyDataFrame } from 'nodejs-polars';

/** Rows that travel together, columnar. Nobody changes a batch that was handed on. */
export type Batch = arrow.RecordBatch;

/** Where rows come from. Exactly one call at a time. */
export interface Source {
  readonly schema: arrow.Schema;
  /** The next rows, at most `maxRows`; null at the end. */
  nextBatch(maxRows: number, signal: AbortSignal): Promise<Batch | null>;
  /** Rows still to come; null where nobody knows. */
  sizeHint(): number | null;
  /** Bytes held beside the batch that was given last. */
  memoryUsage(): number;
  /** Goes on behind the first `rows` rows. Absent where a source cannot: it then has no checkpoints. */
  seek?(rows: number): Promise<void>;
  /** Called once, at the end, after an error or an abort. */
  close?(): Promise<void>;
}

/** Turns batches into batches. One that a worker runs is made there, from a module and an export. */
export interface Transform {
  /** The columns it gives for the columns it gets. @throws TypeError naming what it lacks */
  readonly schema: (input: arrow.Schema) => arrow.Schema;
  /**
   * The rows that come of a batch; null for none.
   * @param signal aborted when nobody waits for the answer any more: the run ended, or the call took too long
   */
  transform(batch: Batch, signal?: AbortSignal): Batch | null | Promise<Batch | null>;
  /** The rows still held when the last batch was seen; null for none. Called once, at the end. */
  flush?(): Batch | null | Promise<Batch | null>;
  /** Bytes held between batches. */
  memoryUsage(): number;
  /** Forgets what earlier batches left behind; a stage without such memory may run in several workers at once. */
  reset?(): void;
  /** What it remembers of earlier batches. One with `reset` but without these two cannot be in a run with checkpoints. */
  checkpoint?(): CheckpointState | Promise<CheckpointState>;
  /** Goes on where a checkpoint was made. Called before the first batch. */
  resume?(state: CheckpointState): void | Promise<void>;
  close?(): Promise<void>;
}

/** What a stage or a sink needs to go on where a checkpoint was made: a value that JSON can hold. */
export type CheckpointState =
  | null
  | boolean
  | number
  | string
  | readonly CheckpointState[]
  | { readonly [name: string]: CheckpointState };

/** Where rows go. Exactly one call at a time. */
export interface Sink {
  /** Takes rows; resolves when there is room for more. */
  consume(batch: Batch): Promise<void>;
  /** Makes what was consumed durable; called at each checkpoint and at the end. */
  flush(): Promise<void>;
  /** Bytes that wait to be written. */
  memoryUsage(): number;
  /**
   * All rows or none: they become durable with `finish` alone. A run into such a sink has no checkpoints; one that was
   * cut short starts again, and finds nothing of it.
   */
  readonly isAtomic?: true;
  /** Completes: a file takes its place, a table is committed. Called once, behind the last `flush`. */
  finish?(): Promise<void>;
  /** What `finish` does, where that takes long and those who watch should know: `training`. */
  readonly finishing?: string;
  /**
   * Ends without completing; nothing is left behind. Also called when `finish` failed, and while a `consume` hangs, which
   * may reject then.
   */
  abort?(): Promise<void>;
  /**
   * Where the rows end that the last `flush` made durable, such as a file's size. Called behind a `flush`, before more
   * rows come.
   */
  checkpoint?(): CheckpointState | Promise<CheckpointState>;
  /**
   * Goes back to a checkpoint: what was written behind it is taken back. Called once, before anything else. It may name
   * the end of a run that was killed during or just behind `finish`, which then comes again and has to do no harm.
   */
  resume?(state: CheckpointState): Promise<void>;
  /** Ends without completing, and keeps what a checkpoint names: the run failed and may be resumed. */
  suspend?(): Promise<void>;
}

/**
 * How far one row's result depends on others: `row` on none, `group` on those of its group, `table` on all.
 * Stages of rows run partition by partition, also in front of a sink; the others see the whole table.
 */
export type StageScope = 'row' | 'group' | 'table';

/** A stage that can say itself as a plan: select, filter, cast, join, window, ... */
export interface NativeStage {
  readonly name: string;
  readonly scope: StageScope;
  /** True when its plan holds all rows it is given in memory: partitions are then not read as one. */
  readonly holdsRows?: boolean;
  /** What `explain()` shows of it. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Tables that it reads beside the one that reaches it, as a join does. */
  readonly inputs?: readonly NativeSource[];
  /** Adds itself to a plan; `inputs` in their order. Pure: it is built, not run. */
  apply(frame: LazyDataFrame, inputs?: readonly LazyDataFrame[]): LazyDataFrame;
  /** What `learn` looks at. A stage that learns from rows can be applied once it has learned only. */
  readonly learnsFrom?: 'columns' | 'rows';
  /** True when what it gives has columns that rows decide, as categories do: behind it they are known while it runs. */
  readonly rowsDecideColumns?: boolean;
  /** The stage that runs in its place, after a look at what reaches it: an expression read, statistics, categories. */
  learn?(frame: LazyDataFrame): Promise<NativeStage>;
}

/** A part of a native source that fits into memory; parts follow each other in the order of the rows. */
export interface NativePartition {
  /** At least as many rows as it has; null where nobody knows. */
  readonly maxRows: number | null;
  open(): Promise<LazyDataFrame>;
}

/** A source whose rows a plan can read by itself: files, a history. */
export interface NativeSource {
  readonly name: string;
  /** True when one plan over all partitions needs no more memory than one over each of them. */
  readonly streams?: boolean;
  /** At least one, which then has no rows: the columns are known by it. */
  partitions(): Promise<readonly NativePartition[]>;
}

/**
 * A file that plans write by themselves, in parts that become one file. The order of calls: `open`, then `write` and
 * `append` for each part, at least one, then `finish`; `abort` ends it at any moment.
 */
export interface NativeSink {
  readonly name: string;
  /** Rows of a part at which it should end: fewer parts cost less, more parts say sooner how far the file is. */
  readonly partRows: number;
  /**
   * Claims the target.
   * @returns the folder for the files of the parts
   * @throws RuvectorError `ERR_PIPELINE_FILE` while another one writes it; `ERR_FILES_*`
   */
  open(signal?: AbortSignal): Promise<string>;
  /**
   * The plan that writes `frame` to `path`, a new file; who collects it runs it. A plan that runs cannot be
   * stopped: after an abort it ends by itself, and what it wrote is removed with the folder.
   * @param part its place among the parts, from 0
   */
  write(frame: LazyDataFrame, path: string, part: number): Promise<LazyDataFrame>;
  /** Takes over the file of the next part and removes it; the plan of the part after that may run meanwhile. */
  append(path: string): Promise<void>;
  /** Completes the file, durable, and puts it in the target's place. @returns what a user should know about that */
  finish(): Promise<readonly string[]>;
  /** Ends without completing; nothing is left. */
  abort(): Promise<void>;
}

/** What a stage does with a batch that it cannot process: end the run, leave it out and count it, or hand it to a sink. */
export type ErrorPolicy = 'fail' | 'skip' | { readonly deadLetter: Sink };

/** Memory taken before it is allocated; what is out never exceeds the budget. */
export interface MemoryBudget {
  readonly limitBytes: number;
  readonly usedBytes: number;
  /** Most bytes that were ever out at once. */
  readonly peakBytes: number;
  /**
   * Waits until so many bytes are free, first come first served.
   * @throws RuvectorError `ERR_PIPELINE_BUDGET` when they could never be; the signal's reason
   */
  lease(bytes: number, signal?: AbortSignal): Promise<MemoryLease>;
  /** A lease, or null when there is no room now or others wait for it. @throws RuvectorError `ERR_PIPELINE_BUDGET` */
  tryLease(bytes: number): MemoryLease | null;
}

/** Bytes of a budget. */
export interface MemoryLease {
  readonly bytes: number;
  /** Gives back what turned out not to be needed: `toBytes` stay; with as many or more than it has, nothing changes. */
  shrink(toBytes: number): void;
  /** Gives all back; calling it again does nothing. */
  release(): void;
}

/** How one stage does. */
export interface StageStats {
  readonly name: string;
  /** `plan` for native ones. */
  readonly kind: 'source' | 'transform' | 'sink' | 'plan';
  /** What it did with success: read, transformed (as it came in), written. */
  readonly batches: number;
  readonly rows: number;
  /** Rows it failed on, by its error policy. */
  readonly skippedRows: number;
  readonly deadRows: number;
  /** Of the last batch it failed on. */
  readonly lastError?: string;
  /** Time spent working, summed over workers. */
  readonly busyMs: number;
  /** Time spent waiting for rows, and for room behind it. */
  readonly starvedMs: number;
  readonly blockedMs: number;
  /** Latency of one batch in ms: median and 99th percentile. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly queuedBatches: number;
  readonly queuedBytes: number;
  readonly memoryBytes: number;
  readonly workers: number;
}

/** How a run does, while it runs and at its end. */
export interface PipelineProgress {
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly totalRows: number | null;
  readonly rowsPerSecond: number;
  /** Null where nobody knows: the rows left are not known, or the sink is at what it does behind the last one. */
  readonly etaSeconds: number | null;
  /** What the sink does behind the last row, such as `training`; null while rows are on their way, and at the end. */
  readonly finishing: string | null;
  readonly budget: { readonly limitBytes: number; readonly usedBytes: number; readonly peakBytes: number };
  readonly stages: readonly StageStats[];
}
