// Pieces of recordings whose columns are datasets, or fields of one.
import type { Polarity } from '../model/index.ts';
import { buildPiece } from './event-piece.ts';
import type { EventPiece, EventPieces } from './event-piece.ts';
import type { ColumnBytes, TimeScale } from './fill-columns.ts';
import { rowBytesOf } from './hdf5-file.ts';
import type { Hdf5Column, Hdf5Recording } from './recording-layout.ts';

/** Events of a piece where chunks do not say otherwise. */
const PIECE_ROWS = 131_072;
/** Chunks smaller than this are read together. */
const FEWEST_ROWS = 65_536;
/** Chunks larger than this are read in parts. */
const MOST_ROWS = 1_048_576;

const columnNames = ['t', 'x', 'y', 'p'] as const;

/** Reads pieces that end where the chunks of t end. */
export class ColumnPieces implements EventPieces {
  readonly #path: string;
  readonly #recording: Hdf5Recording;
  readonly #scale: TimeScale;
  readonly #polarity: Polarity;
  readonly #pieceRows: number;

  constructor(path: string, recording: Hdf5Recording, scale: TimeScale, polarity: Polarity) {
    this.#path = path;
    this.#recording = recording;
    this.#scale = scale;
    this.#polarity = polarity;
    const { chunkRows } = recording.columns.t.dataset;
    this.#pieceRows =
      chunkRows === null || chunkRows > MOST_ROWS
        ? PIECE_ROWS
        : // A piece of one chunk is not copied together.
          Math.max(1, Math.round(FEWEST_ROWS / chunkRows)) * chunkRows;
  }

  async read(row: number): Promise<EventPiece> {
    const rows = Math.min(this.#pieceRows - (row % this.#pieceRows), this.#recording.rows - row);
    const datasets = [...new Set(columnNames.map((name) => this.#recording.columns[name].dataset))];
    const bytes = await Promise.all(datasets.map((dataset) => dataset.readRows(row, rows)));
    const of = (name: (typeof columnNames)[number]): ColumnBytes => {
      const column = this.#recording.columns[name];
      return this.#bytesOf(column, bytes[datasets.indexOf(column.dataset)]!, row);
    };
    const columns = { t: of('t'), x: of('x'), y: of('y'), p: of('p') };
    return buildPiece(columns, rows, this.#scale, this.#polarity);
  }

  #bytesOf({ dataset, offset, type }: Hdf5Column, bytes: Uint8Array, firstRow: number): ColumnBytes {
    const stride = rowBytesOf(dataset);
    return { bytes, stride, offset, type, firstRow, source: this.#path, dataset: dataset.path };
  }
}
