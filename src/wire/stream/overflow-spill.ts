// Events of one slow subscriber on disk: one file a piece in a private temporary folder, each removed when
// it was read. Adding never waits: pieces are written behind the caller's back. Not a durable store.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { GapEvent, StreamEvent, StreamTable } from './stream-contract.ts';

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
  let folder: Promise<string> | undefined;
  let pieces: Piece[] = [];
  let tail: StreamEvent[] = [];
  let number = 0;
  let writing = 0;
  let usedBytes = 0;
  let size = 0;
  let isFull = false;

  const write = async (piece: Piece): Promise<void> => {
    writing++;
    try {
      const bytes = serialize(piece.events);
      piece.sizeBytes = bytes.byteLength;
      usedBytes += piece.sizeBytes;
      folder ??= mkdtemp(join(tmpdir(), 'ruvector-spill-'));
      piece.path = join(await folder, String(number++));
      await writeFile(piece.path, bytes, { mode: 0o600 });
      piece.events = null;
    } catch (error) {
      // It stays in memory and is delivered; no more is taken until there is room.
      isFull = true;
      onProblem(error);
    } finally {
      writing--;
    }
  };
  const closePiece = (): void => {
    const piece: Piece = {
      count: tail.length,
      gaps: gapsOf(tail),
      sizeBytes: 0,
      events: tail,
      path: '',
      written: Promise.resolve(),
    };
    tail = [];
    piece.written = write(piece);
    pieces.push(piece);
  };
  const read = async (piece: Piece): Promise<readonly StreamEvent[]> => {
    await piece.written;
    usedBytes -= piece.sizeBytes;
    isFull = false;
    const { events } = piece;
    if (events) return events;
    try {
      return deserialize(await readFile(piece.path)) as StreamEvent[];
    } catch (error) {
      onProblem(error);
      return piece.gaps;
    } finally {
      await rm(piece.path, { force: true });
    }
  };

  return {
    get size() {
      return size;
    },
    push(event) {
      if (isFull || usedBytes >= maxBytes || writing >= MAX_WRITING) return false;
      tail.push(event);
      size++;
      if (tail.length >= PIECE_EVENTS) closePiece();
      return true;
    },
    async take() {
      const piece = pieces.shift();
      const count = piece?.count ?? tail.length;
      const memory = piece ? null : tail;
      if (!piece) tail = [];
      size -= count;
      return memory ?? read(piece!);
    },
    async dispose() {
      const waiting = pieces;
      pieces = [];
      await Promise.all(waiting.map((piece) => piece.written));
      if (folder) await rm(await folder.catch(() => ''), { recursive: true, force: true });
    },
  };
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
