// What the decoders of 32-bit words share: a clock, and words with t[5:0] in 27:22 of which EVT2, EVT2.1 and EVT4 have
// the same kinds.
import type { EventSlot, WordFormat } from '../model/index.ts';
import { appendMask, countBits } from './append-mask.ts';
import type { VectorPlace } from './append-mask.ts';
import type { DecoderOptions, DecoderState } from './contract.ts';
import { WordClock } from './word-clock.ts';
import type { ClockRules } from './word-clock.ts';
import { appendTrigger, createDecoderState, isTriggerSlotFull, WordDecoder } from './word-decoder.ts';
import type { Triggers } from './word-decoder.ts';

/** Decodes words of 32 bits, or pairs of them. */
export abstract class ClockedDecoder extends WordDecoder<Uint32Array> {
  protected readonly clock: WordClock;
  /** Filled for each vector. */
  readonly #place: VectorPlace = { lo: 0, hi: 0, x: 0, y: 0, polarity: 0 };

  constructor(format: WordFormat, rules: ClockRules, options: DecoderOptions) {
    super(format, options, (buffer, byteOffset, length) => new Uint32Array(buffer, byteOffset, length));
    this.clock = new WordClock(rules, this.counts, options.state);
  }

  /** A trigger: 12:8 id, 0 value. @returns false when it finds its slot full */
  protected takeTrigger(word: number, triggers: Triggers): boolean {
    const { hasTime, lo, hi } = this.clock;
    if (!hasTime) {
      this.counts.triggersBeforeTime++;
      return true;
    }
    if (isTriggerSlotFull(triggers)) return false;
    this.counts.triggers++;
    appendTrigger(triggers, lo | ((word >>> 22) & 0x3f), hi, (word >>> 8) & 0x1f, word & 1);
    return true;
  }

  /** Events of `mask` at the place that `head` says: 21:11 x of bit 0, 10:0 y. @returns the bits without room */
  protected giveVector(head: number, mask: number, events: EventSlot): number {
    const { hasTime, lo, hi } = this.clock;
    if (!hasTime) {
      this.counts.eventsBeforeTime += countBits(mask);
      return 0;
    }
    const place = this.#place;
    place.lo = lo | ((head >>> 22) & 0x3f);
    place.hi = hi;
    place.x = (head >>> 11) & 0x7ff;
    place.y = head & 0x7ff;
    place.polarity = (head >>> 28) & 1;
    return appendMask(events, this.rules, this.counts, mask, place);
  }

  state(): DecoderState {
    const { hasTime, high, wraps } = this.clock;
    return { ...createDecoderState(), hasTime, timeHigh: high, wraps };
  }
}
