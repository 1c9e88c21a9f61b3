// LZ4 frames → bytes. All integers little-endian.
//
//   0  4  magic 184D2204 (184D2A50 to 5F: 4 size and bytes to pass over)
//   4  1  flags: 64 version 1, 32 blocks stand alone, 16 each block has a checksum, 8 size, 4 checksum, 1 dictionary
//   5  1  largest block: 4 64 KiB, 5 256 KiB, 6 1 MiB, 7 4 MiB, in bits 6:4
//   6  8  (flag 8) bytes when decoded
//      4  (flag 1) dictionary
//      1  checksum of the header from its flags on, second byte of xxHash32
//      blocks: 4 size, bit 31 set where the bytes are as they are; the bytes; 4 (flag 16) checksum. Size 0 ends them
//      4  (flag 4) checksum of all bytes
//
// https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
import { decodeLz4Block } from './lz4-block.ts';
import { xxHash32 } from './xxhash32.ts';

const MAGIC = 0x184d2204;
const SKIPPED_MAGIC = 0x184d2a50;

/** Says what is wrong at a byte; never returns. */
export type FailAtByte = (byte: number, state: string) => never;

/** Decodes all frames of `bytes`, one behind the other. @param most bytes that may come out */
export function decodeLz4Frames(bytes: Uint8Array, most: number, fail: FailAtByte): Uint8Array {
  const frames = new Lz4Frames(bytes, most, fail);
  return frames.decode();
}

class Lz4Frames {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #most: number;
  readonly #fail: FailAtByte;
  #at = 0;
  #out = new Uint8Array(0);
  #length = 0;

  constructor(bytes: Uint8Array, most: number, fail: FailAtByte) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#most = most;
    this.#fail = fail;
  }

  decode(): Uint8Array {
    while (this.#at < this.#bytes.length) {
      const magic = this.#u32();
      if ((magic & 0xfffffff0) >>> 0 === SKIPPED_MAGIC) this.#skip(this.#u32());
      else if (magic === MAGIC) this.#frame();
      else this.#fail(this.#at - 4, 'it is no LZ4 frame');
    }
    return this.#out.subarray(0, this.#length);
  }

  #skip(size: number): number {
    const at = this.#at;
    if (at + size > this.#bytes.length) this.#fail(at, 'an LZ4 frame ends in the middle');
    this.#at += size;
    return at;
  }

  #u32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  #frame(): void {
    const head = this.#skip(2);
    const flags = this.#bytes[head]!;
    const blockCode = (this.#bytes[head + 1]! >> 4) & 7;
    if (flags >> 6 !== 1 || blockCode < 4) this.#fail(head, 'an LZ4 frame of a version that is not known');
    const sizeBytes = (flags & 8) !== 0 ? this.#u32() + this.#u32() * 2 ** 32 : null;
    if ((flags & 1) !== 0) this.#fail(head, 'an LZ4 frame needs a dictionary');
    const check = this.#skip(1);
    if (((xxHash32(this.#bytes.subarray(head, check)) >> 8) & 0xff) !== this.#bytes[check]) {
      this.#fail(check, 'the header of an LZ4 frame does not match its checksum');
    }
    const start = this.#length;
    if (sizeBytes !== null) this.#reserve(sizeBytes);
    const isAlone = (flags & 32) !== 0;
    while (this.#block(start, isAlone, (flags & 16) !== 0, 2 ** (8 + 2 * blockCode)));
    const decoded = this.#out.subarray(start, this.#length);
    if (sizeBytes !== null && decoded.length !== sizeBytes) {
      this.#fail(head, `an LZ4 frame of ${decoded.length} bytes where it says ${sizeBytes}`);
    }
    if ((flags & 4) === 0) return;
    const at = this.#at;
    if (this.#u32() !== xxHash32(decoded)) this.#fail(at, 'an LZ4 frame does not match its checksum');
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed > this.#most) this.#fail(this.#at, `an LZ4 frame of more than ${this.#most} bytes`);
    if (needed <= this.#out.length) return;
    const larger = new Uint8Array(Math.min(this.#most, Math.max(needed, 2 * this.#out.length)));
    larger.set(this.#out.subarray(0, this.#length));
    this.#out = larger;
  }

  /** @returns false at the end of the frame */
  #block(start: number, isAlone: boolean, isChecked: boolean, most: number): boolean {
    const head = this.#u32();
    if (head === 0) return false;
    const size = head & 0x7fffffff;
    const at = this.#skip(size);
    if (isChecked) {
      const sum = this.#u32();
      if (sum !== xxHash32(this.#bytes.subarray(at, at + size)))
        this.#fail(at, 'an LZ4 block does not match its checksum');
    }
    if (head >>> 31 === 1) {
      this.#reserve(size);
      this.#out.set(this.#bytes.subarray(at, at + size), this.#length);
      this.#length += size;
      return true;
    }
    // A byte of a block gives at most 255.
    this.#reserve(Math.min(most, 255 * size));
    const output = {
      bytes: this.#out,
      start: this.#length,
      end: Math.min(this.#out.length, this.#length + most),
    };
    const input = { bytes: this.#bytes, start: at, end: at + size };
    const end = decodeLz4Block(input, output, isAlone ? this.#length : start);
    if (typeof end !== 'number') return this.#fail(end.byte, end.state);
    this.#length = end;
    return true;
  }
}
