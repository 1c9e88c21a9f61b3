// The events of one packet, handed out as slots have room for them.
import type { EventSlot, Geometry, Polarity, ReadCounts } from '../model/index.ts';
import type { FailFlat } from './flatbuffer.ts';

/** How events are handed out. */
export interface EventListOptions {
  readonly polarity: Polarity;
  readonly resolution: 'us' | 'ns';
  readonly dropOutside: boolean;
}

const TWO_32 = 4294967296;

/** A list of 16 bytes: 8 t µs, 2 x, 2 y, 1 on, 3 unused. */
export class EventList {
  static readonly EVENT_BYTES = 16;
  readonly #counts: ReadCounts;
  readonly #options: EventListOptions;
  #words = new Uint32Array(0);
  #at = 0;
  #count = 0;
  #width = Infinity;
  #height = Infinity;
  #last = -Infinity;

  constructor(counts: ReadCounts, options: EventListOptions) {
    this.#counts = counts;
    this.#options = options;
  }

  /** Takes the events of a packet; they are copied. */
  take(bytes: Uint8Array, start: number, count: number, geometry: Geometry | null, fail: FailFlat): void {
    const end = start + count * EventList.EVENT_BYTES;
    // A constructor copies; slice() of a Buffer would not.
    this.#words = new Uint32Array(new Uint8Array(bytes.subarray(start, end)).buffer);
    this.#at = 0;
    this.#count = count;
    this.#width = geometry?.width ?? Infinity;
    this.#height = geometry?.height ?? Infinity;
    // x and y are 16 bits with a sign.
    for (let i = 0; i < count; i++) {
      if ((this.#words[4 * i + 2]! & 0x80008000) !== 0) fail(`event ${i} of the packet has a negative pixel`);
    }
  }

  /** @returns true when nothing is left */
  drain(events: EventSlot): boolean {
    const { polarity, resolution, dropOutside } = this.#options;
    const off = polarity === 'signed' ? -1 : 0;
    const { lanes, x, y, p } = events;
    const words = this.#words;
    let to = events.length;
    const first = to;
    for (; this.#at < this.#count && to < events.capacity; this.#at++) {
      const from = 4 * this.#at;
      const low = words[from]!;
      const high = words[from + 1]!;
      const time = (high | 0) * TWO_32 + low;
      if (time < this.#last) this.#counts.timeReversals++;
      this.#last = time;
      const column = words[from + 2]! & 0xffff;
      const row = words[from + 2]! >>> 16;
      if (column >= this.#width || row >= this.#height) {
        this.#counts.eventsOutside++;
        if (dropOutside) continue;
      }
      if (resolution === 'us') {
        lanes[2 * to] = low;
        lanes[2 * to + 1] = high;
      } else events.t[to] = (BigInt(high | 0) * 2n ** 32n + BigInt(low)) * 1000n;
      x[to] = column;
      y[to] = row;
      p[to] = (words[from + 3]! & 0xff) !== 0 ? 1 : off;
      to++;
    }
    events.length = to;
    this.#counts.events += to - first;
    return this.#at === this.#count;
  }
}
