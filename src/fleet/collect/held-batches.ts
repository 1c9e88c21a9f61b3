// Batches that a collector holds until they are in files: by identity, so that one that comes twice is held once, with
// whom to tell that it lasts. Writing puts them together by kind, host, day and epoch.
import type * as arrow from 'apache-arrow';
import { concatRows, timesOf } from '../../core/index.ts';
import type { RowRun } from '../../core/index.ts';
import { formatBatchId } from '../subjects.ts';
import type { BatchId } from '../subjects.ts';
import type { LakePlace } from './lake.ts';
import type { Stretch } from './sequence-ranges.ts';

/** One batch. */
export interface HeldBatch {
  readonly id: BatchId;
  readonly isAnonymized: boolean;
  readonly rows: arrow.RecordBatch;
  /** Tell the server; one for each time it came. */
  readonly acknowledge: (() => void)[];
}

/** Rows for one file, in the order of their batches. */
export interface FilePart {
  readonly stretch: Stretch;
  readonly isAnonymized: boolean;
  readonly rows: arrow.RecordBatch;
}

/** Everything of one day of a host's kind and epoch. */
export interface HeldDay {
  readonly place: LakePlace;
  readonly epoch: string;
  readonly pieces: readonly Piece[];
}

interface Piece {
  readonly batch: HeldBatch;
  readonly runs: readonly RowRun[];
}

const DAY_MS = 86_400_000;

/** Batches not in files yet. */
export class HeldBatches {
  readonly #batches = new Map<string, HeldBatch>();
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  get size(): number {
    return this.#batches.size;
  }

  /** @returns false when it is held already; whoever sent it again is told with the others */
  add(batch: HeldBatch): boolean {
    const text = formatBatchId(batch.id);
    const held = this.#batches.get(text);
    if (held) {
      held.acknowledge.push(...batch.acknowledge);
      return false;
    }
    this.#batches.set(text, batch);
    this.#rows += batch.rows.numRows;
    return true;
  }

  /** Hands everything over. */
  takeAll(): HeldBatch[] {
    const batches = [...this.#batches.values()];
    this.#batches.clear();
    this.#rows = 0;
    return batches;
  }
}

/** Sorts batches into days. */
export function buildDays(batches: readonly HeldBatch[]): HeldDay[] {
  const days = new Map<string, { place: LakePlace; epoch: string; pieces: Piece[] }>();
  const inOrder = [...batches].sort((a, b) => a.id.sequence - b.id.sequence);
  for (const batch of inOrder) {
    const { kind, host, epoch } = batch.id;
    for (const [date, runs] of runsByDate(batch.rows)) {
      const key = `${kind} ${host} ${epoch} ${date}`;
      const day = days.get(key) ?? { place: { kind, host, date }, epoch, pieces: [] };
      day.pieces.push({ batch, runs });
      days.set(key, day);
    }
  }
  return [...days.values()];
}

/** Puts the pieces that are wanted together: a file holds batches that follow each other and have the same columns. */
export function buildFileParts(
  pieces: readonly Piece[],
  isWanted: (sequence: number) => boolean,
): FilePart[] {
  const groups: Piece[][] = [];
  for (const piece of pieces.filter(({ batch }) => isWanted(batch.id.sequence))) {
    const last = groups.at(-1)?.at(-1)?.batch;
    if (last && follows(piece.batch, last)) groups.at(-1)!.push(piece);
    else groups.push([piece]);
  }
  return groups.map((group) => {
    const [first, last] = [group[0]!.batch, group.at(-1)!.batch];
    return {
      stretch: { first: first.id.sequence, last: last.id.sequence },
      isAnonymized: first.isAnonymized,
      rows: concatRows(
        first.rows.schema,
        group.flatMap(({ runs }) => runs),
      ),
    };
  });
}

function follows(next: HeldBatch, last: HeldBatch): boolean {
  return (
    next.id.sequence === last.id.sequence + 1 &&
    next.isAnonymized === last.isAnonymized &&
    columnsOf(next.rows) === columnsOf(last.rows)
  );
}

const columnsOf = ({ schema }: arrow.RecordBatch): string =>
  schema.fields.map(({ name, type, nullable }) => `${name} ${String(type)} ${nullable}`).join();

function runsByDate(batch: arrow.RecordBatch): Map<string, RowRun[]> {
  const found = new Map<string, RowRun[]>();
  const times = timesOf(batch);
  let from = 0;
  for (let row = 1; row <= times.length; row++) {
    const day = dayOf(times[from]!);
    if (row < times.length && dayOf(times[row]!) === day) continue;
    const date = new Date(day * DAY_MS).toISOString().slice(0, 10);
    const runs = found.get(date) ?? [];
    runs.push({ batch, from, to: row });
    found.set(date, runs);
    from = row;
  }
  return found;
}

const dayOf = (timeMs: number): number => Math.floor(timeMs / DAY_MS);
