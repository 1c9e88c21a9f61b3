// What a merge reads from: rows of one stretch of time that are decoded when they are needed. Types only.
import type * as arrow from 'apache-arrow';

/** Rows of one stretch of time, both ends inclusive; `read` resolves to null when they are gone. */
export interface QuerySource {
  readonly fromMs: number;
  readonly toMs: number;
  readonly rows: number;
  /** May be called again: a merge gives up what it does not need for long. */
  read(): Promise<arrow.RecordBatch | null>;
}
