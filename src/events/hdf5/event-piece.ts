// A piece of a recording: rows that were read together.
import type { EventSlot, Polarity } from '../model/index.ts';
import { fillPixels, fillPolarities, fillTimes } from './fill-columns.ts';
import type { ColumnBytes, TimeScale } from './fill-columns.ts';

/** Rows that are in memory. */
export interface EventPiece {
  readonly rows: number;
  /** Copies rows behind a slot's end, which stays where it is. */
  copy(from: number, count: number, events: EventSlot): void;
}

/** Reads pieces. */
export interface EventPieces {
  /** The piece that begins with a row. */
  read(row: number): Promise<EventPiece>;
}

/** The four columns of a piece. */
export type PieceColumns = Readonly<Record<'t' | 'x' | 'y' | 'p', ColumnBytes>>;

/** A piece of rows whose columns are in memory. */
export const buildPiece = (
  columns: PieceColumns,
  rows: number,
  scale: TimeScale,
  polarity: Polarity,
): EventPiece => ({
  rows,
  copy: (from, count, events) => copyColumns(columns, { from, count }, events, scale, polarity),
});

function copyColumns(
  columns: PieceColumns,
  { from, count }: { readonly from: number; readonly count: number },
  events: EventSlot,
  scale: TimeScale,
  polarity: Polarity,
): void {
  const at = (column: ColumnBytes): ColumnBytes => ({
    ...column,
    bytes: column.bytes.subarray(from * column.stride, (from + count) * column.stride),
    firstRow: column.firstRow + from,
  });
  fillTimes(at(columns.t), events, count, scale);
  fillPixels(at(columns.x), events.x.subarray(events.length), count);
  fillPixels(at(columns.y), events.y.subarray(events.length), count);
  fillPolarities(at(columns.p), events.p.subarray(events.length), count, polarity);
}
