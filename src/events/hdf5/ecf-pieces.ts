// Pieces of Prophesee's recordings whose chunks are compressed in ECF: a piece is a chunk.
import { eventDataError } from '../model/index.ts';
import type { Polarity } from '../model/index.ts';
import { EcfDecoder } from './ecf/decode-ecf.ts';
import { buildPiece } from './event-piece.ts';
import type { EventPiece, EventPieces, PieceColumns } from './event-piece.ts';
import type { ColumnBytes, TimeScale } from './fill-columns.ts';
import type { NumberType } from './file/datatype.ts';
import { filterIds } from './filter-ids.ts';
import { activeFilters } from './filters/decode-chunk.ts';
import { rowBytesOf, datasetRows } from './hdf5-file.ts';
import type { Dataset, StoredRows } from './hdf5-file.ts';
import type { Hdf5Recording } from './recording-layout.ts';

/** True where the chunks of a recording are compressed in ECF. */
export function isEcf({ layout, columns }: Hdf5Recording): boolean {
  const { filters } = columns.t.dataset;
  return layout === 'prophesee' && filters.length === 1 && filters[0]!.id === filterIds.ecf;
}

const numberType = (sizeBytes: number, isSigned: boolean): NumberType => ({
  kind: 'integer',
  sizeBytes,
  isSigned,
  isBigEndian: false,
});

/** Types of the columns of a decoded chunk. */
const decodedTypes = {
  t: numberType(8, true),
  x: numberType(2, false),
  y: numberType(2, false),
  p: numberType(1, false),
};

/** Reads chunks. */
export class EcfPieces implements EventPieces {
  readonly #path: string;
  readonly #recording: Hdf5Recording;
  readonly #dataset: Dataset;
  readonly #chunkRows: number;
  readonly #scale: TimeScale;
  readonly #polarity: Polarity;
  /** Two pieces are in memory at a time: the one that is handed out and the next. */
  readonly #decoders: readonly [EcfDecoder, EcfDecoder];

  constructor(path: string, recording: Hdf5Recording, scale: TimeScale, polarity: Polarity) {
    this.#path = path;
    this.#recording = recording;
    this.#dataset = recording.columns.t.dataset;
    this.#chunkRows = this.#dataset.chunkRows ?? 1;
    this.#scale = scale;
    this.#polarity = polarity;
    this.#decoders = [new EcfDecoder(path), new EcfDecoder(path)];
  }

  async read(row: number): Promise<EventPiece> {
    const chunk = Math.floor(row / this.#chunkRows);
    const stored = await this.#dataset.readStored(chunk);
    const rows = Math.min(this.#chunkRows, datasetRows(this.#dataset) - row);
    const isPlain = activeFilters(this.#dataset.filters, stored.mask).length === 0;
    const columns = isPlain ? this.#plain(stored, rows, row) : this.#decode(stored, rows, row, chunk);
    return buildPiece(columns, rows, this.#scale, this.#polarity);
  }

  #decode(stored: StoredRows, rows: number, firstRow: number, chunk: number): PieceColumns {
    const events = this.#decoders[chunk % 2]!.decode(stored.bytes, stored.byte);
    // A chunk that libhdf5 compressed itself is filled up behind the last row.
    if (events.count < rows)
      this.#fail(stored.byte, `an ECF chunk of ${events.count} events where ${rows} belong`);
    const of = (name: keyof typeof decodedTypes, values: ArrayBufferView): ColumnBytes => ({
      bytes: new Uint8Array(values.buffer, values.byteOffset, rows * decodedTypes[name].sizeBytes),
      stride: decodedTypes[name].sizeBytes,
      offset: 0,
      type: decodedTypes[name],
      firstRow,
      source: this.#path,
      dataset: this.#dataset.path,
    });
    return { t: of('t', events.tWords), x: of('x', events.x), y: of('y', events.y), p: of('p', events.p) };
  }

  /** A chunk that its writer left as it was. */
  #plain({ bytes, byte }: StoredRows, rows: number, firstRow: number): PieceColumns {
    const stride = rowBytesOf(this.#dataset);
    if (bytes.length < rows * stride)
      this.#fail(byte, `a chunk of ${bytes.length} bytes where ${rows} events belong`);
    const of = (name: keyof PieceColumns): ColumnBytes => {
      const { offset, type } = this.#recording.columns[name];
      return { bytes, stride, offset, type, firstRow, source: this.#path, dataset: this.#dataset.path };
    };
    return { t: of('t'), x: of('x'), y: of('y'), p: of('p') };
  }

  #fail(byte: number, state: string): never {
    throw eventDataError(this.#path, { byte }, state, 'copy or record the file again');
  }
}
