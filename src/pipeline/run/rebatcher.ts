// The batching buffer: cuts what the source gives into batches of the wanted size, without a copy, and collects small
// ones until they are enough to be joined. Knows no time and no memory.
import type { Batch } from '../contract.ts';

/** Limits of batches, all decided. */
export interface BatchBounds {
  readonly rows: number;
  readonly minRows: number;
  readonly bytes: number;
}

/** Rows of one batch of the source, and what comes with them. */
export interface Part<Owner> {
  readonly batch: Batch;
  readonly bytes: number;
  readonly owner: Owner;
}

/** Collects rows. */
export class Rebatcher<Owner> {
  #parts: Part<Owner>[] = [];
  #rows = 0;
  #bytes = 0;

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get parts(): readonly Part<Owner>[] {
    return this.#parts;
  }

  add(part: Part<Owner>): void {
    this.#parts.push(part);
    this.#rows += part.batch.numRows;
    this.#bytes += part.bytes;
  }

  /**
   * The parts of the next batch; null while there are too few rows for one.
   * @param isLast whatever is there will do
   */
  take({ rows, minRows, bytes }: BatchBounds, isLast: boolean): Part<Owner>[] | null {
    const isEnough = this.#rows >= minRows || this.#bytes >= bytes || isLast;
    if (this.#rows === 0 || !isEnough) return null;
    const taken: Part<Owner>[] = [];
    let [roomRows, roomBytes] = [rows, bytes];
    while (roomRows > 0 && this.#parts.length > 0) {
      const first = this.#parts[0]!;
      const fitting = fittingRows(first, roomRows, roomBytes);
      if (fitting === 0 && taken.length > 0) break;
      const part = this.#cut(Math.max(1, fitting));
      taken.push(part);
      if (part !== first) break;
      roomRows -= part.batch.numRows;
      roomBytes -= part.bytes;
    }
    return taken;
  }

  clear(): void {
    this.#parts = [];
    this.#rows = 0;
    this.#bytes = 0;
  }

  /** The first rows of the first part. */
  #cut(rows: number): Part<Owner> {
    const first = this.#parts[0]!;
    const { batch, bytes, owner } = first;
    if (rows >= batch.numRows) {
      this.#parts.shift();
      this.#rows -= batch.numRows;
      this.#bytes -= bytes;
      return first;
    }
    const cutBytes = Math.round((bytes * rows) / batch.numRows);
    this.#parts[0] = { batch: batch.slice(rows), bytes: bytes - cutBytes, owner };
    this.#rows -= rows;
    this.#bytes -= cutBytes;
    return { batch: batch.slice(0, rows), bytes: cutBytes, owner };
  }
}

function fittingRows({ batch, bytes }: Part<unknown>, roomRows: number, roomBytes: number): number {
  if (batch.numRows <= roomRows && bytes <= roomBytes) return batch.numRows;
  const byBytes = bytes <= roomBytes ? batch.numRows : Math.floor((batch.numRows * roomBytes) / bytes);
  return Math.min(roomRows, byBytes);
}
