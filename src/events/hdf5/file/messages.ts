// Messages of a dataset's header: how large it is, how it lies in the file and which filters its chunks went through.
//
//   dataspace  1 version, 1 rank, 1 flags, (version 1) 5 reserved, (version 2) 1 type; then a length for each dimension
//   layout     version 3: 1 version, 1 class: 0 compact (2 size, bytes), 1 contiguous (address, length),
//              2 chunked (1 rank + 1, address of a B-tree, 4 for each dimension, 4 size of an element)
//              version 4 and 5, chunked: 1 flags, 1 rank + 1, 1 width, a width for each dimension, 1 index, its parameters, address
//   filters    1 version, 1 number, (version 1) 6 reserved; each 2 id, 2 length of the name (version 2: only from id 256 on),
//              2 flags, 2 number of parameters, name, 4 for each parameter
import { NotNative } from '../errors.ts';
import type { Hdf5Cursor } from './cursor.ts';

/** A filter of a chunk. */
export interface Filter {
  readonly id: number;
  readonly name: string;
  readonly parameters: readonly number[];
}

/** Where chunks are listed. `rows` etc. count elements. */
export interface ChunkedLayout {
  readonly kind: 'chunked';
  /** Elements of a chunk in each dimension. */
  readonly chunk: readonly number[];
  readonly index: ChunkIndex;
}

/** How the chunks of a dataset are found. */
export type ChunkIndex =
  | { readonly kind: 'tree'; readonly address: number | null }
  | {
      readonly kind: 'single';
      readonly address: number | null;
      readonly sizeBytes: number | null;
      readonly mask: number;
    }
  | { readonly kind: 'implicit'; readonly address: number | null }
  | { readonly kind: 'fixed'; readonly address: number | null }
  | { readonly kind: 'extensible'; readonly address: number | null };

/** How a dataset lies in the file. */
export type DataLayout =
  | { readonly kind: 'compact'; readonly address: number; readonly sizeBytes: number }
  | { readonly kind: 'contiguous'; readonly address: number | null; readonly sizeBytes: number }
  | ChunkedLayout;

const MAX_RANK = 32;

/** Dimensions of a dataset; none for a single value, null for an empty one. */
export function readDataspace(cursor: Hdf5Cursor): number[] | null {
  const version = cursor.u8();
  const rank = cursor.u8();
  cursor.skip(1);
  if (rank > MAX_RANK) cursor.fail(`a dataset of ${rank} dimensions`, 1);
  if (version === 1) cursor.skip(5);
  else if (version !== 2) cursor.fail(`dataspace version ${version} is not known`, 0);
  else if (cursor.u8() === 2) return null;
  return Array.from({ length: rank }, () => {
    const length = cursor.length();
    return Number.isFinite(length) ? length : cursor.fail('a dimension is too large');
  });
}

/** Reads a layout message. */
export function readLayout(cursor: Hdf5Cursor): DataLayout {
  const version = cursor.u8();
  if (version === 1 || version === 2) return readOldLayout(cursor);
  if (version < 3 || version > 5) cursor.fail(`layout version ${version} is not known`, 0);
  const kind = cursor.u8();
  if (kind === 0) {
    const sizeBytes = cursor.u16();
    return { kind: 'compact', address: cursor.start + cursor.at - cursor.file.base, sizeBytes };
  }
  if (kind === 1) return { kind: 'contiguous', address: cursor.address(), sizeBytes: cursor.length() };
  if (kind === 3) throw new NotNative('a virtual dataset');
  if (kind !== 2) cursor.fail(`layout class ${kind} is not known`, 1);
  return version === 3 ? readTreeLayout(cursor) : readIndexedLayout(cursor);
}

/** Versions 1 and 2, up to libhdf5 1.6: 1 version, 1 rank, 1 class, 5 reserved, address, 4 for each dimension. */
function readOldLayout(cursor: Hdf5Cursor): DataLayout {
  const rank = cursor.u8();
  const kind = cursor.u8();
  cursor.skip(5);
  if (kind === 0) throw new NotNative('an old compact layout');
  if (kind > 2) cursor.fail(`layout class ${kind} is not known`, 2);
  const address = cursor.address();
  const dimensions = readSizes(cursor, rank, 4);
  if (kind === 2) {
    return { kind: 'chunked', chunk: dimensions.slice(0, -1), index: { kind: 'tree', address } };
  }
  return { kind: 'contiguous', address, sizeBytes: Infinity };
}

function readTreeLayout(cursor: Hdf5Cursor): DataLayout {
  const rank = cursor.u8();
  const address = cursor.address();
  const dimensions = readSizes(cursor, rank, 4);
  return { kind: 'chunked', chunk: dimensions.slice(0, -1), index: { kind: 'tree', address } };
}

function readSizes(cursor: Hdf5Cursor, rank: number, width: number): number[] {
  if (rank < 1 || rank > MAX_RANK + 1) cursor.fail(`a layout of ${rank} dimensions`);
  return Array.from({ length: rank }, () => {
    const size = cursor.uint(width);
    return size > 0 ? size : cursor.fail('a chunk of no size');
  });
}

function readIndexedLayout(cursor: Hdf5Cursor): DataLayout {
  const flags = cursor.u8();
  const rank = cursor.u8();
  const width = cursor.u8();
  if (width < 1 || width > 8) cursor.fail(`dimensions of ${width} bytes`);
  const chunk = readSizes(cursor, rank, width).slice(0, -1);
  return { kind: 'chunked', chunk, index: readChunkIndex(cursor, (flags & 2) !== 0) };
}

function readChunkIndex(cursor: Hdf5Cursor, isSingleFiltered: boolean): ChunkIndex {
  const kind = cursor.u8();
  switch (kind) {
    case 1: {
      const sizeBytes = isSingleFiltered ? cursor.length() : null;
      const mask = isSingleFiltered ? cursor.u32() : 0;
      return { kind: 'single', address: cursor.address(), sizeBytes, mask };
    }
    case 2:
      return { kind: 'implicit', address: cursor.address() };
    case 3:
      cursor.skip(1);
      return { kind: 'fixed', address: cursor.address() };
    case 4:
      cursor.skip(5);
      return { kind: 'extensible', address: cursor.address() };
    case 5:
      throw new NotNative('a B-tree of version 2');
    default:
      return cursor.fail(`chunk index ${kind} is not known`);
  }
}

/** Reads a filter pipeline, in the order in which a writer applies it. */
export function readFilters(cursor: Hdf5Cursor): Filter[] {
  const version = cursor.u8();
  const count = cursor.u8();
  if (version === 1) cursor.skip(6);
  else if (version !== 2) cursor.fail(`filter pipeline version ${version} is not known`, 0);
  return Array.from({ length: count }, () => readFilter(cursor, version));
}

function readFilter(cursor: Hdf5Cursor, version: number): Filter {
  const id = cursor.u16();
  const nameBytes = version === 1 || id >= 256 ? cursor.u16() : 0;
  cursor.skip(2);
  const count = cursor.u16();
  const name = cursor.text(version === 1 ? Math.ceil(nameBytes / 8) * 8 : nameBytes);
  const parameters = Array.from({ length: count }, () => cursor.u32());
  if (version === 1 && count % 2 === 1) cursor.skip(4);
  return { id, name, parameters };
}
