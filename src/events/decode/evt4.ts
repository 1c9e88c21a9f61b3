// EVT4: words of 32 bits, little-endian, laid out like EVT2's with other types, and vectors of 32 pixels.
//
//   31:28 type     27:22   21:11        10:0
//   0xA CD OFF     t[5:0]  x            y
//   0xB CD ON      t[5:0]  x            y
//   0xC VECTOR OFF t[5:0]  x of bit 0   y; the whole next word is a mask: an event at x + i for every bit i set
//   0xD VECTOR ON  t[5:0]  x of bit 0   y; likewise
//   0xE TIME_HIGH  t[33:6] in 27:0
//   0x9 TRIGGER    t[5:0]  12:8 id, 7:1 count, 0 value
//   0x6 OTHER, 0x7 CONTINUED: skipped
//   0xF padding    0xFFFFFFFF
//
// Types 0x0 to 0x5, 0x8 and other 0xF are reserved. A mask word may look like any other word, also before the first
// TIME_HIGH. A TIME_HIGH is a wrap when it falls by half the range or more.
import type { EventSlot, TriggerSlot } from '../model/index.ts';
import { appendMask, countBits } from './append-mask.ts';
import type { VectorPlace } from './append-mask.ts';
import type { DecoderOptions, DecoderState } from './contract.ts';
import { WordClock } from './word-clock.ts';
import type { ClockRules } from './word-clock.ts';
import { appendTrigger, createDecoderState, isTriggerSlotFull, WordDecoder } from './word-decoder.ts';

export const EVT4_CLOCK: ClockRules = { lowBits: 6, highBits: 28, wrapFall: 2 ** 27 };

const OTHER = 0x6;
const CONTINUED = 0x7;
const TRIGGER = 0x9;
const CD_OFF = 0xa;
const VECTOR_OFF = 0xc;
const TIME_HIGH = 0xe;
const PADDING = 0xffff_ffff;

/** Decodes EVT4. */
export class Evt4Decoder extends WordDecoder<Uint32Array> {
  readonly #clock: WordClock;
  /** The vector word whose mask comes next, else 0. */
  #vectorWord: number;
  #restMask: number;
  readonly #place: VectorPlace = { lo: 0, hi: 0, x: 0, y: 0, polarity: 0 };

  constructor(options: DecoderOptions = {}) {
    super('evt4', options, (buffer, byteOffset, length) => new Uint32Array(buffer, byteOffset, length));
    this.#clock = new WordClock(EVT4_CLOCK, this.counts, options.state);
    this.#vectorWord = options.state?.vectorWord ?? 0;
    this.#restMask = options.state?.restMask ?? 0;
  }

  protected decodeWords(
    words: Uint32Array,
    elements: number,
    events: EventSlot,
    triggers: TriggerSlot | undefined,
  ): number {
    for (let at = 0; at < elements; at++) {
      const word = words[at]!;
      const type = word >>> 28;
      if (this.#vectorWord !== 0) {
        // Bits that found no room wait in restMask; the mask word is read again.
        if (!this.#give(this.#vectorWord, this.#restMask === 0 ? word : this.#restMask, events)) return at;
        this.#vectorWord = 0;
      } else if (type === VECTOR_OFF || type === VECTOR_OFF + 1) this.#vectorWord = word;
      else if (type === CD_OFF || type === CD_OFF + 1) {
        if (!this.#give(word, 1, events)) return at;
      } else if (type === TIME_HIGH) this.#clock.take(word & 0xfff_ffff);
      else if (!this.#takeOther(word, triggers)) return at;
    }
    return elements;
  }

  /** @returns false when the slot is full before the last bit */
  #give(head: number, mask: number, events: EventSlot): boolean {
    const clock = this.#clock;
    if (!clock.hasTime) {
      this.counts.eventsBeforeTime += countBits(mask);
      return true;
    }
    const place = this.#place;
    place.lo = clock.lo | ((head >>> 22) & 0x3f);
    place.hi = clock.hi;
    place.x = (head >>> 11) & 0x7ff;
    place.y = head & 0x7ff;
    place.polarity = (head >>> 28) & 1;
    const rest = appendMask(events, this.rules, this.counts, mask, place);
    this.#restMask = this.#vectorWord === 0 ? 0 : rest;
    return rest === 0;
  }

  /** @returns false when a trigger finds its slot full */
  #takeOther(word: number, triggers: TriggerSlot | undefined): boolean {
    const type = word >>> 28;
    if (type === TRIGGER) {
      if (!this.#clock.hasTime) this.counts.triggersBeforeTime++;
      else if (isTriggerSlotFull(triggers)) return false;
      else {
        this.counts.triggers++;
        const { lo, hi } = this.#clock;
        appendTrigger(triggers, lo | ((word >>> 22) & 0x3f), hi, (word >>> 8) & 0x1f, word & 1);
      }
    } else if (type === OTHER || type === CONTINUED) this.counts.skippedWords++;
    else if (word === PADDING) this.counts.paddingWords++;
    else this.counts.reservedWords++;
    return true;
  }

  override finish() {
    // A vector without its mask gives nothing.
    if (this.#vectorWord !== 0) this.counts.truncatedBytes += 4;
    this.#vectorWord = 0;
    return super.finish();
  }

  state(): DecoderState {
    const { hasTime, high, wraps } = this.#clock;
    return {
      ...createDecoderState(),
      hasTime,
      timeHigh: high,
      wraps,
      vectorWord: this.#vectorWord,
      restMask: this.#restMask,
    };
  }
}
