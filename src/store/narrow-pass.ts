// One pass over every source that has rows in the next stretch of time, for when more of them overlap
// than may be open at once. The stretch is as long as its rows fit: whenever they do not, the later half
// is dropped and the stretch ends there. Each source is decoded once a pass, one at a time.
import type * as arrow from 'apache-arrow';
import { concatRows, takeRows, toArrowSchema } from '../core/index.ts';
import type { RecordKind } from '../core/index.ts';
import type { CursorHeap } from './cursor-heap.ts';
import { isBefore } from './source-cursor.ts';
import type { MergeKey, SourceCursor } from './source-cursor.ts';

/** Every batch costs some ten kilobytes beside its rows. */
const MAX_PIECES = 256;

/** Copied rows of one or more visited sources. `owners` are indexes into the visited ones. */
interface Piece {
  readonly batch: arrow.RecordBatch;
  readonly times: Float64Array;
  readonly owners: Uint32Array;
}

interface Visit {
  readonly cursor: SourceCursor;
  readonly taken: number;
  /** Time of the first row that was left, if one was. */
  readonly nextMs: number;
}

/**
 * Takes the next rows of all sources, in order, and moves their cursors behind them.
 * @param maxBytes bytes of the rows taken; twice that is held while they are put in order
 * @param park gives a visited cursor's decoded rows up
 * @returns null when no source had a row left
 */
export async function readNarrowPass(
  kind: RecordKind,
  heap: CursorHeap,
  maxBytes: number,
  park: (cursor: SourceCursor) => void,
): Promise<arrow.RecordBatch | null> {
  const visits: Visit[] = [];
  const pool = new Pool(kind, maxBytes, visits);
  while (heap.top && (pool.limit === null || isBefore(heap.top, pool.limit))) {
    const cursor = heap.pop();
    const visit = cursor.open || (await cursor.read()) ? pool.take(cursor, visits.length) : null;
    park(cursor);
    if (!visit) continue;
    visits.push(visit);
    pool.fit();
  }
  const { batch, owners } = pool.join();
  const used = new Uint32Array(visits.length);
  for (const owner of owners) used[owner]!++;
  for (const [i, { cursor, taken, nextMs }] of visits.entries()) {
    const kept = used[i]!;
    cursor.at += kept;
    if (cursor.isDone) continue;
    // Rows that were taken and dropped again do not come before the limit.
    cursor.timeMs = kept === taken ? nextMs : pool.limit!.timeMs;
    heap.push(cursor);
  }
  return batch.numRows > 0 ? batch : null;
}

class Pool {
  /** Where the stretch ends; null while everything fits. */
  limit: MergeKey | null = null;
  readonly #schema: arrow.Schema;
  readonly #maxBytes: number;
  readonly #visits: readonly Visit[];
  #pieces: Piece[] = [];
  #bytes = 0;

  constructor(kind: RecordKind, maxBytes: number, visits: readonly Visit[]) {
    this.#schema = toArrowSchema(kind);
    this.#maxBytes = maxBytes;
    this.#visits = visits;
  }

  /** Copies the rows of an open cursor before the limit. */
  take(cursor: SourceCursor, owner: number): Visit {
    const { batch, times } = cursor.open!;
    const to = cursor.indexOf(this.limit);
    const taken = to - cursor.at;
    if (taken > 0) {
      this.#add({
        batch: concatRows(this.#schema, [{ batch, from: cursor.at, to }]),
        times: times.slice(cursor.at, to),
        owners: new Uint32Array(taken).fill(owner),
      });
    }
    return { cursor, taken, nextMs: to < cursor.end ? times[to]! : Infinity };
  }

  /** Brings the pool back within its bound. */
  fit(): void {
    if (this.#bytes <= this.#maxBytes && this.#pieces.length <= MAX_PIECES) return;
    const joined = this.join();
    const { times, owners } = joined;
    const isOver = this.#bytes > this.#maxBytes && times.length > 1;
    const keep = isOver ? times.length >> 1 : times.length;
    if (isOver) this.limit = { timeMs: times[keep]!, order: this.#visits[owners[keep]!]!.cursor.order };
    this.#pieces = [];
    this.#bytes = 0;
    this.#add(isOver ? this.#cut(joined, keep) : joined);
  }

  /** Everything in the pool as one piece in order. */
  join(): Piece {
    const pieces = this.#pieces;
    if (pieces.length === 1) return pieces[0]!;
    const batch = concatRows(
      this.#schema,
      pieces.map(({ batch: each }) => ({ batch: each, from: 0, to: each.numRows })),
    );
    const times = new Float64Array(batch.numRows);
    const owners = new Uint32Array(batch.numRows);
    let at = 0;
    for (const piece of pieces) {
      times.set(piece.times, at);
      owners.set(piece.owners, at);
      at += piece.times.length;
    }
    const orderOf = Uint32Array.from(this.#visits, ({ cursor }) => cursor.order);
    const rows = Uint32Array.from(times.keys()).sort(
      (a, b) => times[a]! - times[b]! || orderOf[owners[a]!]! - orderOf[owners[b]!]! || a - b,
    );
    return {
      batch: takeRows(batch, rows),
      times: Float64Array.from(rows, (row) => times[row]!),
      owners: Uint32Array.from(rows, (row) => owners[row]!),
    };
  }

  #cut({ batch, times, owners }: Piece, rows: number): Piece {
    return {
      batch: concatRows(this.#schema, [{ batch, from: 0, to: rows }]),
      times: times.slice(0, rows),
      owners: owners.slice(0, rows),
    };
  }

  #add(piece: Piece): void {
    this.#pieces.push(piece);
    this.#bytes += piece.batch.data.byteLength;
  }
}
