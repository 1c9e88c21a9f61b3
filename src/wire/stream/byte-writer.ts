// Growing memory for the binary encoders: one per encoder, used again for every message. Not a codec.
const FIRST_BYTES = 64 * 1024;
const utf8 = new TextEncoder();

/** Bytes written so far. Reserve first: the write functions of the codecs go to `bytes` and `view` directly. */
export class ByteWriter {
  bytes = new Uint8Array(FIRST_BYTES);
  view = new DataView(this.bytes.buffer);
  length = 0;

  /** Makes room for `sizeBytes` more. */
  reserve(sizeBytes: number): void {
    const needed = this.length + sizeBytes;
    if (needed <= this.bytes.byteLength) return;
    const larger = new Uint8Array(Math.max(needed, this.bytes.byteLength * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  /** Appends short constant bytes, into room that was reserved: a loop beats `set` below 50 bytes. */
  append(source: Uint8Array): void {
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < source.length; i++) bytes[at++] = source[i]!;
    this.length = at;
  }

  /** Appends text in UTF-8 after `prefixBytes` of room, and returns its size. A lone surrogate is U+FFFD. */
  appendText(text: string, prefixBytes: number): number {
    this.reserve(prefixBytes + text.length * 3);
    const start = this.length + prefixBytes;
    const { written } = utf8.encodeInto(text, this.bytes.subarray(start));
    this.length = start + written;
    return written;
  }

  /** A copy of what was written; the memory is used for the next message. */
  take(): Uint8Array {
    const copy = this.bytes.slice(0, this.length);
    this.length = 0;
    return copy;
  }
}
