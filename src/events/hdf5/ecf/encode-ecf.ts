// Columns → one chunk in Prophesee's Event Compression Format (its bytes are mapped in decode-ecf.ts). How x, y and p
// are stored follows the choice of Prophesee's own encoder, so that files have the same size.

/** Largest x and y that ECF can say. */
export const MAX_ECF_COORDINATE = 2047;

/** Columns of events, all of one length, at most 65,535. `p` is 0 or 1. Times do not go back. */
export interface EcfInput {
  readonly t: BigInt64Array;
  readonly x: Uint16Array;
  readonly y: Uint16Array;
  readonly p: Uint8Array;
}

/** Events that the choice looks at: the first quarter, or all of a few. */
const sampleOf = (count: number): number => (count < 16 ? count : Math.floor(count * 0.25 + 0.5));

/** True where rows change too often for runs to be worth it. */
function areRowsScattered(y: Uint16Array): boolean {
  const sample = sampleOf(y.length);
  const most = Math.floor((sample * 20) / 100 + 0.5);
  let same = 0;
  for (let i = 1; i < sample; i++) if (y[i] === y[i - 1]) same++;
  return same <= most;
}

/** True where few events stand within five pixels to the right of another. */
function areColumnsScattered(x: Uint16Array): boolean {
  const sample = sampleOf(x.length);
  const most = Math.floor((sample * 8) / 100 + 0.5);
  let near = 0;
  let base = x[0]!;
  for (let i = 1; i < sample; i++) {
    if (x[i]! > x[i - 1]! && x[i]! <= base + 5) near++;
    else base = x[i]!;
  }
  return near <= most;
}

/** Encodes chunks into memory of its own. */
export class EcfEncoder {
  #bytes = new Uint8Array(0);
  #at = 0;

  /** @returns bytes that are valid until the next chunk is encoded. Nothing is checked: see {@link EcfInput} */
  encode(events: EcfInput): Uint8Array {
    const count = events.t.length;
    // Most bytes of an event: a time of 16 digits and its count, y, x and p in runs of one.
    if (this.#bytes.length < 12 + 24 * count) this.#bytes = new Uint8Array(12 + 24 * count);
    this.#at = 0;
    const isYxp = areRowsScattered(events.y);
    const isXp = !isYxp && areColumnsScattered(events.x);
    this.#u32(((count << 2) | (isYxp ? 2 : 0) | (isXp ? 1 : 0)) >>> 0);
    this.#times(events.t);
    if (isYxp) this.#packYxp(events);
    else {
      this.#rows(events.y);
      if (isXp) this.#packXp(events);
      else {
        this.#maskX(events.x);
        this.#polarities(events.p);
      }
    }
    return this.#bytes.subarray(0, this.#at);
  }

  #u8(value: number): void {
    this.#bytes[this.#at++] = value;
  }

  #u16(value: number): void {
    this.#bytes[this.#at] = value;
    this.#bytes[this.#at + 1] = value >> 8;
    this.#at += 2;
  }

  #u32(value: number): void {
    this.#u16(value);
    this.#u16(value >>> 16);
  }

  #times(t: BigInt64Array): void {
    const words = new Uint32Array(t.buffer, t.byteOffset, 2 * t.length);
    let low = words[0] ?? 0;
    let high = words[1] ?? 0;
    this.#u32(low);
    this.#u32(high);
    for (let i = 0; i < t.length;) {
      const nextLow = words[2 * i]!;
      const nextHigh = words[2 * i + 1]!;
      let step = nextLow - low;
      if (nextHigh !== high || step >= 15) {
        this.#longStep(nextLow, nextHigh, low, high);
        step = 0;
      }
      low = nextLow;
      high = nextHigh;
      let end = i + 1;
      while (end < t.length && words[2 * end] === low && words[2 * end + 1] === high) end++;
      const run = end - i;
      this.#u8((step << 4) | Math.min(run, 15));
      if (run >= 15) this.#u16(run);
      i = end;
    }
  }

  #longStep(nextLow: number, nextHigh: number, low: number, high: number): void {
    let stepLow = (nextLow - low) >>> 0;
    let stepHigh = (nextHigh - high - (nextLow < low ? 1 : 0)) >>> 0;
    while (stepLow !== 0 || stepHigh !== 0) {
      this.#u8(0xf0 | (stepLow & 15));
      stepLow = ((stepLow >>> 4) | (stepHigh << 28)) >>> 0;
      stepHigh >>>= 4;
    }
  }

  #rows(y: Uint16Array): void {
    for (let i = 0; i < y.length;) {
      const end = endOfRun(y, i);
      this.#u16((y[i]! << 5) | Math.min(end - i, 31));
      if (end - i >= 31) this.#u16(end - i);
      i = end;
    }
  }

  #polarities(p: Uint8Array): void {
    for (let i = 0; i < p.length;) {
      const end = endOfRun(p, i);
      this.#u8((p[i]! << 7) | Math.min(end - i, 127));
      if (end - i >= 127) this.#u16(end - i);
      i = end;
    }
  }

  #maskX(x: Uint16Array): void {
    for (let i = 0; i < x.length;) {
      const first = x[i++]!;
      let mask = 0;
      for (let j = 0; j < 5; j++) {
        if (x[i] !== first + j + 1) continue;
        mask |= 16 >> j;
        i++;
      }
      this.#u16((first << 5) | mask);
    }
  }

  #packXp({ x, p }: EcfInput): void {
    const at = (index: number): number => ((x[index] ?? 0) << 1) | (p[index] ?? 0);
    for (let i = 0; i < x.length; i += 4) {
      const [a, b, c, d] = [at(i), at(i + 1), at(i + 2), at(i + 3)];
      this.#u16((a << 4) | (b & 0xf));
      this.#u16(((b >> 4) << 8) | (c & 0xff));
      this.#u16(((c >> 8) << 12) | d);
    }
  }

  #packYxp({ x, y, p }: EcfInput): void {
    const at = (index: number): number => ((y[index] ?? 0) << 12) | ((x[index] ?? 0) << 1) | (p[index] ?? 0);
    for (let i = 0; i < x.length; i += 4) {
      const [a, b, c, d] = [at(i), at(i + 1), at(i + 2), at(i + 3)];
      this.#u32((a << 8) | (b & 0xff));
      this.#u32(((b >> 8) << 16) | (c & 0xffff));
      this.#u32(((c >> 16) << 24) | d);
    }
  }
}

function endOfRun(values: Uint8Array | Uint16Array, from: number): number {
  let end = from + 1;
  while (end < values.length && values[end] === values[from]) end++;
  return end;
}
