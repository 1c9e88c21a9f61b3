// DAT: records of 8 bytes, little-endian, behind a text header and the two bytes type and size.
// https://docs.prophesee.ai/stable/data/file_formats/dat.html
//
//   0 4  t in µs, wraps every 2^32 (71.6 minutes): a fall by half of that or more is a wrap
//   4 4  version 2: 13:0 x, 27:14 y, 31:28 polarity
//        version 1: 8:0 x, 16:9 y, 17 polarity
//        trigger:   3:0 value, 31:26 id
import type { EventSlot } from '../model/index.ts';
import { ClockedDecoder } from './clocked-decoder.ts';
import type { DatRecords, DecoderOptions } from './contract.ts';
import type { ClockRules } from './word-clock.ts';
import { appendTrigger, isTriggerSlotFull } from './word-decoder.ts';
import type { Triggers } from './word-decoder.ts';

const CLOCK: ClockRules = { lowBits: 0, highBits: 32, wrapFall: 2 ** 31 };

/** Decodes the records of DAT files. */
export class DatDecoder extends ClockedDecoder {
  readonly #records: DatRecords;

  constructor(options: DecoderOptions = {}) {
    super('dat', CLOCK, options);
    this.#records = options.dat ?? { kind: 'events', version: 2 };
  }

  protected decodeWords(words: Uint32Array, events: EventSlot, triggers: Triggers): number {
    if (this.#records.kind === 'triggers') return this.#decodeTriggers(words, triggers);
    let at = 0;
    while (at < words.length && events.length < events.capacity) {
      const stop = Math.min(words.length, at + 2 * (events.capacity - events.length));
      this.#decodeRun(words, at, stop, events);
      at = stop;
    }
    return at;
  }

  /** Records from `start` to `stop`, for which there is room. */
  #decodeRun(words: Uint32Array, start: number, stop: number, events: EventSlot): void {
    const { lanes, x, y, p } = events;
    const { off, step, width, height, dropOutside } = this.rules;
    const isNew = this.#records.version === 2;
    const clock = this.clock;
    const xMask = isNew ? 0x3fff : 0x1ff;
    const yShift = isNew ? 14 : 9;
    const yMask = isNew ? 0x3fff : 0xff;
    const pShift = isNew ? 28 : 17;
    const pMask = isNew ? 0xf : 1;
    let { high: t, hi } = clock;
    let n = events.length;
    for (let at = start; at < stop; at += 2) {
      const next = words[at]!;
      // The clock is asked only where time falls: elsewhere t is its low lane and the high one stays.
      if (next < t) {
        clock.take(t);
        clock.take(next);
        hi = clock.hi;
      }
      t = next;
      const place = words[at + 1]!;
      const column = place & xMask;
      const row = (place >>> yShift) & yMask;
      lanes[2 * n] = t;
      lanes[2 * n + 1] = hi;
      x[n] = column;
      y[n] = row;
      p[n] = off + Math.min(1, (place >>> pShift) & pMask) * step;
      n++;
      if (column >= width || row >= height) {
        this.counts.eventsOutside++;
        if (dropOutside) n--;
      }
    }
    if (stop > start) clock.take(t);
    events.length = n;
  }

  #decodeTriggers(words: Uint32Array, triggers: Triggers): number {
    const clock = this.clock;
    for (let at = 0; at < words.length; at += 2) {
      if (isTriggerSlotFull(triggers)) return at;
      clock.take(words[at]!);
      this.counts.triggers++;
      const place = words[at + 1]!;
      appendTrigger(triggers, clock.lo, clock.hi, place >>> 26, place & 0xf);
    }
    return words.length;
  }
}
