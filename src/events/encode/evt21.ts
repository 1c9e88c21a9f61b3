// EVT2.1: words of 64 bits, each the events of one time, row and polarity in 32 neighbouring pixels, in the order given.
// The legacy order has the upper half of each word first.
//
//   63:60 type    59:54   53:43              42:32  31:0
//   0x0 NEG       t[5:0]  x, multiple of 32  y      bit i: an event at x + i
//   0x1 POS       t[5:0]  x, multiple of 32  y      bit i: an event at x + i
//   0x8 TIME_HIGH t[33:6] in 59:32
//   0xA TRIGGER   t[5:0]  44:40 id, 32 value
import type { EventColumns } from '../model/index.ts';
import { TimeWords } from './time-words.ts';
import { continuesRow, readTime, WordEncoder } from './word-encoder.ts';
import type { PendingTrigger } from './word-encoder.ts';

const LARGEST = 0x7ff;

/** Encodes EVT2.1 in both orders. */
export class Evt21Encoder extends WordEncoder<Uint32Array> {
  readonly #time: TimeWords;
  /** Which half of a word is the upper one: 0 or 1. */
  readonly #upper: number;
  #step = -1;

  constructor(format: 'evt21' | 'evt21-legacy') {
    super(format, (length) => new Uint32Array(length));
    this.#time = new TimeWords({ format, stepUs: 64, values: 2 ** 28, wrapFall: 2 ** 28 - 1 });
    this.#upper = format === 'evt21' ? 1 : 0;
  }

  protected encodeRun(events: EventColumns, lanes: Uint32Array, start: number, stop: number): void {
    const { x, y, p } = events;
    let next = start;
    for (let at = start; at < stop; at = next) {
      this.check(events, lanes, at, LARGEST);
      const t = readTime(lanes, at);
      const base = x[at]! & ~31;
      let mask = 0;
      // Bits are read from the lowest up: only events in that order share a word.
      do {
        mask |= 1 << (x[next]! & 31);
        next++;
      } while (next < stop && (x[next]! & ~31) === base && continuesRow(events, lanes, next));
      this.#setTime(t, at);
      this.#push(((p[at]! > 0 ? 1 : 0) << 28) | ((t % 64) << 22) | (base << 11) | y[at]!, mask);
    }
  }

  #push(upper: number, lower: number): void {
    this.reserve(2);
    this.words[this.used + this.#upper] = upper;
    this.words[this.used + 1 - this.#upper] = lower;
    this.used += 2;
  }

  #setTime(t: number, at: number): void {
    const step = Math.floor(t / 64);
    if (step === this.#step) return;
    for (const high of this.#time.advance(step, this.firstIndex + at)) this.#push(0x8000_0000 | high, 0);
    this.#step = step;
  }

  protected encodeTrigger(trigger: PendingTrigger): void {
    this.checkTrigger(trigger, 0x1f);
    this.#setTime(trigger.t, 0);
    this.#push(0xa000_0000 | ((trigger.t % 64) << 22) | (trigger.id << 8) | (trigger.value & 1), 0);
  }
}
