// Sources → one stream of batches in time order, in bounded memory however they overlap. A source is
// opened when the merge reaches its first row and let go behind its last, so sources that follow one
// another pass through as they are. What stays open meanwhile is bounded: beyond the bound those with the
// farthest next rows are parked and decoded again later. Where more sources overlap at one time than fit
// (the same hours written again and again by a clock that starts anew at each boot), narrow-pass.ts takes
// the next stretch of time from all of them.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type * as arrow from 'apache-arrow';
import { toArrowSchema } from '../core/index.ts';
import type { RecordKind } from '../core/index.ts';
import { CursorHeap } from './cursor-heap.ts';
import { readNarrowPass } from './narrow-pass.ts';
import type { QuerySource } from './query-source.ts';
import { RunQueue } from './run-queue.ts';
import { SourceCursor } from './source-cursor.ts';

/** How much a merge may hold, and how it gives it out. */
export interface MergeLimits {
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly batchRows: number;
  /** Decoded bytes held open; a single source that is larger is still read. */
  readonly openBytes: number;
}

/** Bytes of a value before anything was decoded. */
const VALUE_BYTES = 8;
/** Runs of this many rows are given out as they are, without a copy. */
const LONG_RUN_ROWS = 1024;
/** Decodes of each source, on average, that parking may cost before the merge reads in narrow passes. */
const MAX_DECODES = 2;

/** Yields the rows of a range in time order; those of equal time in the order of their sources. */
export async function* mergeSources(
  kind: RecordKind,
  sources: readonly QuerySource[],
  limits: MergeLimits,
): AsyncGenerator<arrow.RecordBatch> {
  const merge = new Merge(kind, sources, limits);
  for (let batches = await merge.next(); batches !== null; batches = await merge.next()) {
    for (const batch of batches) {
      for (let at = 0; at < batch.numRows; at += limits.batchRows) {
        yield batch.slice(at, Math.min(batch.numRows, at + limits.batchRows));
        await nextTurn();
      }
    }
  }
}

class Merge {
  readonly #heap: CursorHeap;
  readonly #queue: RunQueue;
  readonly #kind: RecordKind;
  readonly #limits: MergeLimits;
  readonly #open = new Set<SourceCursor>();
  #openBytes = 0;
  #decodedBytes = 0;
  #givenRows = 0;

  constructor(kind: RecordKind, sources: readonly QuerySource[], limits: MergeLimits) {
    this.#kind = kind;
    this.#limits = limits;
    this.#heap = new CursorHeap(sources.map((source, order) => new SourceCursor(source, order, limits)));
    this.#queue = new RunQueue(toArrowSchema(kind), limits.openBytes / 8);
  }

  /** The next batches, possibly none yet; null at the end. */
  async next(): Promise<readonly arrow.RecordBatch[] | null> {
    const cursor = this.#heap.top;
    if (!cursor) return this.#queue.isEmpty ? null : this.#queue.take();
    if (cursor.open) return this.#takeRun(cursor);
    if (!this.#makeRoom(cursor)) return this.#readNarrow();
    await this.#read(cursor);
    return [];
  }

  /** The rows of the top before any other source's next. */
  #takeRun(cursor: SourceCursor): readonly arrow.RecordBatch[] {
    const { batch } = cursor.open!;
    const run = { batch, from: cursor.at, to: cursor.indexOf(this.#heap.second) };
    const isAlone = run.to === cursor.end && run.from === 0;
    const rows = run.to - run.from;
    cursor.advance(run.to);
    this.#givenRows += rows;
    const batches: arrow.RecordBatch[] = [];
    if (rows >= LONG_RUN_ROWS || (isAlone && this.#queue.isEmpty)) {
      batches.push(...this.#queue.take(), batch.slice(run.from, run.to));
    } else {
      this.#queue.push(run);
      if (this.#queue.rows >= this.#limits.batchRows) batches.push(...this.#queue.take());
    }
    if (!cursor.isDone) this.#heap.sink();
    else this.#park(this.#heap.pop());
    return batches;
  }

  async #read(cursor: SourceCursor): Promise<void> {
    if (!(await cursor.read())) {
      cursor.park();
      this.#heap.pop();
      return;
    }
    this.#open.add(cursor);
    this.#openBytes += cursor.openBytes;
    this.#decodedBytes += cursor.openBytes;
    this.#heap.sink();
  }

  #park(cursor: SourceCursor): void {
    if (this.#open.delete(cursor)) {
      this.#openBytes -= cursor.openBytes;
      this.#queue.release(cursor.open!.batch, cursor.openBytes);
    }
    cursor.park();
  }

  /** Parks what is needed last until another source fits. @returns false when that has been done too often to pay */
  #makeRoom(cursor: SourceCursor): boolean {
    const { openBytes } = this.#limits;
    const rowBytes = this.#kind.fields.length * VALUE_BYTES;
    const neededBytes = cursor.source.rows * rowBytes;
    if (this.#openBytes + neededBytes <= openBytes) return true;
    const paidBytes = MAX_DECODES * this.#givenRows * rowBytes + 1.25 * openBytes;
    if (this.#open.size > 0 && this.#decodedBytes > paidBytes) return false;
    for (const open of [...this.#open].sort((a, b) => b.timeMs - a.timeMs)) {
      if (this.#openBytes + neededBytes <= openBytes) break;
      this.#park(open);
    }
    return true;
  }

  async #readNarrow(): Promise<readonly arrow.RecordBatch[]> {
    const before = this.#queue.take();
    const maxBytes = this.#limits.openBytes / 4;
    const batch = await readNarrowPass(this.#kind, this.#heap, maxBytes, (cursor) => this.#park(cursor));
    return batch ? [...before, batch] : before;
  }
}
