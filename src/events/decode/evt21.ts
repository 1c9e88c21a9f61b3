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
import type { EventSlot } from '../model/index.ts';
import { ClockedDecoder } from './clocked-decoder.ts';
import type { DecoderOptions, DecoderState } from './contract.ts';
import type { ClockRules } from './word-clock.ts';
import type { Triggers } from './word-decoder.ts';

const CLOCK: ClockRules = { lowBits: 6, highBits: 28, wrapFall: 2 ** 28 - 1 };

const TIME_HIGH = 0x8;
const TRIGGER = 0xa;
const OTHERS = 0xe;

/** Decodes EVT2.1 in both orders. */
export class Evt21Decoder extends ClockedDecoder {
  /** Which half of a word is the upper one: 0 or 1. */
  readonly #upper: number;
  #restMask: number;

  constructor(format: 'evt21' | 'evt21-legacy', options: DecoderOptions = {}) {
    super(format, CLOCK, options);
    this.#upper = format === 'evt21' ? 1 : 0;
    this.#restMask = options.state?.restMask ?? 0;
  }

  protected decodeWords(words: Uint32Array, events: EventSlot, triggers: Triggers): number {
    const upper = this.#upper;
    for (let at = 0; at < words.length; at += 2) {
      const head = words[at + upper]!;
      const type = head >>> 28;
      if (type <= 1) {
        // Bits that found no room wait in restMask; the word is read again.
        const mask = this.#restMask === 0 ? words[at + 1 - upper]! : this.#restMask;
        this.#restMask = this.giveVector(head, mask, events);
        if (this.#restMask !== 0) return at;
      } else if (type === TIME_HIGH) this.clock.take(head & 0xfff_ffff);
      else if (type === TRIGGER) {
        if (!this.takeTrigger(head, triggers)) return at;
      } else if (type >= OTHERS) this.counts.skippedWords++;
      else this.counts.reservedWords++;
    }
    return words.length;
  }

  override state(): DecoderState {
    return { ...super.state(), restMask: this.#restMask };
  }
}
