// Reads little-endian values out of a part of an HDF5 file, one behind the other, and says which byte is wrong.
import { eventDataError } from '../../model/index.ts';
import type { ByteSource } from './byte-source.ts';

/** A file, and how wide it writes addresses and lengths. */
export interface Hdf5Bytes {
  readonly source: ByteSource;
  /** Added to every address: where a user block ends. */
  readonly base: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** One part of the file. */
export class Hdf5Cursor {
  readonly file: Hdf5Bytes;
  readonly bytes: Uint8Array;
  /** Where `bytes` begins in the file. */
  readonly start: number;
  at = 0;
  readonly #view: DataView;

  constructor(file: Hdf5Bytes, bytes: Uint8Array, start: number) {
    this.file = file;
    this.bytes = bytes;
    this.start = start;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The `length` bytes at an address. */
  static open(file: Hdf5Bytes, address: number, length: number): Hdf5Cursor {
    const start = address + file.base;
    return new Hdf5Cursor(file, file.source.readNow(start, length), start);
  }

  /** @throws RuvectorError `ERR_EVENTS_DATA`, always */
  fail(state: string, at = this.at): never {
    throw eventDataError(
      this.file.source.path,
      { byte: this.start + at },
      state,
      'it is damaged: copy or record it again',
    );
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  #take(size: number): number {
    const { at } = this;
    if (size < 0 || at + size > this.bytes.length) this.fail('a header ends in the middle of a value');
    this.at = at + size;
    return at;
  }

  skip(size: number): void {
    this.#take(size);
  }

  u8(): number {
    return this.bytes[this.#take(1)]!;
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): number {
    return this.uint(8);
  }

  /** An unsigned integer of 1 to 8 bytes; what a double cannot hold is Infinity. */
  uint(size: number): number {
    const at = this.#take(size);
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + this.bytes[at + i]!;
    return Number.isSafeInteger(value) ? value : Infinity;
  }

  length(): number {
    return this.uint(this.file.lengthBytes);
  }

  /** An address; null for the one that says that there is nothing. */
  address(): number | null {
    const { offsetBytes } = this.file;
    const at = this.at;
    const value = this.uint(offsetBytes);
    const isUndefined = this.bytes.subarray(at, at + offsetBytes).every((byte) => byte === 0xff);
    return isUndefined ? null : value;
  }

  /** An address that must be one. */
  somewhere(what: string): number {
    const at = this.at;
    return this.address() ?? this.fail(`${what} has no address`, at);
  }

  take(size: number): Uint8Array {
    const at = this.#take(size);
    return this.bytes.subarray(at, at + size);
  }

  /** A part of it, with places of its own. */
  part(size: number): Hdf5Cursor {
    const at = this.#take(size);
    return new Hdf5Cursor(this.file, this.bytes.subarray(at, at + size), this.start + at);
  }

  text(size: number): string {
    return zeroEndedText(this.take(size));
  }

  /** A text that ends with a zero, padded to a multiple of `multiple` bytes. */
  textUpToZero(multiple = 1): string {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) this.fail('a name has no end');
    const size = Math.ceil((end - this.at + 1) / multiple) * multiple;
    return this.text(size);
  }

  /** @param signature four letters */
  expect(signature: string): void {
    const at = this.at;
    const found = this.take(signature.length);
    for (let i = 0; i < signature.length; i++) {
      if (found[i] !== signature.charCodeAt(i)) this.fail(`"${signature}" should stand there`, at);
    }
  }
}

const decoder = new TextDecoder();

/** Bytes of a text up to its first zero. */
export function zeroEndedText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}
