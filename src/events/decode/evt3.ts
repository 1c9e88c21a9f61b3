// EVT3: words of 16 bits, little-endian, each changing what the next ones mean.
// https://docs.prophesee.ai/stable/data/encoding_formats/evt3.html
//
//   15:12 type        11:0
//   0x0 ADDR_Y        11 which camera, 10:0 y of the events that follow
//   0x2 ADDR_X        11 polarity, 10:0 x: an event
//   0x3 VECT_BASE_X   11 polarity, 10:0 x of bit 0 of the next vector
//   0x4 VECT_12       an event at base + i for every bit i set; base grows by 12
//   0x5 VECT_8        the same with bits 7:0; base grows by 8
//   0x6 TIME_LOW      t[11:0]; may fall without meaning a wrap
//   0x8 TIME_HIGH     t[23:12]; another one than before sets t[11:0] to 0, a fall by 0x800 or more is a wrap
//   0xA TRIGGER       11:8 id, 0 value
//   0x7 CONTINUED_4, 0xD IMU, 0xE OTHER, 0xF CONTINUED_12: carry neither event nor time
//   0x9               padding when the word is 0x9999
//
// Words 0x1, other 0x9, 0xB and 0xC are reserved. Vectors are read word by word: real files hold incomplete 12-12-8 groups.
import type { EventSlot } from '../model/index.ts';
import { appendMask, countBits } from './append-mask.ts';
import type { VectorPlace } from './append-mask.ts';
import type { DecoderOptions, DecoderState } from './contract.ts';
import { WordClock } from './word-clock.ts';
import type { ClockRules } from './word-clock.ts';
import { appendTrigger, createDecoderState, isTriggerSlotFull, WordDecoder } from './word-decoder.ts';
import type { Triggers } from './word-decoder.ts';

const CLOCK: ClockRules = { lowBits: 12, highBits: 12, wrapFall: 0x800 };

const ADDR_Y = 0x0;
const ADDR_X = 0x2;
const VECT_BASE_X = 0x3;
const VECT_12 = 0x4;
const VECT_8 = 0x5;
const TIME_LOW = 0x6;
const CONTINUED_4 = 0x7;
const TIME_HIGH = 0x8;
const PADDING = 0x9999;
const TRIGGER = 0xa;
const IMU = 0xd;

/** Whether words of 12 and 8 bits follow the word of 12 bits at `at`. */
const isFullGroup = (words: Uint16Array, at: number): boolean =>
  words[at + 1]! >>> 12 === VECT_12 && words[at + 2]! >>> 12 === VECT_8;

/** Decodes EVT3. */
export class Evt3Decoder extends WordDecoder<Uint16Array> {
  readonly #clock: WordClock;
  #timeLow: number;
  #y: number;
  #baseX: number;
  /** 0 or 1, of vectors only. */
  #vectorPolarity: number;
  /** Bits of the vector word at hand that found no room in the slot before. */
  #restMask: number;
  /** Filled for each vector. */
  readonly #place: VectorPlace = { lo: 0, hi: 0, x: 0, y: 0, polarity: 0 };

  constructor(options: DecoderOptions = {}) {
    super('evt3', options, (buffer, byteOffset, length) => new Uint16Array(buffer, byteOffset, length));
    const state = options.state ?? createDecoderState();
    this.#clock = new WordClock(CLOCK, this.counts, state);
    this.#timeLow = state.timeLow;
    this.#y = state.y;
    this.#baseX = state.baseX;
    this.#vectorPolarity = state.vectorPolarity;
    this.#restMask = state.restMask;
  }

  protected decodeWords(words: Uint16Array, events: EventSlot, triggers: Triggers): number {
    const elements = words.length;
    let at = this.#clock.hasTime ? 0 : this.#findTime(words, elements);
    while (at < elements) {
      at = this.#decodeSingles(words, at, elements, events);
      if (at === elements) break;
      const word = words[at]!;
      const type = word >>> 12;
      if (type === VECT_12 || type === VECT_8) {
        const done = this.#decodeVectors(words, at, elements, events);
        if (this.#restMask !== 0) return done;
        at = done;
      } else if (type === ADDR_X) return at;
      else if (type === TIME_HIGH) {
        this.#takeTimeHigh(word & 0xfff);
        at++;
      } else if (this.#takeOther(word, triggers)) at++;
      else return at;
    }
    return at;
  }

  /** Rows, bases, low times and single events, up to the first word of another kind or a full slot. */
  #decodeSingles(words: Uint16Array, start: number, elements: number, events: EventSlot): number {
    const { lanes, x, y, p, capacity } = events;
    const { off, step, width, height, dropOutside } = this.rules;
    const { lo: high, hi } = this.#clock;
    let lo = high | this.#timeLow;
    let row = this.#y;
    let n = events.length;
    let outside = 0;
    let at = start;
    loop: for (; at < elements; at++) {
      const word = words[at]!;
      switch (word >>> 12) {
        case ADDR_X: {
          if (n === capacity) break loop;
          const column = word & 0x7ff;
          lanes[2 * n] = lo;
          lanes[2 * n + 1] = hi;
          x[n] = column;
          y[n] = row;
          p[n] = off + ((word >>> 11) & 1) * step;
          n++;
          if (column >= width || row >= height) {
            outside++;
            if (dropOutside) n--;
          }
          break;
        }
        case ADDR_Y:
          row = word & 0x7ff;
          break;
        case TIME_LOW:
          lo = high | (word & 0xfff);
          break;
        case VECT_BASE_X:
          this.#baseX = word & 0x7ff;
          this.#vectorPolarity = (word >>> 11) & 1;
          break;
        default:
          break loop;
      }
    }
    this.#timeLow = lo & 0xfff;
    this.#y = row;
    events.length = n;
    this.counts.eventsOutside += outside;
    return at;
  }

  /** @returns the word after the vectors at `start`, or the one whose rest found no room ({@link restMask}) */
  #decodeVectors(words: Uint16Array, start: number, elements: number, events: EventSlot): number {
    let at = start;
    for (; at < elements; at++) {
      const word = words[at]!;
      const type = word >>> 12;
      if (type !== VECT_12 && type !== VECT_8) break;
      // Full groups, which cameras send, cost one loop over 32 bits.
      if (type === VECT_12 && this.#restMask === 0 && events.capacity - events.length >= 32) {
        if (at + 2 < elements && isFullGroup(words, at)) {
          const upper = ((words[at + 1]! & 0xfff) << 12) | ((words[at + 2]! & 0xff) << 24);
          this.#giveMask((word & 0xfff) | upper, events);
          this.#baseX = (this.#baseX + 32) & 0xffff;
          at += 2;
          continue;
        }
      }
      const mask = type === VECT_12 ? word & 0xfff : word & 0xff;
      this.#restMask = this.#giveMask(this.#restMask === 0 ? mask : this.#restMask, events);
      if (this.#restMask !== 0) break;
      this.#baseX = (this.#baseX + (type === VECT_12 ? 12 : 8)) & 0xffff;
    }
    return at;
  }

  /** @returns the bits there was no room for */
  #giveMask(mask: number, events: EventSlot): number {
    const place = this.#place;
    place.lo = this.#clock.lo | this.#timeLow;
    place.hi = this.#clock.hi;
    place.x = this.#baseX;
    place.y = this.#y;
    place.polarity = this.#vectorPolarity;
    return appendMask(events, this.rules, this.counts, mask, place);
  }

  #takeTimeHigh(high: number): void {
    // The same high part again is a reminder: the low part stays.
    if (!this.#clock.hasTime || high !== this.#clock.high) this.#timeLow = 0;
    this.#clock.take(high);
  }

  /** @returns false when a trigger finds its slot full */
  #takeOther(word: number, triggers: Triggers): boolean {
    const type = word >>> 12;
    if (type === TRIGGER) {
      if (isTriggerSlotFull(triggers)) return false;
      this.counts.triggers++;
      const { lo, hi } = this.#clock;
      appendTrigger(triggers, lo | this.#timeLow, hi, (word >>> 8) & 0xf, word & 1);
    } else if (word === PADDING) this.counts.paddingWords++;
    else if (type >= IMU || type === CONTINUED_4) this.counts.skippedWords++;
    else this.counts.reservedWords++;
    return true;
  }

  /** Rows and bases hold also before the first TIME_HIGH; events do not. @returns where that stands */
  #findTime(words: Uint16Array, elements: number): number {
    for (let at = 0; at < elements; at++) {
      const word = words[at]!;
      switch (word >>> 12) {
        case TIME_HIGH:
          return at;
        case ADDR_Y:
          this.#y = word & 0x7ff;
          break;
        case VECT_BASE_X:
          this.#baseX = word & 0x7ff;
          this.#vectorPolarity = (word >>> 11) & 1;
          break;
        case ADDR_X:
          this.counts.eventsBeforeTime++;
          break;
        case VECT_12:
          this.#passVector(word & 0xfff, 12);
          break;
        case VECT_8:
          this.#passVector(word & 0xff, 8);
          break;
        case TRIGGER:
          this.counts.triggersBeforeTime++;
          break;
        case TIME_LOW:
          break;
        default:
          this.#takeOther(word, undefined);
      }
    }
    return elements;
  }

  /** A vector before the first TIME_HIGH. */
  #passVector(mask: number, bits: number): void {
    this.counts.eventsBeforeTime += countBits(mask);
    this.#baseX = (this.#baseX + bits) & 0xffff;
  }

  state(): DecoderState {
    const { hasTime, high, wraps } = this.#clock;
    return {
      hasTime,
      timeHigh: high,
      timeLow: this.#timeLow,
      wraps,
      y: this.#y,
      baseX: this.#baseX,
      vectorPolarity: this.#vectorPolarity,
      vectorWord: 0,
      restMask: this.#restMask,
    };
  }
}
