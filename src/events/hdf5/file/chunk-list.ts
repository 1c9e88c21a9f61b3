// Where each chunk of a dataset is, out of whichever index the file has.
//
//   "TREE"  (version 1) 4 signature, 1 type (1 chunks), 1 level, 2 entries, 2 addresses of neighbours, then key, child, ...:
//           a key is 4 bytes of the chunk, 4 filter mask, 8 place in each dimension and once more
//           entries of the other indexes: an address, and where chunks are filtered their bytes and 4 filter mask
import { NotNative } from '../errors.ts';
import { Hdf5Cursor } from './cursor.ts';
import type { Hdf5Bytes } from './cursor.ts';
import { readExtensibleArray, readFixedArray } from './chunk-arrays.ts';
import type { ChunkGrid, ChunkPlace } from './chunk-place.ts';
import type { ChunkedLayout } from './messages.ts';

/** The chunks of a dataset by their number: row of chunks × chunks in a row + place in the row. */
export type ChunkList = ReadonlyMap<number, ChunkPlace>;

/** Reads an index whole: 60,000 chunks of a billion events are a megabyte of it. */
export function readChunkList(file: Hdf5Bytes, layout: ChunkedLayout, grid: ChunkGrid): ChunkList {
  const { index } = layout;
  const list = new Map<number, ChunkPlace>();
  if (index.address === null) return list;
  switch (index.kind) {
    case 'single':
      list.set(0, {
        address: index.address,
        sizeBytes: index.sizeBytes ?? grid.chunkBytes,
        mask: index.mask,
      });
      break;
    case 'implicit':
      addImplicit(list, file, index.address, grid);
      break;
    case 'tree':
      readTree(file, index.address, grid, list, MAX_LEVEL);
      break;
    case 'fixed':
      readFixedArray(file, index.address, grid, list);
      break;
    case 'extensible':
      readExtensibleArray(file, index.address, grid, list);
  }
  return list;
}

const MAX_LEVEL = 16;

/** All chunks of equal size, one behind the other. */
function addImplicit(
  list: Map<number, ChunkPlace>,
  { source }: Hdf5Bytes,
  address: number,
  { counts, chunkBytes }: ChunkGrid,
): void {
  const count = counts.reduce((product, each) => product * each, 1);
  const most = Math.min(count, Math.ceil(source.sizeBytes / chunkBytes) + 1);
  for (let i = 0; i < most; i++)
    list.set(i, { address: address + i * chunkBytes, sizeBytes: chunkBytes, mask: 0 });
}

function readTree(
  file: Hdf5Bytes,
  address: number,
  grid: ChunkGrid,
  list: Map<number, ChunkPlace>,
  above: number,
): void {
  const head = Hdf5Cursor.open(file, address, 8);
  head.expect('TREE');
  if (head.u8() !== 1) head.fail('this is no list of chunks', 4);
  const level = head.u8();
  const count = head.u16();
  if (level >= above) head.fail('a list of chunks goes in a circle', 5);
  const keyBytes = 8 + 8 * (grid.chunk.length + 1);
  const start = address + 8 + 2 * file.offsetBytes;
  const node = Hdf5Cursor.open(file, start, count * (keyBytes + file.offsetBytes) + keyBytes);
  for (let i = 0; i < count; i++) {
    const sizeBytes = node.u32();
    const mask = node.u32();
    const number = readPlace(node, grid);
    const child = node.somewhere('a chunk');
    if (level > 0) readTree(file, child, grid, list, level);
    else if (number !== null) list.set(number, { address: child, sizeBytes, mask });
  }
}

/** The number of the chunk whose first element stands in a key; null for one past the end, which shrinking leaves. */
function readPlace(node: Hdf5Cursor, { chunk, counts }: ChunkGrid): number | null {
  let number = 0;
  let isInside = true;
  for (const [dimension, size] of chunk.entries()) {
    const at = node.u64() / size;
    if (!Number.isInteger(at)) node.fail('a chunk begins between the places of chunks');
    isInside &&= at < counts[dimension]!;
    number = number * counts[dimension]! + at;
  }
  node.skip(8);
  return isInside ? number : null;
}

/** Chunks of more dimensions than this are nothing that holds events. */
export const MAX_CHUNK_RANK = 2;

/** @throws NotNative for a dataset that holds no events */
export function buildGrid(
  dimensions: readonly number[],
  chunk: readonly number[],
  elementBytes: number,
  isFiltered: boolean,
): ChunkGrid {
  if (dimensions.length > MAX_CHUNK_RANK || chunk.length !== dimensions.length) {
    throw new NotNative(`${dimensions.length} dimensions`);
  }
  return {
    counts: dimensions.map((length, i) => Math.ceil(length / chunk[i]!)),
    chunk,
    chunkBytes: chunk.reduce((product, length) => product * length, elementBytes),
    isFiltered,
  };
}
