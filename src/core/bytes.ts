// Bytes of small binary forms, little-endian: written one value after another, read with every length checked. A form is
// a magic, a version, a payload and the CRC-32 of all before it. Pure, so that it runs in browsers too.

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 as in zlib and PNG. */
export function crc32Of(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 255]!;
  return ~crc >>> 0;
}

/** Collects values as bytes. */
export class StateWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  u8(value: number): void {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
  }

  u32(value: number): void {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
  }

  f64(value: number): void {
    const at = this.#grow(8);
    this.#view.setFloat64(at, value, true);
  }

  /** UTF-8 behind its length. */
  text(value: string): void {
    const encoded = new TextEncoder().encode(value);
    this.u32(encoded.length);
    this.raw(encoded);
  }

  raw(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  f64s(values: ArrayLike<number>): void {
    this.u32(values.length);
    for (let i = 0; i < values.length; i++) this.f64(values[i]!);
  }

  f32s(values: ArrayLike<number>): void {
    this.u32(values.length);
    const start = this.#grow(values.length * 4);
    for (let i = 0; i < values.length; i++) this.#view.setFloat32(start + i * 4, values[i]!, true);
  }

  u32s(values: ArrayLike<number>): void {
    this.u32(values.length);
    for (let i = 0; i < values.length; i++) this.u32(values[i]!);
  }

  /** Everything so far, with its CRC-32 behind it. */
  finish(): Uint8Array {
    this.u32(crc32Of(this.#bytes.subarray(0, this.#length)));
    return this.#bytes.slice(0, this.#length);
  }

  /** Where the next `count` bytes go. It may change the array: ask first, then write. */
  #grow(count: number): number {
    const start = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }
}

/** Reads what {@link StateWriter} wrote; what cannot be is the error that the form brings. */
export class StateReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #damaged: (state: string) => Error;
  #at = 0;

  /** @param damaged makes the error for bytes that are not as they should be */
  constructor(bytes: Uint8Array, damaged: (state: string) => Error) {
    this.#damaged = damaged;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#bytes = bytes;
    const end = bytes.length - 4;
    if (end < 0) throw damaged(`there are ${bytes.length} bytes`);
    if (crc32Of(bytes.subarray(0, end)) !== this.#view.getUint32(end, true))
      throw damaged('its checksum is wrong');
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1, 1));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(1, 4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(1, 8), true);
  }

  text(): string {
    const length = this.u32();
    const start = this.#take(length, 1);
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.#bytes.subarray(start, start + length));
  }

  f64s(): Float64Array {
    const length = this.u32();
    const start = this.#take(length, 8);
    return Float64Array.from({ length }, (_, i) => this.#view.getFloat64(start + i * 8, true));
  }

  f32s(): Float32Array {
    const length = this.u32();
    const start = this.#take(length, 4);
    return Float32Array.from({ length }, (_, i) => this.#view.getFloat32(start + i * 4, true));
  }

  u32s(): Uint32Array {
    const length = this.u32();
    const start = this.#take(length, 4);
    return Uint32Array.from({ length }, (_, i) => this.#view.getUint32(start + i * 4, true));
  }

  /** @throws what `damaged` makes, when `isGood` is false */
  require(isGood: boolean, state: string): void {
    if (!isGood) throw this.#damaged(state);
  }

  /** A number that cannot be more than there are bytes for: a hostile count makes no large loop. */
  count(): number {
    const count = this.u32();
    this.require(
      count <= this.#view.byteLength,
      `it counts ${count} entries in ${this.#view.byteLength} bytes`,
    );
    return count;
  }

  /** Nothing may be left but the CRC. */
  end(): void {
    const left = this.#view.byteLength - 4 - this.#at;
    this.require(left === 0, `${left} bytes are left at its end`);
  }

  /** Where `count` values of `size` bytes begin. */
  #take(count: number, size: number): number {
    const start = this.#at;
    const left = this.#view.byteLength - 4 - start;
    if (count * size > left)
      throw this.#damaged(`it ends after ${this.#view.byteLength} bytes, in the middle of a value`);
    this.#at += count * size;
    return start;
  }
}
