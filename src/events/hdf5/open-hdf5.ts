// Opens an HDF5 file: read here as far as own reading knows it, by libhdf5 where not.
import { libraryError, NotNative } from './errors.ts';
import type { Attributes } from './file/attributes.ts';
import { checkFilters, LibraryHdf5 } from './library-file.ts';
import { openNativeFile } from './native-file.ts';
import type { Dataset, Hdf5File, StoredRows } from './hdf5-file.ts';

/** @throws RuvectorError `ERR_EVENTS_FORMAT`, `ERR_EVENTS_DATA`; system errors */
export function openHdf5File(path: string): Hdf5File {
  return new EitherFile(openNativeFile(path));
}

class EitherFile implements Hdf5File {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #native: Hdf5File;
  #library: LibraryHdf5 | null = null;

  constructor(native: Hdf5File) {
    this.#native = native;
    this.path = native.path;
    this.sizeBytes = native.sizeBytes;
  }

  async #either<T>(look: (file: Hdf5File) => Promise<T>): Promise<T> {
    try {
      return await look(this.#native);
    } catch (error) {
      if (!(error instanceof NotNative)) throw error;
      this.#library ??= new LibraryHdf5(this.path);
      return look(this.#library);
    }
  }

  async findDataset(path: string): Promise<Dataset | null> {
    const found = await this.#either((file) => file.findDataset(path));
    return found && new EitherDataset(this.path, found, () => this.#libraryDataset(path));
  }

  async #libraryDataset(path: string): Promise<Dataset> {
    this.#library ??= new LibraryHdf5(this.path);
    const found = await this.#library.findDataset(path);
    if (!found) throw libraryError(this.path, path, new Error('there is no such dataset'));
    return found;
  }

  async findAttributes(path: string): Promise<Attributes | null> {
    return this.#either((file) => file.findAttributes(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#native[Symbol.asyncDispose]();
    await this.#library?.[Symbol.asyncDispose]();
  }
}

/** Goes over to libhdf5 at the first chunk whose filters are not known here. */
class EitherDataset implements Dataset {
  readonly #path: string;
  #dataset: Dataset;
  readonly #find: () => Promise<Dataset>;
  #found: Promise<Dataset> | null = null;

  constructor(file: string, dataset: Dataset, find: () => Promise<Dataset>) {
    this.#path = file;
    this.#dataset = dataset;
    this.#find = find;
  }

  get path(): string {
    return this.#dataset.path;
  }

  get dimensions(): readonly number[] {
    return this.#dataset.dimensions;
  }

  get type(): Dataset['type'] {
    return this.#dataset.type;
  }

  get chunkRows(): number | null {
    return this.#dataset.chunkRows;
  }

  get filters(): Dataset['filters'] {
    return this.#dataset.filters;
  }

  get attributes(): Attributes {
    return this.#dataset.attributes;
  }

  async readRows(start: number, count: number): Promise<Uint8Array> {
    try {
      return await this.#dataset.readRows(start, count);
    } catch (error) {
      if (!(error instanceof NotNative)) throw error;
      checkFilters(this.#path, this.#dataset);
      this.#found ??= this.#find();
      this.#dataset = await this.#found;
      return this.#dataset.readRows(start, count);
    }
  }

  async readStored(chunk: number): Promise<StoredRows> {
    return this.#dataset.readStored(chunk);
  }
}
