// EVT3: words of 16 bits, little-endian. A word is written only when it changes what the reader knows.
//
//   15:12 type        11:0
//   0x0 ADDR_Y        10:0 y
//   0x2 ADDR_X        11 polarity, 10:0 x: one event
//   0x3 VECT_BASE_X   11 polarity, 10:0 x of bit 0
//   0x4 VECT_12, 0x5 VECT_8: always 12, 12 and 8 bits together, as cameras send them and Prophesee's reader wants them
//   0x6 TIME_LOW      t[11:0]
//   0x8 TIME_HIGH     t[23:12]; sets t[11:0] to 0
//   0xA TRIGGER       11:8 id, 0 value
//
// Events of one time, row and polarity with growing x become a vector where more of them lie in 32 pixels than a vector
// has words.
import type { EventColumns } from '../model/index.ts';
import { TimeWords } from './time-words.ts';
import { continuesRow, readTime, WordEncoder } from './word-encoder.ts';
import type { PendingTrigger } from './word-encoder.ts';

const LARGEST = 0x7ff;
const VECTOR_WORDS = 3;

/** Encodes EVT3. */
export class Evt3Encoder extends WordEncoder<Uint16Array> {
  readonly #time = new TimeWords({ format: 'evt3', stepUs: 4096, values: 4096, wrapFall: 0x800 });
  // What the reader knows; −1 is nothing yet.
  #t = -1;
  #step = -1;
  #low = 0;
  #y = -1;
  /** Payload of the VECT_BASE_X word that the next vector needs none of. */
  #base = -1;

  constructor() {
    super('evt3', (length) => new Uint16Array(length));
  }

  protected encodeRun(events: EventColumns, lanes: Uint32Array, start: number, stop: number): void {
    const { x, y, p } = events;
    let at = start;
    while (at < stop) {
      this.check(events, lanes, at, LARGEST);
      this.#setTime(readTime(lanes, at), at);
      const row = y[at]!;
      let end = at + 1;
      while (end < stop && continuesRow(events, lanes, end)) end++;
      if (x[end - 1]! > LARGEST) this.#checkAll(events, lanes, at, end);
      this.reserve(2 + 2 * (end - at) + VECTOR_WORDS);
      if (row !== this.#y) this.words[this.used++] = this.#y = row;
      this.#encodeRow(x, at, end, p[at]! > 0 ? 0x800 : 0);
      at = end;
    }
  }

  #checkAll(events: EventColumns, lanes: Uint32Array, start: number, end: number): void {
    for (let at = start; at < end; at++) this.check(events, lanes, at, LARGEST);
  }

  /** Events of one time, row and polarity, x growing. @param polarity 0x800 or 0 */
  #encodeRow(x: Uint16Array, start: number, end: number, polarity: number): void {
    let at = start;
    while (at < end) {
      const base = x[at]! & ~31;
      let mask = 0;
      let next = at;
      while (next < end && x[next]! < base + 32) mask |= 1 << (x[next++]! & 31);
      const isKnown = this.#base === (polarity | base);
      if (next - at > VECTOR_WORDS + (isKnown ? 0 : 1)) {
        if (!isKnown) this.words[this.used++] = 0x3000 | polarity | base;
        this.words[this.used++] = 0x4000 | (mask & 0xfff);
        this.words[this.used++] = 0x4000 | ((mask >>> 12) & 0xfff);
        this.words[this.used++] = 0x5000 | (mask >>> 24);
        this.#base = polarity | (base + 32);
      } else for (; at < next; at++) this.words[this.used++] = 0x2000 | polarity | x[at]!;
      at = next;
    }
  }

  #setTime(t: number, at: number): void {
    if (t === this.#t) return;
    this.#t = t;
    const step = Math.floor(t / 4096);
    if (step !== this.#step) {
      const highs = this.#time.advance(step, this.firstIndex + at);
      this.reserve(highs.length);
      for (const high of highs) this.words[this.used++] = 0x8000 | high;
      this.#step = step;
      this.#low = 0;
    }
    const low = t % 4096;
    if (low === this.#low) return;
    this.reserve(1);
    this.words[this.used++] = 0x6000 | low;
    this.#low = low;
  }

  protected encodeTrigger(trigger: PendingTrigger): void {
    this.checkTrigger(trigger, 0xf);
    this.#setTime(trigger.t, 0);
    this.reserve(1);
    this.words[this.used++] = 0xa000 | (trigger.id << 8) | (trigger.value & 1);
  }
}
