// A chunk as it stands in the file → the bytes of its elements: filters are undone, the last one first, but those that the
// chunk's mask says were left out. What is not known here, libhdf5 decodes with its plugins (NotNative).
import { inflate, zstdDecompress } from 'node:zlib';
import { promisify } from 'node:util';
import { decodeLz4Block } from '../../compression/lz4-block.ts';
import { eventDataError } from '../../model/index.ts';
import { NotNative } from '../errors.ts';
import type { Filter } from '../file/messages.ts';
import { filterIds } from '../filter-ids.ts';
import { decodeBlosc } from './decode-blosc.ts';
import type { FailAt } from './decode-blosc.ts';
import { unshuffle } from './unshuffle.ts';

/** A chunk as it stands in the file. */
export interface StoredChunk {
  readonly path: string;
  /** Where it begins in the file. */
  readonly byte: number;
  readonly bytes: Uint8Array;
  /** Bit i: filter i was left out. */
  readonly mask: number;
  /** Bytes of its elements. */
  readonly sizeBytes: number;
}

const inflateAsync = promisify(inflate);
const zstdDecompressAsync = promisify(zstdDecompress);

/** Filters that are in force for a chunk. */
export const activeFilters = (filters: readonly Filter[], mask: number): Filter[] =>
  filters.filter((_, i) => i > 31 || ((mask >>> i) & 1) === 0);

/**
 * Undoes the filters of a chunk.
 * @throws RuvectorError `ERR_EVENTS_DATA`; NotNative for filters that are not known here
 */
export async function decodeChunk(chunk: StoredChunk, filters: readonly Filter[]): Promise<Uint8Array> {
  const fail: FailAt = (byte, state) => {
    throw damage(chunk, byte, state);
  };
  let { bytes } = chunk;
  for (const filter of activeFilters(filters, chunk.mask).reverse()) {
    bytes = await undo(filter, bytes, chunk, fail);
  }
  if (bytes.length < chunk.sizeBytes) {
    fail(0, `a chunk of ${bytes.length} bytes where ${chunk.sizeBytes} belong`);
  }
  return bytes;
}

function damage({ path, byte }: StoredChunk, at: number, state: string, cause?: unknown): Error {
  return eventDataError(
    path,
    { byte: byte + at },
    state,
    'the chunk is damaged: copy or record the file again',
    cause,
  );
}

/** A checksum behind the bytes may come before or after compression. */
const FLETCHER_BYTES = 4;

async function undo(
  filter: Filter,
  bytes: Uint8Array,
  chunk: StoredChunk,
  fail: FailAt,
): Promise<Uint8Array> {
  const maxOutputLength = chunk.sizeBytes + FLETCHER_BYTES;
  // All at once: zlib's own pieces of 16 KiB would cost a way to its threads and back each.
  const chunkSize = maxOutputLength + 64;
  switch (filter.id) {
    case filterIds.deflate:
      return decompress(chunk, 'gzip', inflateAsync(bytes, { maxOutputLength, chunkSize }));
    case filterIds.zstd:
      return decompress(chunk, 'zstd', zstdDecompressAsync(bytes, { maxOutputLength, chunkSize }));
    case filterIds.shuffle:
      return unshuffle(bytes, Math.max(1, filter.parameters[0] ?? 1));
    case filterIds.fletcher32:
      return checkFletcher32(bytes, fail);
    case filterIds.lz4:
      return decodeLz4(bytes, chunk.sizeBytes, fail);
    case filterIds.blosc:
      return decodeBlosc(bytes, chunk.sizeBytes, fail);
    default:
      throw new NotNative(`filter ${filter.id}`);
  }
}

async function decompress(chunk: StoredChunk, name: string, bytes: Promise<Uint8Array>): Promise<Uint8Array> {
  return bytes.catch((error: unknown) => {
    throw damage(chunk, 0, `a chunk that ${name} cannot decompress`, error);
  });
}

/** HDF5 filter 32004: 8 bytes when decoded, 4 bytes of a block, big-endian; each block 4 size and the block. */
function decodeLz4(bytes: Uint8Array, sizeBytes: number, fail: FailAt): Uint8Array {
  if (bytes.length < 12) fail(0, 'an LZ4 chunk ends in its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const total = view.getUint32(0) * 2 ** 32 + view.getUint32(4);
  const blockBytes = Math.min(view.getUint32(8), total);
  if (total > sizeBytes + FLETCHER_BYTES) fail(0, `an LZ4 chunk of ${total} bytes where ${sizeBytes} belong`);
  if (total > 0 && blockBytes === 0) fail(8, 'an LZ4 chunk with blocks of no size');
  const out = new Uint8Array(total);
  for (let to = 0, at = 12; to < total; to += blockBytes) {
    if (at + 4 > bytes.length) fail(at, 'an LZ4 chunk ends in the middle');
    const size = view.getUint32(at);
    const end = Math.min(to + blockBytes, total);
    at += 4;
    if (at + size > bytes.length) fail(at, 'an LZ4 chunk ends in the middle');
    if (size === end - to) out.set(bytes.subarray(at, at + size), to);
    else {
      const decoded = decodeLz4Block(
        { bytes, start: at, end: at + size },
        { bytes: out, start: to, end },
        to,
      );
      if (typeof decoded !== 'number') fail(decoded.byte, decoded.state);
      if (decoded !== end) fail(at, 'an LZ4 block holds less than it should');
    }
    at += size;
  }
  return out;
}

/** Fletcher's checksum over big-endian words, as libhdf5 reckons it; a last odd byte is the high half of a word. */
function checkFletcher32(bytes: Uint8Array, fail: FailAt): Uint8Array {
  const size = bytes.length - FLETCHER_BYTES;
  if (size < 0) fail(0, 'a chunk without its checksum');
  let [low, high] = [0, 0];
  for (let i = 0; i < size; i += 2) {
    low = (low + ((bytes[i]! << 8) | (i + 1 < size ? bytes[i + 1]! : 0))) % 65535;
    high = (high + low) % 65535;
  }
  const stored = new DataView(bytes.buffer, bytes.byteOffset + size, FLETCHER_BYTES).getUint32(0, true);
  const found = ((high << 16) | low) >>> 0;
  if (found !== stored && !isSameModulo(found, stored)) fail(0, 'a chunk that does not match its checksum');
  return bytes.subarray(0, size);
}

/** 0 and 65535 are the same sum. */
function isSameModulo(a: number, b: number): boolean {
  return (a >>> 16) % 65535 === (b >>> 16) % 65535 && (a & 0xffff) % 65535 === (b & 0xffff) % 65535;
}
