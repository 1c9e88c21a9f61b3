// EVT2: words of 32 bits, little-endian. https://docs.prophesee.ai/stable/data/encoding_formats/evt2.html
//
//   31:28 type    27:22   21:11  10:0
//   0x0 CD OFF    t[5:0]  x      y
//   0x1 CD ON     t[5:0]  x      y
//   0x8 TIME_HIGH t[33:6] in 27:0
//   0xA TRIGGER   t[5:0]  12:8 id, 0 value
//   0xD IMU       6 words, this one and 5 of type 0xF
//   0xE OTHER     t[5:0]  16 class, 15:0 subtype; a word of type 0xF may follow
//   0xF CONTINUED 27:0 data of the word before
//
// The largest time is (2^28 − 1) << 6 µs; a TIME_HIGH is a wrap when it falls by at least that less 10 ms.
import type { EventSlot } from '../model/index.ts';
import { ClockedDecoder } from './clocked-decoder.ts';
import type { DecoderOptions } from './contract.ts';
import type { ClockRules } from './word-clock.ts';
import type { Triggers } from './word-decoder.ts';

const TIME_HIGH = 0x8;
const TRIGGER = 0xa;
const IMU = 0xd;
const OTHER = 0xe;
const CONTINUED = 0xf;

/** A fall of 2^28 − 157 is the first of at least (2^28 − 1) × 64 − 10,000 µs. */
const CLOCK: ClockRules = { lowBits: 6, highBits: 28, wrapFall: 2 ** 28 - 157 };

/** Decodes EVT2. */
export class Evt2Decoder extends ClockedDecoder {
  constructor(options: DecoderOptions = {}) {
    super('evt2', CLOCK, options);
  }

  protected decodeWords(words: Uint32Array, events: EventSlot, triggers: Triggers): number {
    const elements = words.length;
    let at = this.clock.hasTime ? 0 : this.#findTime(words, elements);
    // A word gives one event at most, so as many words as there is room for need no look at the capacity.
    while (at < elements && events.length < events.capacity) {
      const stop = Math.min(elements, at + events.capacity - events.length);
      const done = this.#decodeRun(words, at, stop, events, triggers);
      if (done < stop) return done;
      at = done;
    }
    return at;
  }

  #decodeRun(words: Uint32Array, start: number, stop: number, events: EventSlot, triggers: Triggers): number {
    const { lanes, x, y, p } = events;
    const { off, step, width, height, dropOutside } = this.rules;
    const clock = this.clock;
    let { lo, hi } = clock;
    let n = events.length;
    let outside = 0;
    let at = start;
    for (; at < stop; at++) {
      const word = words[at]!;
      const type = word >>> 28;
      if (type <= 1) {
        const column = (word >>> 11) & 0x7ff;
        const row = word & 0x7ff;
        lanes[2 * n] = lo | ((word >>> 22) & 0x3f);
        lanes[2 * n + 1] = hi;
        x[n] = column;
        y[n] = row;
        p[n] = off + type * step;
        n++;
        if (column >= width || row >= height) {
          outside++;
          if (dropOutside) n--;
        }
      } else if (type === TIME_HIGH) {
        clock.take(word & 0xfff_ffff);
        ({ lo, hi } = clock);
      } else if (!this.#takeOther(word, type, triggers)) break;
    }
    events.length = n;
    this.counts.eventsOutside += outside;
    return at;
  }

  /** @returns false when a trigger finds its slot full */
  #takeOther(word: number, type: number, triggers: Triggers): boolean {
    if (type === TRIGGER) return this.takeTrigger(word, triggers);
    if (type === OTHER || type === CONTINUED || type === IMU) this.counts.skippedWords++;
    else this.counts.reservedWords++;
    return true;
  }

  /** @returns where the first TIME_HIGH stands; what stands before it has no time */
  #findTime(words: Uint32Array, elements: number): number {
    for (let at = 0; at < elements; at++) {
      const type = words[at]! >>> 28;
      if (type === TIME_HIGH) return at;
      if (type <= 1) this.counts.eventsBeforeTime++;
      else this.#takeOther(0, type, undefined);
    }
    return elements;
  }
}
