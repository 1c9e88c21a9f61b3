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
import type { EventSlot, ReadCounts } from '../model/index.ts';
import { ClockedDecoder } from './clocked-decoder.ts';
import type { DecoderOptions, DecoderState } from './contract.ts';
import type { ClockRules } from './word-clock.ts';
import type { Triggers } from './word-decoder.ts';

const CLOCK: ClockRules = { lowBits: 6, highBits: 28, wrapFall: 2 ** 27 };

const OTHER = 0x6;
const CONTINUED = 0x7;
const TRIGGER = 0x9;
const CD_OFF = 0xa;
const VECTOR_OFF = 0xc;
const TIME_HIGH = 0xe;
const PADDING = 0xffff_ffff;

/** Decodes EVT4. */
export class Evt4Decoder extends ClockedDecoder {
  /** The vector word whose mask comes next, else 0. */
  #vectorWord: number;
  #restMask: number;

  constructor(options: DecoderOptions = {}) {
    super('evt4', CLOCK, options);
    this.#vectorWord = options.state?.vectorWord ?? 0;
    this.#restMask = options.state?.restMask ?? 0;
  }

  protected decodeWords(words: Uint32Array, events: EventSlot, triggers: Triggers): number {
    for (let at = 0; at < words.length; at++) {
      const word = words[at]!;
      const type = word >>> 28;
      if (this.#vectorWord !== 0) {
        // Bits that found no room wait in restMask; the mask word is read again.
        const mask = this.#restMask === 0 ? word : this.#restMask;
        this.#restMask = this.giveVector(this.#vectorWord, mask, events);
        if (this.#restMask !== 0) return at;
        this.#vectorWord = 0;
      } else if (type === VECTOR_OFF || type === VECTOR_OFF + 1) this.#vectorWord = word;
      else if (type === CD_OFF || type === CD_OFF + 1) {
        if (this.giveVector(word, 1, events) !== 0) return at;
      } else if (type === TIME_HIGH) this.clock.take(word & 0xfff_ffff);
      else if (!this.#takeOther(word, triggers)) return at;
    }
    return words.length;
  }

  /** @returns false when a trigger finds its slot full */
  #takeOther(word: number, triggers: Triggers): boolean {
    const type = word >>> 28;
    if (type === TRIGGER) return this.takeTrigger(word, triggers);
    if (type === OTHER || type === CONTINUED) this.counts.skippedWords++;
    else if (word === PADDING) this.counts.paddingWords++;
    else this.counts.reservedWords++;
    return true;
  }

  override finish(): ReadCounts {
    // A vector without its mask gives nothing.
    if (this.#vectorWord !== 0) this.counts.truncatedBytes += 4;
    this.#vectorWord = 0;
    return super.finish();
  }

  override state(): DecoderState {
    return { ...super.state(), vectorWord: this.#vectorWord, restMask: this.#restMask };
  }
}
