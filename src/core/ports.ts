// The seams between rooms that must not import each other: what a history is read through, how record batches
// are read, changed and taken, and what predicts. Types only.
import type { RowHistory } from './feature-window.ts';
import type * as arrow from 'apache-arrow';
import type { LazyDataFrame } from 'nodejs-polars';
import type { RecordKind } from './fields.ts';
import type { Label } from './records.ts';

/** A record kind that a history stores. */
export type HistoryKind = 'memory' | 'process' | 'optimization';

/** A half-open time range. */
export interface TimeRange {
  /** First timestamp wanted. @default the oldest */
  readonly fromMs?: number;
  /** First timestamp not wanted any more. @default after the newest */
  readonly toMs?: number;
}

/** Options of a query. */
export interface QueryOptions extends TimeRange {
  /** Most rows in one batch. @default 16384 */
  readonly batchRows?: number;
}

/** Options of partitions. */
export interface PartitionOptions extends TimeRange {
  /** Most rows of a partition that has to be sorted. @default 1048576 */
  readonly maxRows?: number;
}

/** A stretch of a table that a native plan can hold; partitions follow each other in time. */
export interface HistoryPartition {
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  /** At least as many rows as it has. */
  readonly maxRows: number;
  /** Its plan sorts, and holds all of its rows to do so. */
  readonly isSorted: boolean;
  /** The sealed files its rows are in; null while some are in none yet, so that it may still change. */
  readonly files: readonly string[] | null;
  /**
   * Builds the plan that reads it: all columns of the kind, in time order, rows of equal time in the order they came.
   * Files are checked bit by bit with each call; damaged ones are reported and left out.
   */
  open(): Promise<LazyDataFrame>;
}

/** What a history is read through. A History, live or opened read-only, has this shape. */
export interface HistoryReader {
  /** Yields rows of one kind in time order, in native columns and units. */
  query(kind: HistoryKind, options?: QueryOptions): AsyncIterable<arrow.RecordBatch>;
}

/** What native plans read a history through, so that no row has to pass through JavaScript. */
export interface PartitionReader {
  /** Plans the partitions of a range over what there is now. Loads Polars. */
  partitions(kind: HistoryKind, options?: PartitionOptions): Promise<HistoryPartition[]>;
}

/** Record batches of one schema that can be read from any row on, as often as needed, always in the same order. */
export interface BatchSource {
  readonly schema: arrow.Schema;
  /** Reads on from a row; batches are read once and not kept. */
  open(skipRows: number, signal: AbortSignal): AsyncIterable<arrow.RecordBatch>;
}

/** Turns batches into batches of another kind, one by one and in order; it may leave rows out. */
export interface BatchTransform {
  /** The kind of the batches it gives. */
  readonly kind: RecordKind;
  apply(batch: arrow.RecordBatch): arrow.RecordBatch;
}

/** Takes the batches of one source. Exactly one of `finish` and `abort` ends it. */
export interface BatchSink {
  /** Takes the next rows; resolves when there is room for more. */
  write(batch: arrow.RecordBatch): Promise<void>;
  /** Completes what is written, durable. */
  finish(): Promise<void>;
  /** Ends without completing. */
  abort(): Promise<void>;
}

/** One answer of a model. */
export interface Prediction {
  readonly label: Label;
  /** Probability of each label, in the order of `labels`; sums to 1. */
  readonly probabilities: Float32Array;
  /** `name@version` of the model that gave this whole answer. */
  readonly modelVersion: string;
}

/** Something that turns one feature row into a label. */
export interface Predictor {
  /** `name@version` of the live model, or null when there is none. */
  readonly liveVersion: string | null;
  /**
   * Predicts one row.
   * @param features float32 values in the order of the feature specification
   * @param history the rows before it, for a model that looks at a window
   * @throws RuvectorError `ERR_MODEL_*` when there is no live model or it fails
   */
  predict(features: Float32Array, history?: RowHistory): Promise<Prediction>;
}
