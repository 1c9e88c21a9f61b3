// One chunk of `/CD/events` in Prophesee's Event Compression Format (HDF5 filter 36559) → columns. All integers
// little-endian, the four parts one after the other.
//
//   0  4  number of events << 2 | y, x and p packed << 1 | x and p packed      at most 65,535 events
//   4  8  t of the first event, µs
//  12     t    a byte is dt:4 count:4 and stands for `count` events, `dt` µs later than those before
//              dt = 15: a digit of 4 bits of a longer step, lowest first; the run of such bytes is one step, of no event
//              count = 15: the count is the u16 behind it
//   y, x and p packed: four events of y:11 x:11 p:1 (24 bits a, b, c, d) in three u32
//       a << 8 | b & ff     (b >> 8) << 16 | c & ffff     (c >> 16) << 24 | d
//   else y     a u16 is y:11 count:5; count = 31: the count is the u16 behind it
//     x and p packed: four events of x:11 p:1 (12 bits a, b, c, d) in three u16
//       a << 4 | b & f      (b >> 4) << 8 | c & ff        (c >> 8) << 12 | d
//     else x   a u16 is x:11 mask:5; bit 4 - j set: another event at x + 1 + j
//          p   a byte is p:1 count:7; count = 127: the count is the u16 behind it
//
// https://github.com/prophesee-ai/hdf5_ecf
import { eventDataError } from '../../model/index.ts';

/** Most events that one chunk holds. */
export const MAX_ECF_EVENTS = 65_535;
/** What a last group or mask may write past the end. */
const SPARE = 5;

/** Columns of a chunk: valid until the next one is decoded. */
export interface EcfEvents {
  readonly count: number;
  /** Low and high word of each time, µs. */
  readonly tWords: Uint32Array;
  readonly x: Uint16Array;
  readonly y: Uint16Array;
  /** 0 or 1. */
  readonly p: Uint8Array;
}

/** Decodes chunks into memory of its own. */
export class EcfDecoder implements EcfEvents {
  readonly tWords: Uint32Array = new Uint32Array(2 * MAX_ECF_EVENTS);
  readonly x: Uint16Array = new Uint16Array(MAX_ECF_EVENTS + SPARE);
  readonly y: Uint16Array = new Uint16Array(MAX_ECF_EVENTS + SPARE);
  readonly p: Uint8Array = new Uint8Array(MAX_ECF_EVENTS + SPARE);
  count = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #fileOffset = 0;
  readonly #path: string;

  /** @param path of the file, for errors */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * @param fileOffset where the chunk begins in its file, for errors
   * @throws RuvectorError `ERR_EVENTS_DATA` where the chunk ends early or says what cannot be
   */
  decode(bytes: Uint8Array, fileOffset: number): EcfEvents {
    this.#bytes = bytes;
    this.#at = 0;
    this.#fileOffset = fileOffset;
    this.#need(12);
    const head = this.#u32();
    this.count = head >>> 2;
    if (this.count > MAX_ECF_EVENTS) this.#fail(`it claims ${this.count} events`);
    this.#times();
    if ((head & 2) !== 0) this.#packedYxp();
    else {
      this.#rows();
      if ((head & 1) !== 0) this.#packedXp();
      else {
        this.#maskedX();
        this.#polarities();
      }
    }
    return this;
  }

  #fail(state: string): never {
    const byte = this.#fileOffset + Math.min(this.#at, this.#bytes.length);
    throw eventDataError(
      this.#path,
      { byte },
      `an ECF chunk is damaged: ${state}`,
      'copy or record the file again',
    );
  }

  #need(size: number): void {
    if (this.#at + size > this.#bytes.length) this.#fail('it ends in the middle');
  }

  #u16(): number {
    this.#need(2);
    const value = this.#bytes[this.#at]! | (this.#bytes[this.#at + 1]! << 8);
    this.#at += 2;
    return value;
  }

  #u32(): number {
    const low = this.#u16();
    return (low | (this.#u16() << 16)) >>> 0;
  }

  #times(): void {
    const { count, tWords } = this;
    const bytes = this.#bytes;
    let low = this.#u32();
    let high = this.#u32();
    for (let i = 0; i < count;) {
      this.#need(1);
      const value = bytes[this.#at]!;
      const step = value >> 4;
      if (step === 15) {
        const longer = this.#longStep();
        const sum = low + longer.low;
        low = sum >>> 0;
        high = (high + longer.high + (sum > 0xffffffff ? 1 : 0)) >>> 0;
        continue;
      }
      this.#at++;
      const run = (value & 15) === 15 ? this.#u16() : value & 15;
      const sum = low + step;
      low = sum >>> 0;
      if (sum > 0xffffffff) high = (high + 1) >>> 0;
      const end = this.#endOfRun(i, run);
      for (; i < end; i++) {
        tWords[2 * i] = low;
        tWords[2 * i + 1] = high;
      }
    }
  }

  /** The digits of one step; those past 64 bits say nothing. */
  #longStep(): { low: number; high: number } {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 4) {
      this.#need(1);
      const value = this.#bytes[this.#at]!;
      if (value >> 4 !== 15) return { low: low >>> 0, high: high >>> 0 };
      this.#at++;
      const digit = value & 15;
      if (shift < 32) low |= digit << shift;
      else if (shift < 64) high |= digit << (shift - 32);
      else if (digit !== 0) this.#fail('a step of time is longer than 64 bits');
    }
  }

  #endOfRun(from: number, run: number): number {
    if (from + run > this.count) this.#fail(`a run goes past its ${this.count} events`);
    return from + run;
  }

  #rows(): void {
    const { count, y } = this;
    for (let i = 0; i < count;) {
      const value = this.#u16();
      const end = this.#endOfRun(i, (value & 31) === 31 ? this.#u16() : value & 31);
      y.fill(value >> 5, i, end);
      i = end;
    }
  }

  #polarities(): void {
    const { count, p } = this;
    for (let i = 0; i < count;) {
      this.#need(1);
      const value = this.#bytes[this.#at++]!;
      const end = this.#endOfRun(i, (value & 127) === 127 ? this.#u16() : value & 127);
      p.fill(value >> 7, i, end);
      i = end;
    }
  }

  #maskedX(): void {
    const { count, x } = this;
    for (let i = 0; i < count;) {
      const value = this.#u16();
      const first = value >> 5;
      x[i++] = first;
      if ((value & 16) !== 0) x[i++] = first + 1;
      if ((value & 8) !== 0) x[i++] = first + 2;
      if ((value & 4) !== 0) x[i++] = first + 3;
      if ((value & 2) !== 0) x[i++] = first + 4;
      if ((value & 1) !== 0) x[i++] = first + 5;
    }
  }

  #packedXp(): void {
    const { count } = this;
    this.#need(6 * Math.ceil(count / 4));
    for (let i = 0; i < count; i += 4) {
      const a = this.#u16();
      const b = this.#u16();
      const c = this.#u16();
      this.#setXp(i, a >> 4);
      this.#setXp(i + 1, (a & 0xf) | ((b >> 8) << 4));
      this.#setXp(i + 2, (b & 0xff) | ((c >> 12) << 8));
      this.#setXp(i + 3, c & 0xfff);
    }
  }

  #setXp(index: number, value: number): void {
    this.x[index] = value >> 1;
    this.p[index] = value & 1;
  }

  #packedYxp(): void {
    const { count } = this;
    this.#need(12 * Math.ceil(count / 4));
    for (let i = 0; i < count; i += 4) {
      const a = this.#u32();
      const b = this.#u32();
      const c = this.#u32();
      this.#setYxp(i, a >>> 8);
      this.#setYxp(i + 1, (a & 0xff) | ((b >>> 16) << 8));
      this.#setYxp(i + 2, (b & 0xffff) | ((c >>> 24) << 16));
      this.#setYxp(i + 3, c & 0xffffff);
    }
  }

  #setYxp(index: number, value: number): void {
    this.y[index] = (value >> 12) & 0x7ff;
    this.x[index] = (value >> 1) & 0x7ff;
    this.p[index] = value & 1;
  }
}
