// EVT2.1: words of 64 bits, a vector of 32 pixels each. Little-endian; in the legacy order of IMX636 cameras the upper
// half of each word comes first. https://docs.prophesee.ai/stable/data/encoding_formats/evt21.html
//
//   63:60 type    59:54   53:43        42:32  31:0
//   0x0 NEG       t[5:0]  x of bit 0   y      an event at x + i for every bit i set
//   0x1 POS       t[5:0]  x of bit 0   y      an event at x + i for every bit i set
//   0x8 TIME_HIGH t[33:6] in 59:32
//   0xA TRIGGER   t[5:0]  44:40 id, 32 value
//   0xE OTHERS, 0xF CONTINUED: skipped; the other types are reserved
//
// A TIME_HIGH is a wrap only when it goes from the largest value to 0; one that repeats the last changes nothing.
import type { EventSlot, TriggerSlot } from '../model/index.ts';
import { appendMask, countBits } from './append-mask.ts';
import type { VectorPlace } from './append-mask.ts';
import type { DecoderOptions, DecoderState } from './contract.ts';
import { WordClock } from './word-clock.ts';
import type { ClockRules } from './word-clock.ts';
import { appendTrigger, createDecoderState, isTriggerSlotFull, WordDecoder } from './word-decoder.ts';

export const EVT21_CLOCK: ClockRules = { lowBits: 6, highBits: 28, wrapFall: 2 ** 28 - 1 };

const TIME_HIGH = 0x8;
const TRIGGER = 0xa;
const OTHERS = 0xe;

/** Decodes EVT2.1 in both orders. */
export class Evt21Decoder extends WordDecoder<Uint32Array> {
  readonly #clock: WordClock;
  /** Which half of a word is the upper one: 0 or 1. */
  readonly #upper: number;
  #restMask: number;
  readonly #place: VectorPlace = { lo: 0, hi: 0, x: 0, y: 0, polarity: 0 };

  constructor(format: 'evt21' | 'evt21-legacy', options: DecoderOptions = {}) {
    super(format, options, (buffer, byteOffset, length) => new Uint32Array(buffer, byteOffset, length));
    this.#clock = new WordClock(EVT21_CLOCK, this.counts, options.state);
    this.#upper = format === 'evt21' ? 1 : 0;
    this.#restMask = options.state?.restMask ?? 0;
  }

  protected decodeWords(
    words: Uint32Array,
    elements: number,
    events: EventSlot,
    triggers: TriggerSlot | undefined,
  ): number {
    const upper = this.#upper;
    for (let at = 0; at < elements; at += 2) {
      const head = words[at + upper]!;
      const type = head >>> 28;
      if (type <= 1) {
        if (!this.#giveVector(head, words[at + 1 - upper]!, events)) return at;
      } else if (type === TIME_HIGH) this.#clock.take(head & 0xfff_ffff);
      else if (type === TRIGGER) {
        if (!this.#giveTrigger(head, triggers)) return at;
      } else if (type >= OTHERS) this.counts.skippedWords++;
      else this.counts.reservedWords++;
    }
    return elements;
  }

  /** @returns false when the slot is full before the last bit */
  #giveVector(head: number, mask: number, events: EventSlot): boolean {
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
    place.polarity = head >>> 28;
    const wanted = this.#restMask === 0 ? mask : this.#restMask;
    this.#restMask = appendMask(events, this.rules, this.counts, wanted, place);
    return this.#restMask === 0;
  }

  #giveTrigger(head: number, triggers: TriggerSlot | undefined): boolean {
    const clock = this.#clock;
    if (!clock.hasTime) {
      this.counts.triggersBeforeTime++;
      return true;
    }
    if (isTriggerSlotFull(triggers)) return false;
    this.counts.triggers++;
    appendTrigger(triggers, clock.lo | ((head >>> 22) & 0x3f), clock.hi, (head >>> 8) & 0x1f, head & 1);
    return true;
  }

  state(): DecoderState {
    const { hasTime, high, wraps } = this.#clock;
    return { ...createDecoderState(), hasTime, timeHigh: high, wraps, restMask: this.#restMask };
  }
}
