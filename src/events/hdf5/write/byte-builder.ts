// Puts little-endian values together, one behind the other.

/** Bytes in the making. */
export class ByteBuilder {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  length = 0;

  #grow(size: number): number {
    const at = this.length;
    this.length = at + size;
    if (this.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }

  u8(...values: number[]): this {
    for (const value of values) {
      const at = this.#grow(1);
      this.#bytes[at] = value;
    }
    return this;
  }

  u16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  u64(value: number | bigint): this {
    const at = this.#grow(8);
    this.#view.setBigInt64(at, BigInt(value), true);
    return this;
  }

  raw(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** A text and a zero, filled up to a multiple of 8 bytes. */
  name(text: string): this {
    const bytes = Buffer.from(`${text}\0`);
    return this.raw(bytes).zeros((8 - (bytes.length % 8)) % 8);
  }

  pad(multiple: number): this {
    return this.zeros((multiple - (this.length % multiple)) % multiple);
  }

  zeros(size: number): this {
    this.#grow(size);
    return this;
  }

  /** Up to a size. */
  upTo(size: number): this {
    return this.zeros(Math.max(0, size - this.length));
  }

  /** All so far. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }
}

/** An address that says that there is nothing. */
export const NOWHERE = -1n;
