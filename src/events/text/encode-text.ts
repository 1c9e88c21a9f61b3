// Events → lines of text. Comments in front say columns, unit and geometry, so that the file is read back as it was
// written; x,y,p,t with commas in µs is Prophesee's CSV, which has `%geometry:W,H` for that.
import type { EventColumns, Geometry, TimeUnit } from '../model/index.ts';
import { checkTextColumns, digitsBetween } from './text-options.ts';
import type { TextColumn } from './text-options.ts';

/** Options of writing text. */
export interface TextWriteOptions {
  /** @default t,x,y,p */
  readonly columns?: readonly TextColumn[] | undefined;
  /** Unit of the times that are written: whole µs and ns, ms and s with a point. @default us */
  readonly timeUnit?: TimeUnit | undefined;
  /** Unit of the times that come. @default us */
  readonly resolution?: 'us' | 'ns' | undefined;
  /** @default a blank */
  readonly separator?: ' ' | ',' | '\t' | ';' | undefined;
  readonly geometry?: Geometry | null | undefined;
  /** Comments in front. @default true */
  readonly preamble?: boolean | undefined;
}

const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const LF = 10;
/** Most bytes of a line: t 20 digits, sign, point and zeros, x and y 5, p 2, separators and end. */
const LINE_BYTES = 56;
const TWO_32 = 4294967296;

/** Encodes batches one after the other. */
export class TextEventEncoder {
  readonly #options: TextWriteOptions;
  readonly #columns: readonly TextColumn[];
  readonly #separator: number;
  /** Digits behind the point of a time; negative: zeros behind it. */
  readonly #digits: number;
  #bytes = new Uint8Array(0);
  #at = 0;

  /** @throws RuvectorError `ERR_EVENTS_OPTIONS` */
  constructor(options: TextWriteOptions = {}) {
    this.#options = options;
    this.#columns = checkTextColumns(options.columns ?? ['t', 'x', 'y', 'p']);
    this.#separator = (options.separator ?? ' ').charCodeAt(0);
    this.#digits = digitsBetween(options.timeUnit ?? 'us', options.resolution ?? 'us');
  }

  /** What stands in front of the events. */
  preamble(): Uint8Array {
    const { preamble = true, geometry, timeUnit = 'us' } = this.#options;
    if (!preamble) return new Uint8Array(0);
    const size = geometry ? `${geometry.width},${geometry.height}` : null;
    if (size !== null && this.#isProphesee()) return Buffer.from(`%geometry:${size}\n`);
    const lines = [`# columns: ${this.#columns.join(' ')}`, `# time unit: ${timeUnit}`];
    if (size !== null) lines.push(`# geometry: ${size}`);
    return Buffer.from(`${lines.join('\n')}\n`);
  }

  #isProphesee(): boolean {
    const { timeUnit = 'us', separator } = this.#options;
    return this.#columns.join('') === 'xypt' && separator === ',' && timeUnit === 'us';
  }

  /** @returns bytes that are valid until the next batch is encoded */
  encode(events: EventColumns): Uint8Array {
    const needed = events.length * (LINE_BYTES + 2 * this.#columns.length);
    if (this.#bytes.length < needed) this.#bytes = new Uint8Array(needed);
    this.#at = 0;
    const words = new Uint32Array(events.t.buffer, events.t.byteOffset, 2 * events.length);
    const last = this.#columns.length - 1;
    for (let i = 0; i < events.length; i++) {
      for (let column = 0; column <= last; column++) {
        if (this.#columns[column] === 't') this.#time(words, events.t, i);
        else this.#value(events, i, this.#columns[column]!);
        this.#bytes[this.#at++] = column === last ? LF : this.#separator;
      }
    }
    return this.#bytes.subarray(0, this.#at);
  }

  #value(events: EventColumns, index: number, column: TextColumn): void {
    if (column === 'x') this.#whole(events.x[index]!);
    else if (column === 'y') this.#whole(events.y[index]!);
    else if (column === '-') this.#bytes[this.#at++] = ZERO;
    else {
      const p = events.p[index]!;
      if (p < 0) this.#bytes[this.#at++] = MINUS;
      this.#whole(Math.abs(p));
    }
  }

  /** A number below 2^53. */
  #whole(value: number): void {
    let size = 1;
    for (let limit = 10; value >= limit; limit *= 10) size++;
    let at = this.#at + size;
    this.#at = at;
    let rest = value;
    // Integer arithmetic is faster, below 2^31.
    for (; rest > 0x7fffffff; size--) {
      const next = Math.floor(rest / 10);
      this.#bytes[--at] = ZERO + (rest - next * 10);
      rest = next;
    }
    for (let left = rest | 0; size > 0; size--) {
      this.#bytes[--at] = ZERO + (left % 10);
      left = (left / 10) | 0;
    }
  }

  #time(words: Uint32Array, t: BigInt64Array, index: number): void {
    const high = words[2 * index + 1]! | 0;
    if (high < 0 || high >= 0x200000) return this.#anyTime(t[index]!);
    const value = high * TWO_32 + words[2 * index]!;
    if (this.#digits < 0) {
      this.#whole(value);
      if (value !== 0) for (let i = this.#digits; i < 0; i++) this.#bytes[this.#at++] = ZERO;
      return;
    }
    const scale = 10 ** this.#digits;
    const whole = Math.floor(value / scale);
    this.#whole(whole);
    if (this.#digits === 0) return;
    this.#bytes[this.#at++] = POINT;
    let fraction = value - whole * scale;
    for (let i = this.#digits - 1; i >= 0; i--) {
      this.#bytes[this.#at + i] = ZERO + (fraction % 10);
      fraction = Math.floor(fraction / 10);
    }
    this.#at += this.#digits;
  }

  /** A time before 0 or of more than 53 bits. */
  #anyTime(value: bigint): void {
    const digits = this.#digits;
    const magnitude = (value < 0n ? -value : value).toString();
    const text = digits < 0 ? magnitude + '0'.repeat(-digits) : magnitude.padStart(digits + 1, '0');
    const point = digits > 0 ? text.length - digits : text.length;
    const written = `${value < 0n ? '-' : ''}${text.slice(0, point)}${digits > 0 ? '.' : ''}${text.slice(point)}`;
    for (let i = 0; i < written.length; i++) this.#bytes[this.#at++] = written.charCodeAt(i);
  }
}
