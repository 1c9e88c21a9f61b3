// An HDF5 file as what holds events needs it: datasets by their path, their attributes, their rows as bytes. Read here, or
// by libhdf5 in a thread where a file is written in a way that own reading does not know.
import type { Attributes } from './file/attributes.ts';
import type { Hdf5Type } from './file/datatype.ts';
import type { Filter } from './file/messages.ts';

/** What a dataset is. */
export interface Hdf5DatasetFacts {
  readonly path: string;
  /** Elements in each dimension; none for a single value. */
  readonly dimensions: readonly number[];
  readonly type: Hdf5Type;
  /** Rows of a chunk; null where there are none. */
  readonly chunkRows: number | null;
  readonly filters: readonly Filter[];
  readonly attributes: Attributes;
}

/** A dataset. A row is all elements of one place in the first dimension. */
export interface Dataset extends Hdf5DatasetFacts {
  /** Bytes of rows, in the order of the file's type. */
  readRows(start: number, count: number): Promise<Uint8Array>;
  /** A chunk of a dataset of one dimension as it stands in the file. */
  readStored(chunk: number): Promise<StoredRows>;
}

/** A chunk as it stands in the file. */
export interface StoredRows {
  readonly bytes: Uint8Array;
  /** Where it begins in the file. */
  readonly byte: number;
  /** Bit i: filter i was left out. */
  readonly mask: number;
}

/** A file that is open. */
export interface Hdf5File extends AsyncDisposable {
  readonly path: string;
  readonly sizeBytes: number;
  /** Null where no dataset has that path. */
  findDataset(path: string): Promise<Dataset | null>;
  /** Null where nothing has that path. */
  findAttributes(path: string): Promise<Attributes | null>;
}

/** Bytes of a row. */
export const rowBytesOf = ({ dimensions, type }: Hdf5DatasetFacts): number =>
  dimensions.slice(1).reduce((product, length) => product * length, type.sizeBytes);

/** Rows of a dataset. */
export const datasetRows = ({ dimensions }: Hdf5DatasetFacts): number => dimensions[0] ?? 1;
