// A dataset of numbers that grows by batches: rows are gathered into chunks, which are compressed and written.
import { encodeChunk, filtersFor } from './encode-chunk.ts';
import type { Hdf5Compression } from './encode-chunk.ts';
import type { WrittenType } from './encode-types.ts';
import { ChunkedDataset } from './hdf5-container.ts';
import type { Hdf5Container } from './hdf5-container.ts';

/** Rows of a chunk of columns: 512 KiB of times. */
export const COLUMN_CHUNK_ROWS = 65_536;

/** What a column is written as. */
export interface ColumnPlan {
  readonly type: WrittenType;
  /** Elements of a row. @default 1, and one dimension */
  readonly columns?: number | undefined;
  readonly chunkRows: number;
  readonly compression: Hdf5Compression;
}

/** Gathers rows. */
export class ColumnWriter {
  readonly dataset: ChunkedDataset;
  readonly #plan: ColumnPlan;
  readonly #rowBytes: number;
  readonly #chunk: Uint8Array;
  #rows = 0;

  constructor(container: Hdf5Container, plan: ColumnPlan) {
    const { type, columns, chunkRows, compression } = plan;
    this.#plan = plan;
    this.#rowBytes = type.sizeBytes * (columns ?? 1);
    this.#chunk = new Uint8Array(chunkRows * this.#rowBytes);
    const filters = filtersFor(compression, type.sizeBytes, this.#chunk.length);
    this.dataset = new ChunkedDataset(container, { type, columns, chunkRows, filters });
  }

  /** Appends rows. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const room = this.#chunk.length - this.#rows * this.#rowBytes;
      const size = Math.min(room, bytes.length - at);
      this.#chunk.set(bytes.subarray(at, at + size), this.#rows * this.#rowBytes);
      this.#rows += size / this.#rowBytes;
      at += size;
      if (this.#rows === this.#plan.chunkRows) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const { compression, type } = this.#plan;
    await this.dataset.add(await encodeChunk(this.#chunk, compression, type.sizeBytes), this.#rows);
    this.#rows = 0;
  }

  /** Writes what is left; a chunk is always whole in the file. */
  async finish(): Promise<void> {
    if (this.#rows === 0) return;
    this.#chunk.fill(0, this.#rows * this.#rowBytes);
    await this.#flush();
  }
}

/** Numbers as bytes, on hosts that have the low byte first. */
export const rawBytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
