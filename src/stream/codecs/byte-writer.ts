// Growing memory for the binary encoders: one per encoder, used again for every message. Not a codec.
//
//   0 .. length            what was written
//   length .. byteLength   room: what is in it is left over from earlier messages, and is written over
//
const FIRST_BYTES = 64 * 1024;
const utf8 = new TextEncoder();

/** Bytes that are written often, as words: faster than byte by byte, and than `set` for so few. */
export interface Constant {
  readonly length: number;
  /** Little-endian, the last padded with zeros, which the next write covers. */
  readonly words: Int32Array;
}

/** Prepares bytes for `append`. */
export function constantOf(bytes: Uint8Array): Constant {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  const words = Int32Array.from({ length: padded.length / 4 }, (_, i) => view.getInt32(4 * i, true));
  return { length: bytes.length, words };
}

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

  /** Appends a constant, into room that was reserved for it and three bytes more. */
  append({ words, length }: Constant): void {
    const { view } = this;
    let at = this.length;
    for (let i = 0; i < words.length; i++, at += 4) view.setInt32(at, words[i]!, true);
    this.length += length;
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
