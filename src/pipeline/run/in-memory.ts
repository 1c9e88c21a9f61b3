// A source of batches that are there already, and a sink that keeps what it gets. What they hold is theirs: it is
// reported, and no part of a budget.
import type * as arrow from 'apache-arrow';
import type { Batch, Sink, Source } from '../contract.ts';
import { bytesOf } from './batch-bytes.ts';

/** A sink with what it got. */
export interface ArraySink extends Sink {
  readonly batches: readonly Batch[];
  readonly rows: number;
  /** How it ended; null while it has not. */
  readonly ending: 'finished' | 'aborted' | null;
}

/**
 * Creates a source of batches, which it cuts where fewer rows are wanted.
 * @param schema @default that of the first batch
 */
export function createArraySource(batches: readonly Batch[], schema?: arrow.Schema): Source {
  return new ArraySource(batches, schema ?? batches[0]?.schema);
}

/** Creates a sink that keeps all batches; an abort empties it. */
export function createArraySink(): ArraySink {
  return new KeepingSink();
}

class ArraySource implements Source {
  readonly schema: arrow.Schema;
  readonly #batches: readonly Batch[];
  readonly #totalRows: number;
  #at = 0;
  /** Rows of the batch at hand that were given. */
  #given = 0;
  #givenRows = 0;

  constructor(batches: readonly Batch[], schema: arrow.Schema | undefined) {
    if (!schema) throw new TypeError('Cannot create array source: it has no batches; give it a schema');
    this.schema = schema;
    this.#batches = batches;
    this.#totalRows = batches.reduce((sum, { numRows }) => sum + numRows, 0);
  }

  async nextBatch(maxRows: number): Promise<Batch | null> {
    const batch = this.#batches[this.#at];
    if (!batch) return null;
    const from = this.#given;
    const to = Math.min(batch.numRows, from + maxRows);
    this.#given = to;
    this.#givenRows += to - from;
    if (to === batch.numRows) {
      this.#at++;
      this.#given = 0;
    }
    return from === 0 && to === batch.numRows ? batch : batch.slice(from, to);
  }

  sizeHint(): number {
    return this.#totalRows - this.#givenRows;
  }

  memoryUsage(): number {
    return this.#batches.reduce((sum, batch) => sum + bytesOf(batch), 0);
  }

  async seek(rows: number): Promise<void> {
    this.#at = 0;
    this.#given = 0;
    this.#givenRows = rows;
    for (let left = rows; left > 0 && this.#at < this.#batches.length;) {
      const { numRows } = this.#batches[this.#at]!;
      if (left < numRows) {
        this.#given = left;
        break;
      }
      left -= numRows;
      this.#at++;
    }
  }
}

class KeepingSink implements ArraySink {
  batches: Batch[] = [];
  rows = 0;
  ending: ArraySink['ending'] = null;
  #bytes = 0;

  async consume(batch: Batch): Promise<void> {
    this.batches.push(batch);
    this.rows += batch.numRows;
    this.#bytes += bytesOf(batch);
  }

  async flush(): Promise<void> {
    // Memory is as durable as it will be.
  }

  memoryUsage(): number {
    return this.#bytes;
  }

  async finish(): Promise<void> {
    this.ending = 'finished';
  }

  async abort(): Promise<void> {
    this.ending = 'aborted';
    this.batches = [];
    this.rows = 0;
    this.#bytes = 0;
  }
}
