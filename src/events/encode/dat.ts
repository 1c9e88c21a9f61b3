// DAT: records of 8 bytes, little-endian, version 2.
//
//   0 4  t in µs modulo 2^32: readers take a fall by half of that or more for a wrap
//   4 4  event:   13:0 x, 27:14 y, 31:28 polarity
//        trigger: 3:0 value, 31:26 id
//
// There is no word for time alone: between two records it may go on by less than 2^31 µs, or as far as the wrap allows.
import type { EventColumns, TriggerColumns } from '../model/index.ts';
import { WordEncoder } from './word-encoder.ts';
import type { PendingTrigger } from './word-encoder.ts';

const LARGEST = 0x3fff;
const TURN = 2 ** 32;

/** Encodes the records of DAT files. */
export class DatEncoder extends WordEncoder<Uint32Array> {
  readonly #kind: 'events' | 'triggers';
  /** Lanes of t of the last record as a reader sees it. */
  #lo = 0;
  #hi = 0;

  constructor(kind: 'events' | 'triggers') {
    super('dat', (length) => new Uint32Array(length));
    this.#kind = kind;
  }

  override encode(events: EventColumns, triggers?: TriggerColumns): Uint8Array {
    const other = this.#kind === 'events' ? (triggers?.length ?? 0) : events.length;
    if (other > 0) {
      throw this.refuse(0, `the file holds ${this.#kind} only`, 'write events and triggers to two files');
    }
    const bytes = super.encode(events, triggers);
    // Triggers of their own have no events to wait for.
    return this.#kind === 'triggers' ? this.finish() : bytes;
  }

  protected encodeRun(events: EventColumns, lanes: Uint32Array, start: number, stop: number): void {
    const { x, y, p } = events;
    this.reserve(2 * (stop - start));
    for (let at = start; at < stop; at++) {
      this.check(events, lanes, at, LARGEST);
      const lo = lanes[2 * at]!;
      this.#setTime(lo, lanes[2 * at + 1]!, at);
      const polarity = p[at]! > 0 ? 0x1000_0000 : 0;
      this.words[this.used++] = lo;
      this.words[this.used++] = polarity | (y[at]! << 14) | x[at]!;
    }
  }

  /** Throws unless a reader that comes from the last record finds the same t. */
  #setTime(lo: number, hi: number, at: number): void {
    const read = this.#hi + (this.#lo - lo >= TURN / 2 ? 1 : 0);
    if (read !== hi) {
      const [from, to, found] = [this.#hi * TURN + this.#lo, hi * TURN + lo, read * TURN + lo].map(String);
      const state = `t goes from ${from!} to ${to!} µs, which reads as ${found!}`;
      throw this.refuse(at, state, 'sort the events, subtract the time of the first, or write EVT2');
    }
    this.#lo = lo;
    this.#hi = hi;
  }

  protected encodeTrigger(trigger: PendingTrigger): void {
    this.checkTrigger(trigger, 0x3f);
    const lo = trigger.t >>> 0;
    this.#setTime(lo, Math.floor(trigger.t / TURN), 0);
    this.reserve(2);
    this.words[this.used++] = lo;
    this.words[this.used++] = (trigger.id << 26) | (trigger.value & 0xf);
  }
}
