// The clock of a stream of words: high bits that come seldom, low bits in every word, and a wrap when the high bits
// begin again. What counts as a wrap differs by format; any other fall is time going back, which is kept and counted.
import type { ReadCounts } from '../model/index.ts';
import type { DecoderState } from './contract.ts';

/** How one format's clock runs. */
export interface ClockRules {
  /** Bits of t below the high ones. */
  readonly lowBits: number;
  /** Bits of the high part. */
  readonly highBits: number;
  /** The least fall of the high part that is a wrap. */
  readonly wrapFall: number;
}

/** The time up to the last high word, as the two u32 lanes of an i64. */
export class WordClock {
  hasTime: boolean;
  high: number;
  wraps: number;
  /** Low and high lane of t with its low bits 0. */
  lo = 0;
  hi = 0;
  readonly #rules: ClockRules;
  readonly #counts: ReadCounts;

  constructor(rules: ClockRules, counts: ReadCounts, state?: Readonly<DecoderState>) {
    this.#rules = rules;
    this.#counts = counts;
    this.hasTime = state?.hasTime ?? false;
    this.high = state?.timeHigh ?? 0;
    this.wraps = state?.wraps ?? 0;
    this.#setLanes();
  }

  /** Takes the payload of a high word. */
  take(high: number): void {
    if (high === this.high && this.hasTime) return;
    if (high < this.high) {
      if (this.high - high >= this.#rules.wrapFall) {
        this.wraps++;
        this.#counts.timeWraps++;
      } else this.#counts.timeReversals++;
    }
    this.hasTime = true;
    this.high = high;
    this.#setLanes();
  }

  #setLanes(): void {
    const { lowBits, highBits } = this.#rules;
    const t = this.wraps * 2 ** (lowBits + highBits) + this.high * 2 ** lowBits;
    this.lo = t >>> 0;
    this.hi = Math.floor(t / 2 ** 32) | 0;
  }
}
