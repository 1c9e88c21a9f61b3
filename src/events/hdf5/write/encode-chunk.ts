// Chunks of numbers → compressed, and how a header names what was done: shuffled first, because bytes of one place are alike.
import { deflate, zstdCompress } from 'node:zlib';
import { promisify } from 'node:util';
import { filterIds } from '../filter-ids.ts';
import type { WrittenFilter } from './hdf5-container.ts';

/** How chunks are compressed. */
export type Hdf5Compression = 'none' | 'gzip' | 'zstd' | 'blosc';

const deflateAsync = promisify(deflate);
const zstdCompressAsync = promisify(zstdCompress);

const GZIP_LEVEL = 1;
const BLOSC_ZSTD = 4;
const BLOSC_HEAD_BYTES = 16;

const filter = (id: number, name: string, parameters: readonly number[]): WrittenFilter => ({
  id,
  isOptional: false,
  name,
  parameters,
});

/** The filters that a header names. */
export function filtersFor(
  compression: Hdf5Compression,
  elementBytes: number,
  chunkBytes: number,
): WrittenFilter[] {
  const shuffled = filter(filterIds.shuffle, 'shuffle', [elementBytes]);
  const chains: Readonly<Record<Hdf5Compression, WrittenFilter[]>> = {
    none: [],
    gzip: [shuffled, filter(filterIds.deflate, 'deflate', [GZIP_LEVEL])],
    zstd: [shuffled, filter(filterIds.zstd, 'zstd', [3])],
    // Versions of filter and format, element, chunk, level, shuffle, codec.
    blosc: [filter(filterIds.blosc, 'blosc', [2, 2, elementBytes, chunkBytes, 3, 1, BLOSC_ZSTD])],
  };
  return chains[compression];
}

/** Compresses a whole chunk. */
export async function encodeChunk(
  bytes: Uint8Array,
  compression: Hdf5Compression,
  elementBytes: number,
): Promise<Uint8Array> {
  if (compression === 'none') return bytes;
  const shuffled = shuffle(bytes, elementBytes);
  if (compression === 'gzip') return deflateAsync(shuffled, { level: GZIP_LEVEL });
  // Readers of HDF5 want the frame to say its size.
  const compressed = await zstdCompressAsync(shuffled, { pledgedSrcSize: shuffled.length });
  return compression === 'zstd' ? compressed : encodeBlosc(bytes, compressed, elementBytes);
}

function shuffle(bytes: Uint8Array, elementBytes: number): Uint8Array {
  if (elementBytes === 1) return bytes;
  const out = new Uint8Array(bytes.length);
  const count = bytes.length / elementBytes;
  for (let byte = 0, to = 0; byte < elementBytes; byte++) {
    for (let i = byte; to < (byte + 1) * count; i += elementBytes) out[to++] = bytes[i]!;
  }
  return out;
}

/** One block that is not split (its bytes are mapped in ../filters/decode-blosc.ts), or stored where that is shorter. */
function encodeBlosc(bytes: Uint8Array, compressed: Uint8Array, elementBytes: number): Uint8Array {
  const isStored = compressed.length >= bytes.length;
  const body = isStored ? bytes.length : 8 + compressed.length;
  const out = new Uint8Array(BLOSC_HEAD_BYTES + body);
  const view = new DataView(out.buffer);
  const shuffled = elementBytes > 1 ? 1 : 0;
  out.set([2, 1, (isStored ? 2 : 0x10) | shuffled | (BLOSC_ZSTD << 5), elementBytes]);
  view.setUint32(4, bytes.length, true);
  view.setUint32(8, bytes.length, true);
  view.setUint32(12, out.length, true);
  if (isStored) {
    out.set(bytes, BLOSC_HEAD_BYTES);
    return out;
  }
  view.setUint32(BLOSC_HEAD_BYTES, BLOSC_HEAD_BYTES + 4, true);
  view.setUint32(BLOSC_HEAD_BYTES + 4, compressed.length, true);
  out.set(compressed, BLOSC_HEAD_BYTES + 8);
  return out;
}
