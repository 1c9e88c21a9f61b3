// A table written in chunks of many rows: batches are gathered, encoded elsewhere (several chunks at a
// time) and appended in order. Knows no format.
import type * as arrow from 'apache-arrow';
import type { TableWriter, WriterStart } from './table-writer.ts';

/** What a format does with chunks. */
export interface ChunkFormat {
  /** Rows of one chunk. */
  readonly chunkRows: number;
  /** Chunks that may be encoded at once. */
  readonly parallel: number;
  /** Encodes a chunk; may run beside others. */
  encode(batches: readonly arrow.RecordBatch[], isFirst: boolean): Promise<Uint8Array>;
  /** Appends an encoded chunk, in order. */
  append(encoded: Uint8Array): Promise<void>;
  /** Makes what was appended durable. */
  sync(): Promise<Omit<WriterStart, 'rows'>>;
  /** Completes the file; `isEmpty` when no chunk was ever appended. */
  complete(isEmpty: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Writes one table in chunks. */
export class ChunkWriter implements TableWriter {
  readonly #format: ChunkFormat;
  #gathered: arrow.RecordBatch[] = [];
  #gatheredRows = 0;
  #rows: number;
  /** Every chunk handed to the encoder, appended in order. */
  #tail: Promise<void> = Promise.resolve();
  #inFlight: Promise<void>[] = [];

  constructor(format: ChunkFormat, start: WriterStart) {
    this.#format = format;
    this.#rows = start.rows;
  }

  async write(batch: arrow.RecordBatch): Promise<void> {
    const { chunkRows } = this.#format;
    for (let at = 0; at < batch.numRows;) {
      const rows = Math.min(batch.numRows - at, chunkRows - this.#gatheredRows);
      this.#gathered.push(rows === batch.numRows ? batch : batch.slice(at, at + rows));
      this.#gatheredRows += rows;
      at += rows;
      if (this.#gatheredRows === chunkRows) await this.#submit();
    }
  }

  async checkpoint(): Promise<WriterStart> {
    await this.#settle();
    return { rows: this.#rows, ...(await this.#format.sync()) };
  }

  async finish(): Promise<void> {
    await this.#settle();
    await this.#format.complete(this.#rows === 0);
    await this.#format.close();
  }

  async abort(): Promise<void> {
    await Promise.allSettled(this.#inFlight);
    await this.#format.close();
  }

  async #settle(): Promise<void> {
    await this.#submit();
    await Promise.all(this.#inFlight);
  }

  async #submit(): Promise<void> {
    if (this.#gatheredRows === 0) return;
    const encoding = this.#format.encode(this.#gathered, this.#rows === 0);
    this.#rows += this.#gatheredRows;
    this.#gathered = [];
    this.#gatheredRows = 0;
    const before = this.#tail;
    this.#tail = (async () => {
      // Both are awaited, so that no rejection is ever left unheard.
      const [encoded] = await Promise.all([encoding, before]);
      await this.#format.append(encoded);
    })();
    // Heard by whoever awaits it next; until then the source may take its time.
    this.#tail.catch(() => undefined);
    this.#inFlight.push(this.#tail);
    if (this.#inFlight.length > this.#format.parallel) await this.#inFlight.shift();
  }
}
