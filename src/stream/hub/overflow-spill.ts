// Events of one slow subscriber on disk: one file a piece in a private temporary folder, each removed when
// it was read. Adding never waits: pieces are written behind the caller's back. Not a durable store.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { GapEvent, StreamEvent, StreamTable } from '../stream-contract.ts';

/** Events of one file. */
const PIECE_EVENTS = 512;
/** Pieces that may wait for the disk. */
const MAX_WRITING = 8;

/** A first-in first-out queue on disk. */
export interface OverflowSpill {
  /** Events that wait. */
  readonly size: number;
  /** False when the bound is reached and the event was not taken. Never waits. */
  push(event: StreamEvent): boolean;
  /** The oldest events, or the gaps that stand for them when the disk does not give them back. */
  take(): Promise<readonly StreamEvent[]>;
  /** Removes the files. */
  dispose(): Promise<void>;
}

interface Piece {
  readonly count: number;
  /** What is lost when the file is. */
  readonly gaps: readonly GapEvent[];
  sizeBytes: number;
  /** Set until it is on disk. */
  events: readonly StreamEvent[] | null;
  path: string;
  written: Promise<void>;
}

/** @param maxBytes most bytes on disk */
export function createOverflowSpill(maxBytes: number, onProblem: (error: unknown) => void): OverflowSpill {
  return new DiskQueue(maxBytes, onProblem);
}

class DiskQueue implements OverflowSpill {
  readonly #maxBytes: number;
  readonly #onProblem: (error: unknown) => void;
  #folder: Promise<string> | undefined;
  #pieces: Piece[] = [];
  /** The newest events, not enough for a piece yet. */
  #tail: StreamEvent[] = [];
  #number = 0;
  #writing = 0;
  #usedBytes = 0;
  #size = 0;
  #isFailing = false;

  constructor(maxBytes: number, onProblem: (error: unknown) => void) {
    this.#maxBytes = maxBytes;
    this.#onProblem = onProblem;
  }

  get size(): number {
    return this.#size;
  }

  push(event: StreamEvent): boolean {
    if (this.#isFailing || this.#usedBytes >= this.#maxBytes || this.#writing >= MAX_WRITING) return false;
    this.#tail.push(event);
    this.#size++;
    if (this.#tail.length >= PIECE_EVENTS) this.#closePiece();
    return true;
  }

  #closePiece(): void {
    const events = this.#tail;
    this.#tail = [];
    const piece: Piece = {
      count: events.length,
      gaps: gapsOf(events),
      sizeBytes: 0,
      events,
      path: '',
      written: Promise.resolve(),
    };
    piece.written = this.#write(piece);
    this.#pieces.push(piece);
  }

  async #write(piece: Piece): Promise<void> {
    this.#writing++;
    try {
      const bytes = serialize(piece.events);
      piece.sizeBytes = bytes.byteLength;
      this.#usedBytes += piece.sizeBytes;
      this.#folder ??= mkdtemp(join(tmpdir(), 'ruvector-spill-'));
      piece.path = join(await this.#folder, String(this.#number++));
      await writeFile(piece.path, bytes, { mode: 0o600 });
      piece.events = null;
    } catch (error) {
      // It stays in memory and is delivered; no more is taken until one was read.
      this.#isFailing = true;
      this.#onProblem(error);
    } finally {
      this.#writing--;
    }
  }

  async take(): Promise<readonly StreamEvent[]> {
    const piece = this.#pieces.shift();
    if (piece) {
      this.#size -= piece.count;
      return this.#read(piece);
    }
    const events = this.#tail;
    this.#tail = [];
    this.#size = 0;
    return events;
  }

  async #read(piece: Piece): Promise<readonly StreamEvent[]> {
    await piece.written;
    this.#usedBytes -= piece.sizeBytes;
    this.#isFailing = false;
    if (piece.events) return piece.events;
    try {
      return deserialize(await readFile(piece.path)) as StreamEvent[];
    } catch (error) {
      this.#onProblem(error);
      return piece.gaps;
    } finally {
      await rm(piece.path, { force: true });
    }
  }

  async dispose(): Promise<void> {
    const waiting = this.#pieces;
    this.#pieces = [];
    await Promise.all(waiting.map((piece) => piece.written));
    const folder = await this.#folder?.catch(() => undefined);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

function gapsOf(events: readonly StreamEvent[]): GapEvent[] {
  const gaps = new Map<StreamTable, { from: number; to: number; dropped: number }>();
  for (const event of events) {
    if (event.type === 'hello') continue;
    const [from, to, count] =
      event.type === 'record'
        ? [event.sequence, event.sequence, 1]
        : [event.fromSequence, event.toSequence, event.dropped];
    const gap = gaps.get(event.table) ?? { from, to, dropped: 0 };
    gaps.set(event.table, { from: gap.from, to, dropped: gap.dropped + count });
  }
  return [...gaps].map(([table, { from, to, dropped }]) => ({
    type: 'gap',
    table,
    fromSequence: from,
    toSequence: to,
    dropped,
    reason: 'overflow',
  }));
}
