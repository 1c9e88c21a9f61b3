// HDF5 files read here: chunks are read and decompressed by several threads at a time.
import { eventDataError } from '../model/index.ts';
import { NotNative } from './errors.ts';
import { readAttributes } from './file/attributes.ts';
import type { Attributes } from './file/attributes.ts';
import { openByteSource } from './file/byte-source.ts';
import type { ByteSource } from './file/byte-source.ts';
import { buildGrid, readChunkList } from './file/chunk-list.ts';
import type { ChunkList } from './file/chunk-list.ts';
import type { ChunkGrid, ChunkPlace } from './file/chunk-place.ts';
import type { Hdf5Bytes } from './file/cursor.ts';
import { readDatatype } from './file/datatype.ts';
import type { Hdf5Type } from './file/datatype.ts';
import { readLinks } from './file/groups.ts';
import { readDataspace, readFilters, readLayout } from './file/messages.ts';
import type { ChunkedLayout, Filter, DataLayout } from './file/messages.ts';
import { messageTypes, readObjectHeader } from './file/object-header.ts';
import type { HeaderMessage } from './file/object-header.ts';
import { readSuperblock } from './file/superblock.ts';
import { decodeChunk } from './filters/decode-chunk.ts';
import { rowBytesOf } from './hdf5-file.ts';
import type { Dataset, Hdf5File, StoredRows } from './hdf5-file.ts';

/** Soft links that lead to each other. */
const MAX_LINKS_FOLLOWED = 32;
/** A chunk has to fit in memory. */
const MAX_CHUNK_BYTES = 2 ** 30;

/**
 * Opens a file.
 * @throws RuvectorError `ERR_EVENTS_FORMAT`, `ERR_EVENTS_DATA`; system errors
 */
export function openNativeFile(path: string): Hdf5File {
  const source = openByteSource(path);
  try {
    const { file, rootAddress } = readSuperblock(source);
    return new NativeFile(source, file, rootAddress);
  } catch (error) {
    source.close();
    throw error;
  }
}

class NativeFile implements Hdf5File {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #source: ByteSource;
  readonly #file: Hdf5Bytes;
  readonly #root: number;

  constructor(source: ByteSource, file: Hdf5Bytes, root: number) {
    this.path = source.path;
    this.sizeBytes = source.sizeBytes;
    this.#source = source;
    this.#file = file;
    this.#root = root;
  }

  async findDataset(path: string): Promise<Dataset | null> {
    const messages = this.#find(path);
    const layout = messages?.find(({ type }) => type === messageTypes.layout);
    if (!messages || !layout) return null;
    return buildDataset(this.#file, path, messages, layout);
  }

  async findAttributes(path: string): Promise<Attributes | null> {
    const messages = this.#find(path);
    return messages && readAttributes(this.#file, messages);
  }

  #find(path: string): HeaderMessage[] | null {
    const names = path.split('/').filter((name) => name !== '');
    let messages = readObjectHeader(this.#file, this.#root);
    for (let followed = 0; names.length > 0;) {
      const link = readLinks(this.#file, messages).get(names.shift()!);
      if (!link) return null;
      if ('address' in link) messages = readObjectHeader(this.#file, link.address);
      else {
        if (++followed > MAX_LINKS_FOLLOWED || !link.path.startsWith('/')) throw new NotNative('soft links');
        names.unshift(...link.path.split('/').filter((name) => name !== ''));
        messages = readObjectHeader(this.#file, this.#root);
      }
    }
    return messages;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#source.close();
  }
}

function buildDataset(
  file: Hdf5Bytes,
  path: string,
  messages: readonly HeaderMessage[],
  layoutMessage: HeaderMessage,
): Dataset {
  const one = (type: number): HeaderMessage | undefined => messages.find((message) => message.type === type);
  if (one(messageTypes.externalFiles)) throw new NotNative('bytes in other files');
  const space = one(messageTypes.dataspace);
  const type = one(messageTypes.datatype);
  if (!space || !type) return layoutMessage.body.fail(`dataset "${path}" has no size or no type`, 0);
  const filters = one(messageTypes.filters);
  if ([layoutMessage, space, filters].some((message) => message?.isShared === true)) {
    throw new NotNative('shared messages');
  }
  return new NativeDataset(file, {
    path,
    dimensions: readDataspace(space.body) ?? [0],
    type: readType(file, type),
    layout: readLayout(layoutMessage.body),
    filters: filters ? readFilters(filters.body) : [],
    attributes: readAttributes(file, messages),
  });
}

/** A named type stands in a header of its own: 1 version, 1 type, (version 1) 6 reserved, its address. */
function readType(file: Hdf5Bytes, { isShared, body }: HeaderMessage): Hdf5Type {
  if (!isShared) return readDatatype(body);
  const version = body.u8();
  body.skip(version === 1 ? 7 : 1);
  const named = readObjectHeader(file, body.somewhere('a named type'));
  const type = named.find((message) => message.type === messageTypes.datatype);
  return type && !type.isShared ? readDatatype(type.body) : body.fail('a named type is none');
}

interface NativeFacts {
  readonly path: string;
  readonly dimensions: readonly number[];
  readonly type: Hdf5Type;
  readonly layout: DataLayout;
  readonly filters: readonly Filter[];
  readonly attributes: Attributes;
}

class NativeDataset implements Dataset {
  readonly path: string;
  readonly dimensions: readonly number[];
  readonly type: Hdf5Type;
  readonly filters: readonly Filter[];
  readonly attributes: Attributes;
  readonly chunkRows: number | null;
  readonly #file: Hdf5Bytes;
  readonly #layout: DataLayout;
  readonly #rowBytes: number;
  #chunks: { readonly grid: ChunkGrid; readonly list: ChunkList } | null = null;
  /** The chunk that was decoded last: the next rows may begin in it. */
  #last: { readonly number: number; readonly bytes: Promise<Uint8Array> } | null = null;

  constructor(file: Hdf5Bytes, facts: NativeFacts) {
    this.#file = file;
    this.path = facts.path;
    this.dimensions = facts.dimensions;
    this.type = facts.type;
    this.filters = facts.filters;
    this.attributes = facts.attributes;
    this.#layout = facts.layout;
    this.#rowBytes = rowBytesOf(this);
    this.chunkRows = facts.layout.kind === 'chunked' ? (facts.layout.chunk[0] ?? null) : null;
  }

  async readRows(start: number, count: number): Promise<Uint8Array> {
    if (count === 0) return new Uint8Array(0);
    const layout = this.#layout;
    if (layout.kind !== 'chunked') return this.#readPlain(layout, start, count);
    const { grid } = this.#index(layout);
    const [chunkRows, chunkColumns] = [grid.chunk[0]!, grid.counts[1] ?? 1];
    const first = Math.floor(start / chunkRows);
    const last = Math.floor((start + count - 1) / chunkRows);
    const numbers = Array.from(
      { length: (last - first + 1) * chunkColumns },
      (_, i) => first * chunkColumns + i,
    );
    const decoded = await Promise.all(numbers.map((number) => this.#decoded(number)));
    if (numbers.length === 1 && grid.chunk.length === 1) {
      const from = (start - first * chunkRows) * this.#rowBytes;
      return decoded[0]!.subarray(from, from + count * this.#rowBytes);
    }
    const out = new Uint8Array(count * this.#rowBytes);
    for (const [i, bytes] of decoded.entries()) this.#place(out, bytes, numbers[i]!, { start, count });
    return out;
  }

  async #readPlain(
    layout: Exclude<DataLayout, ChunkedLayout>,
    start: number,
    count: number,
  ): Promise<Uint8Array> {
    if (layout.address === null) throw this.#missing(start);
    const from = start * this.#rowBytes;
    const size = count * this.#rowBytes;
    if (from + size > layout.sizeBytes) throw this.#missing(Math.floor(layout.sizeBytes / this.#rowBytes));
    return this.#file.source.read(this.#file.base + layout.address + from, size);
  }

  #index(layout: ChunkedLayout): { readonly grid: ChunkGrid; readonly list: ChunkList } {
    if (this.#chunks) return this.#chunks;
    const grid = buildGrid(this.dimensions, layout.chunk, this.type.sizeBytes, this.filters.length > 0);
    if (grid.chunkBytes > MAX_CHUNK_BYTES) {
      const state = `dataset "${this.path}" has chunks of ${grid.chunkBytes} bytes`;
      throw eventDataError(
        this.#file.source.path,
        { byte: layout.index.address ?? 0 },
        state,
        `write it again with chunks of at most ${MAX_CHUNK_BYTES} bytes (h5repack -l CHUNK=65536)`,
      );
    }
    this.#chunks = { grid, list: readChunkList(this.#file, layout, grid) };
    return this.#chunks;
  }

  #missing(row: number): Error {
    return eventDataError(
      this.#file.source.path,
      { byte: this.#file.source.sizeBytes },
      `row ${row} of "${this.path}" was never written`,
      'its writer did not finish: record it again, or read it up to there (h5repack, or a smaller dataset)',
    );
  }

  #placeOf(number: number): ChunkPlace {
    const layout = this.#layout as ChunkedLayout;
    const { grid, list } = this.#index(layout);
    const place = list.get(number);
    if (!place) throw this.#missing(Math.floor(number / (grid.counts[1] ?? 1)) * grid.chunk[0]!);
    return place;
  }

  async readStored(chunk: number): Promise<StoredRows> {
    const { address, sizeBytes, mask } = this.#placeOf(chunk);
    const byte = this.#file.base + address;
    return { bytes: await this.#file.source.read(byte, sizeBytes), byte, mask };
  }

  async #decoded(number: number): Promise<Uint8Array> {
    if (this.#last?.number === number) return this.#last.bytes;
    const bytes = this.#decode(number);
    if (this.#last === null || this.#last.number < number) this.#last = { number, bytes };
    return bytes;
  }

  async #decode(number: number): Promise<Uint8Array> {
    const stored = await this.readStored(number);
    const sizeBytes = this.#chunks!.grid.chunkBytes;
    return decodeChunk({ path: this.#file.source.path, sizeBytes, ...stored }, this.filters);
  }

  /** Copies what a chunk has of the wanted rows. */
  #place(out: Uint8Array, bytes: Uint8Array, number: number, rows: { start: number; count: number }): void {
    const { chunk, counts } = this.#chunks!.grid;
    const chunkColumns = counts[1] ?? 1;
    const firstRow = Math.floor(number / chunkColumns) * chunk[0]!;
    const elementBytes = this.type.sizeBytes;
    const width = (chunk[1] ?? 1) * elementBytes;
    const left = (number % chunkColumns) * width;
    const size = chunk.length === 1 ? this.#rowBytes : Math.min(width, this.#rowBytes - left);
    const from = Math.max(rows.start, firstRow);
    const to = Math.min(rows.start + rows.count, firstRow + chunk[0]!);
    if (size === this.#rowBytes && width === this.#rowBytes) {
      const start = (from - firstRow) * width;
      out.set(bytes.subarray(start, start + (to - from) * width), (from - rows.start) * width);
      return;
    }
    for (let row = from; row < to; row++) {
      const start = (row - firstRow) * width;
      out.set(bytes.subarray(start, start + size), (row - rows.start) * this.#rowBytes + left);
    }
  }
}
