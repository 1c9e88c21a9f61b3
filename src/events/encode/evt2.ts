// EVT2: words of 32 bits, little-endian. TIME_HIGH is written when it changes.
//
//   31:28 type    27:22   21:11  10:0
//   0x0 CD OFF    t[5:0]  x      y
//   0x1 CD ON     t[5:0]  x      y
//   0x8 TIME_HIGH t[33:6] in 27:0
//   0xA TRIGGER   t[5:0]  12:8 id, 0 value
import type { EventColumns } from '../model/index.ts';
import { TimeWords } from './time-words.ts';
import { readTime, WordEncoder } from './word-encoder.ts';
import type { PendingTrigger } from './word-encoder.ts';

const LARGEST = 0x7ff;

/** Encodes EVT2. */
export class Evt2Encoder extends WordEncoder<Uint32Array> {
  readonly #time = new TimeWords({ format: 'evt2', stepUs: 64, values: 2 ** 28, wrapFall: 2 ** 28 - 157 });
  /** Lanes of the time the last TIME_HIGH stands for; impossible before the first. */
  #lo = 1;
  #hi = 0;

  constructor() {
    super('evt2', (length) => new Uint32Array(length));
  }

  protected encodeRun(events: EventColumns, lanes: Uint32Array, start: number, stop: number): void {
    const { x, y, p } = events;
    this.reserve(2 * (stop - start));
    for (let at = start; at < stop; at++) {
      const lo = lanes[2 * at]!;
      const column = x[at]!;
      const row = y[at]!;
      if ((column | row) > LARGEST) this.check(events, lanes, at, LARGEST);
      if ((lo & ~0x3f) >>> 0 !== this.#lo || lanes[2 * at + 1] !== this.#hi) {
        this.check(events, lanes, at, LARGEST);
        this.#setTime(readTime(lanes, at), at, stop - at);
      }
      const type = p[at]! > 0 ? 0x1000_0000 : 0;
      this.words[this.used++] = type | ((lo & 0x3f) << 22) | (column << 11) | row;
    }
  }

  /** @param more words there must be room for behind the time words */
  #setTime(t: number, at: number, more: number): void {
    const step = Math.floor(t / 64);
    const highs = this.#time.advance(step, this.firstIndex + at);
    this.reserve(highs.length + 2 * more);
    for (const high of highs) this.words[this.used++] = 0x8000_0000 | high;
    this.#lo = (step * 64) >>> 0;
    this.#hi = Math.floor(t / 2 ** 32);
  }

  protected encodeTrigger(trigger: PendingTrigger): void {
    this.checkTrigger(trigger, 0x1f);
    this.#setTime(trigger.t, 0, 1);
    const low = trigger.t % 64;
    this.words[this.used++] = 0xa000_0000 | (low << 22) | (trigger.id << 8) | (trigger.value & 1);
  }
}
