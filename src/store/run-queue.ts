// Short runs on their way out: joined into one batch instead of handed out row by row. A waiting run
// keeps the whole batch it lies in; when batches stay for a few rows only, the rows are copied out.
import type * as arrow from 'apache-arrow';
import { concatRows } from '../core/index.ts';
import type { RowRun } from '../core/index.ts';

/** Runs in the order they are given out. */
export class RunQueue {
  readonly #schema: arrow.Schema;
  readonly #maxHeldBytes: number;
  #runs: RowRun[] = [];
  #batches = new Set<arrow.RecordBatch>();
  #heldBytes = 0;
  rows = 0;

  /** @param maxHeldBytes bytes of released batches that waiting runs may keep */
  constructor(schema: arrow.Schema, maxHeldBytes: number) {
    this.#schema = schema;
    this.#maxHeldBytes = maxHeldBytes;
  }

  get isEmpty(): boolean {
    return this.#runs.length === 0;
  }

  push(run: RowRun): void {
    this.#runs.push(run);
    this.#batches.add(run.batch);
    this.rows += run.to - run.from;
  }

  /** Says that nobody else holds a batch any more. */
  release(batch: arrow.RecordBatch, bytes: number): void {
    if (!this.#batches.has(batch)) return;
    this.#heldBytes += bytes;
    if (this.#heldBytes <= this.#maxHeldBytes) return;
    const [joined] = this.take();
    this.push({ batch: joined!, from: 0, to: joined!.numRows });
  }

  /** Everything that waits, as one batch; none when nothing does. */
  take(): arrow.RecordBatch[] {
    const runs = this.#runs;
    this.#runs = [];
    this.#batches = new Set();
    this.#heldBytes = 0;
    this.rows = 0;
    if (runs.length === 0) return [];
    const [{ batch, from, to } = runs[0]!] = runs;
    return [runs.length === 1 ? batch.slice(from, to) : concatRows(this.#schema, runs)];
  }
}
