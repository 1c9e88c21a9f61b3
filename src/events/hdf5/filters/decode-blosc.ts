// Blosc 1 (HDF5 filter 32001) → bytes. All integers little-endian.
//
//   0  1  version of the format         4  4  bytes when decoded
//   1  1  version of the codec          8  4  bytes of a block when decoded
//   2  1  flags                        12  4  bytes of all this
//   3  1  bytes of an element          16  4  place of each block, or (flag 2) the bytes as they are
//   flags: 1 shuffled, 2 stored, 4 bits shuffled, 16 blocks are not split, 32... codec: 0 blosclz, 1 LZ4, 2 snappy, 3 zlib, 4 zstd
//   block: 1 part, or as many as an element has bytes; each 4 size, then a stream of the codec, or (as long as when
//   decoded) the bytes as they are
//
// https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst
import { inflateSync, zstdDecompressSync } from 'node:zlib';
import { decodeLz4Block } from '../../compression/lz4-block.ts';
import { NotNative } from '../errors.ts';
import { unshuffleInto } from './unshuffle.ts';

const HEAD_BYTES = 16;
/** Parts that a block has only where elements are small enough and the block is not. */
const MAX_SPLITS = 16;
const MIN_SPLIT_BYTES = 128;
const CODEC_LZ4 = 1;
const CODEC_ZLIB = 3;
const CODEC_ZSTD = 4;

/** Says what is wrong at a byte of the chunk; never returns. */
export type FailAt = (byte: number, state: string) => never;

/**
 * Decodes a chunk of `sizeBytes`.
 * @throws NotNative for codecs and shuffles that libhdf5's plugin has to decode
 */
export function decodeBlosc(chunk: Uint8Array, sizeBytes: number, fail: FailAt): Uint8Array {
  if (chunk.length < HEAD_BYTES) fail(0, 'a blosc chunk ends in its header');
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const flags = chunk[2]!;
  const decodedBytes = view.getUint32(4, true);
  const blockBytes = view.getUint32(8, true);
  if (decodedBytes !== sizeBytes) fail(4, `a blosc chunk of ${decodedBytes} bytes where ${sizeBytes} belong`);
  if ((flags & 2) !== 0) {
    if (chunk.length < HEAD_BYTES + decodedBytes) fail(HEAD_BYTES, 'a blosc chunk ends in the middle');
    return chunk.subarray(HEAD_BYTES, HEAD_BYTES + decodedBytes);
  }
  const codec = flags >> 5;
  if ((flags & 4) !== 0 || ![CODEC_LZ4, CODEC_ZLIB, CODEC_ZSTD].includes(codec)) {
    throw new NotNative('blosc with a codec of its own');
  }
  if (blockBytes === 0 || blockBytes > decodedBytes)
    fail(8, `a blosc chunk with blocks of ${blockBytes} bytes`);
  return new BloscBlocks(chunk, view, fail).decode(decodedBytes, blockBytes);
}

class BloscBlocks {
  readonly #chunk: Uint8Array;
  readonly #view: DataView;
  readonly #fail: FailAt;
  readonly #codec: number;
  readonly #elementBytes: number;
  readonly #isShuffled: boolean;
  readonly #isSplit: boolean;

  constructor(chunk: Uint8Array, view: DataView, fail: FailAt) {
    this.#chunk = chunk;
    this.#view = view;
    this.#fail = fail;
    this.#codec = chunk[2]! >> 5;
    this.#elementBytes = chunk[3]!;
    this.#isShuffled = (chunk[2]! & 1) !== 0 && this.#elementBytes > 1;
    this.#isSplit = (chunk[2]! & 16) === 0;
  }

  decode(sizeBytes: number, blockBytes: number): Uint8Array {
    const out = new Uint8Array(sizeBytes);
    const block = this.#isShuffled ? new Uint8Array(blockBytes) : out;
    for (let start = 0, index = 0; start < sizeBytes; start += blockBytes, index++) {
      const size = Math.min(blockBytes, sizeBytes - start);
      const from = this.#isShuffled ? 0 : start;
      this.#decodeBlock(this.#u32(HEAD_BYTES + 4 * index), block.subarray(from, from + size), blockBytes);
      if (!this.#isShuffled) continue;
      unshuffleInto(block.subarray(0, size), this.#elementBytes, out.subarray(start, start + size));
    }
    return out;
  }

  #u32(at: number): number {
    if (at + 4 > this.#chunk.length) this.#fail(at, 'a blosc chunk ends in the middle');
    return this.#view.getUint32(at, true);
  }

  #decodeBlock(at: number, out: Uint8Array, blockBytes: number): void {
    const elementBytes = this.#elementBytes;
    const isWhole = out.length === blockBytes;
    const canSplit = elementBytes <= MAX_SPLITS && blockBytes / elementBytes >= MIN_SPLIT_BYTES;
    const parts = this.#isSplit && isWhole && canSplit ? elementBytes : 1;
    const partBytes = out.length / parts;
    if (!Number.isInteger(partBytes)) this.#fail(at, 'a blosc block that cannot be split');
    for (let part = 0; part < parts; part++) {
      const size = this.#u32(at);
      at += 4;
      if (at + size > this.#chunk.length) this.#fail(at, 'a blosc block ends in the middle');
      const target = out.subarray(part * partBytes, (part + 1) * partBytes);
      if (size === partBytes) target.set(this.#chunk.subarray(at, at + size));
      else this.#decodePart(at, size, target);
      at += size;
    }
  }

  #decodePart(at: number, size: number, target: Uint8Array): void {
    if (this.#codec === CODEC_LZ4) {
      const input = { bytes: this.#chunk, start: at, end: at + size };
      const end = decodeLz4Block(input, { bytes: target, start: 0, end: target.length }, 0);
      if (typeof end !== 'number') this.#fail(end.byte, end.state);
      if (end !== target.length) this.#fail(at, 'a blosc block holds less than it should');
      return;
    }
    const decompress = this.#codec === CODEC_ZLIB ? inflateSync : zstdDecompressSync;
    const decoded = this.#tryTo(at, () =>
      decompress(this.#chunk.subarray(at, at + size), {
        maxOutputLength: target.length,
        chunkSize: target.length + 64,
      }),
    );
    if (decoded.length !== target.length) this.#fail(at, 'a blosc block holds less than it should');
    target.set(decoded);
  }

  #tryTo(at: number, decompress: () => Uint8Array): Uint8Array {
    try {
      return decompress();
    } catch {
      return this.#fail(at, 'a blosc block cannot be decompressed');
    }
  }
}
