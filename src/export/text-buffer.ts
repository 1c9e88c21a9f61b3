// Bytes of text that grow: what CSV and JSON are written to. Numbers are written four digits at a time, as
// one 32-bit word each; a word may reach past the end, where the next value overwrites it.

/** What a single value may take, with room for a word that reaches too far. */
export const VALUE_BYTES = 32;

/** "0000" to "9999" as words; the first digit is the lowest byte. */
const fourDigits = Int32Array.from({ length: 10_000 }, (_, value) => toWord(String(value).padStart(4, '0')));
const digitCounts = Uint8Array.from({ length: 10_000 }, (_, value) => String(value).length);

function toWord(text: string): number {
  return Buffer.from(text).readInt32LE(0);
}

/** Text as words, and how many bytes of them count. */
export interface Words {
  readonly words: Int32Array;
  readonly bytes: number;
}

/** Prepares text that is written again and again. */
export function toWords(text: string): Words {
  const bytes = Buffer.from(text);
  const padded = Buffer.alloc(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  const words = Int32Array.from({ length: padded.length / 4 }, (_, i) => padded.readInt32LE(i * 4));
  return { words, bytes: bytes.length };
}

/** A buffer that is written from front to back and used again. */
export class TextBuffer {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView<ArrayBuffer>;
  length = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes room; nothing below checks it. */
  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const bigger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    bigger.set(this.bytes.subarray(0, this.length));
    this.bytes = bigger;
    this.view = new DataView(bigger.buffer);
  }

  /** What was written since, as words. */
  copy(from: number): Words {
    const bytes = this.length - from;
    const words = new Int32Array(Math.ceil(bytes / 4));
    for (let i = 0; i < words.length; i++) words[i] = this.view.getInt32(from + i * 4, true);
    return { words, bytes };
  }

  byte(value: number): void {
    this.bytes[this.length++] = value;
  }

  words({ words, bytes }: Words): void {
    const { view, length } = this;
    for (let i = 0; i < words.length; i++) view.setInt32(length + i * 4, words[i]!, true);
    this.length += bytes;
  }

  /** Text of ASCII characters. */
  ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.bytes[this.length + i] = text.charCodeAt(i);
    this.length += text.length;
  }

  /** Digits of a whole number from 0 to 2^53. */
  digits(value: number): void {
    if (value < 1e8) return this.#upTo8(value | 0);
    const high = Math.floor(value / 1e8);
    if (high < 1e8) this.#upTo8(high | 0);
    else {
      const top = Math.floor(high / 1e8);
      this.#upTo4(top | 0);
      this.#eight((high - top * 1e8) | 0);
    }
    this.#eight((value - high * 1e8) | 0);
  }

  /** Digits of a whole number, with zeros in front up to `count`, at most eight. */
  padded(value: number, count: number): void {
    const high = (value / 1e4) | 0;
    const more = Math.max(0, count - 4);
    if (more > 0) this.#last(high, more);
    this.#last(value - high * 1e4, count - more);
  }

  #upTo8(value: number): void {
    const high = (value / 1e4) | 0;
    if (high === 0) return this.#upTo4(value);
    this.#upTo4(high);
    this.#last(value - high * 1e4, 4);
  }

  #eight(value: number): void {
    const high = (value / 1e4) | 0;
    this.#last(high, 4);
    this.#last(value - high * 1e4, 4);
  }

  #upTo4(value: number): void {
    this.#last(value, digitCounts[value]!);
  }

  /** The last digits of four. */
  #last(value: number, count: number): void {
    this.view.setInt32(this.length, fourDigits[value]! >>> (32 - 8 * count), true);
    this.length += count;
  }
}
