// A second reading of the published formats, for tests only: slow, with BigInts, one event object at a time, the whole
// data at once. It shares no code and no shape with src/events/decode.
import type { ReadCounts, WordFormat } from '../../../src/events/model/index.ts';

/** One event as the oracle gives it: polarity 0 or 1. */
export interface OracleEvent {
  t: bigint;
  x: number;
  y: number;
  p: number;
}

/** One trigger. */
export interface OracleTrigger {
  t: bigint;
  id: number;
  value: number;
}

/** Everything a file holds. */
export interface OracleReading {
  events: OracleEvent[];
  triggers: OracleTrigger[];
  counts: ReadCounts;
}

/** What a DAT file's header says. */
export interface OracleDat {
  kind: 'events' | 'triggers';
  version: 1 | 2;
}

/** Bits `top` to `bottom` of `word`, as the tables of the formats write them. */
function bits(word: bigint, top: number, bottom: number): bigint {
  return (word >> BigInt(bottom)) & ((1n << BigInt(top - bottom + 1)) - 1n);
}

class Reading implements OracleReading {
  events: OracleEvent[] = [];
  triggers: OracleTrigger[] = [];
  counts: ReadCounts = {
    events: 0,
    triggers: 0,
    reservedWords: 0,
    paddingWords: 0,
    skippedWords: 0,
    eventsBeforeTime: 0,
    triggersBeforeTime: 0,
    eventsOutside: 0,
    timeWraps: 0,
    timeReversals: 0,
    truncatedBytes: 0,
  };
  /** High part of the clock; undefined before the first time word. */
  high: bigint | undefined;
  loops = 0n;

  event(t: bigint | undefined, x: bigint | number, y: bigint | number, p: bigint | number): void {
    if (t === undefined) {
      this.counts.eventsBeforeTime++;
      return;
    }
    this.counts.events++;
    this.events.push({ t, x: Number(x), y: Number(y), p: Number(p) });
  }

  trigger(t: bigint | undefined, id: bigint, value: bigint): void {
    if (t === undefined) {
      this.counts.triggersBeforeTime++;
      return;
    }
    this.counts.triggers++;
    this.triggers.push({ t, id: Number(id), value: Number(value) });
  }

  /** @param isWrap whether going from the first to the second is a new turn of the clock */
  setHigh(high: bigint, isWrap: (from: bigint, to: bigint) => boolean): void {
    const before = this.high;
    if (before !== undefined && high < before) {
      if (isWrap(before, high)) {
        this.loops += 1n;
        this.counts.timeWraps++;
      } else this.counts.timeReversals++;
    }
    // A stream that begins has seen no time word: its first one cannot fall.
    this.high = high;
  }

  /** Time with the 6 low bits of a word. */
  time34(low: bigint): bigint | undefined {
    return this.high === undefined ? undefined : (this.loops << 34n) + (this.high << 6n) + low;
  }
}

function readWords(bytes: Uint8Array, size: number, reading: Reading): bigint[] {
  const words: bigint[] = [];
  for (let at = 0; at + size <= bytes.length; at += size) {
    let word = 0n;
    for (let index = size - 1; index >= 0; index--) word = word * 256n + BigInt(bytes[at + index]!);
    words.push(word);
  }
  reading.counts.truncatedBytes += bytes.length % size;
  return words;
}

const maskBits = (mask: bigint): number[] =>
  mask
    .toString(2)
    .split('')
    .reverse()
    .flatMap((bit, index) => (bit === '1' ? [index] : []));

const MAX_TIME_HIGH = (1n << 28n) - 1n;

function readEvt2(bytes: Uint8Array): Reading {
  const reading = new Reading();
  for (const word of readWords(bytes, 4, reading)) {
    const t = reading.time34(bits(word, 27, 22));
    switch (bits(word, 31, 28)) {
      case 0x0n:
        reading.event(t, bits(word, 21, 11), bits(word, 10, 0), 0);
        break;
      case 0x1n:
        reading.event(t, bits(word, 21, 11), bits(word, 10, 0), 1);
        break;
      case 0x8n:
        reading.setHigh(
          bits(word, 27, 0),
          (from, to) => (from << 6n) - (to << 6n) >= (MAX_TIME_HIGH << 6n) - 10_000n,
        );
        break;
      case 0xan:
        reading.trigger(t, bits(word, 12, 8), bits(word, 0, 0));
        break;
      case 0xdn:
      case 0xen:
      case 0xfn:
        reading.counts.skippedWords++;
        break;
      default:
        reading.counts.reservedWords++;
    }
  }
  return reading;
}

function readEvt21(bytes: Uint8Array, isLegacy: boolean): Reading {
  const reading = new Reading();
  for (const raw of readWords(bytes, 8, reading)) {
    const word = isLegacy ? (bits(raw, 31, 0) << 32n) | bits(raw, 63, 32) : raw;
    const type = bits(word, 63, 60);
    const t = reading.time34(bits(word, 59, 54));
    if (type === 0n || type === 1n) {
      for (const bit of maskBits(bits(word, 31, 0))) {
        reading.event(t, bits(word, 53, 43) + BigInt(bit), bits(word, 42, 32), type);
      }
    } else if (type === 8n) {
      reading.setHigh(bits(word, 59, 32), (from, to) => from === MAX_TIME_HIGH && to === 0n);
    } else if (type === 0xan) reading.trigger(t, bits(word, 44, 40), bits(word, 32, 32));
    else if (type === 0xen || type === 0xfn) reading.counts.skippedWords++;
    else reading.counts.reservedWords++;
  }
  return reading;
}

function readEvt3(bytes: Uint8Array): Reading {
  const reading = new Reading();
  let [y, base, polarity, low] = [0n, 0n, 0n, 0n];
  const now = (): bigint | undefined =>
    reading.high === undefined ? undefined : (reading.loops << 24n) | (reading.high << 12n) | low;
  const vector = (mask: bigint, width: bigint): void => {
    for (const bit of maskBits(mask)) reading.event(now(), (base + BigInt(bit)) % 65_536n, y, polarity);
    base = (base + width) % 65_536n;
  };
  const words: Record<number, (payload: bigint, word: bigint) => void> = {
    0x0: (payload) => (y = bits(payload, 10, 0)),
    0x2: (payload) => reading.event(now(), bits(payload, 10, 0), y, bits(payload, 11, 11)),
    0x3: (payload) => ([base, polarity] = [bits(payload, 10, 0), bits(payload, 11, 11)]),
    0x4: (payload) => vector(payload, 12n),
    0x5: (payload) => vector(bits(payload, 7, 0), 8n),
    0x6: (payload) => (low = payload),
    0x7: () => reading.counts.skippedWords++,
    0x8: (payload) => {
      if (payload !== reading.high) low = 0n;
      reading.setHigh(payload, (from, to) => from >= to + 0x800n);
    },
    0xa: (payload) => reading.trigger(now(), bits(payload, 11, 8), bits(payload, 0, 0)),
    0xd: () => reading.counts.skippedWords++,
    0xe: () => reading.counts.skippedWords++,
    0xf: () => reading.counts.skippedWords++,
  };
  for (const word of readWords(bytes, 2, reading)) {
    const take = words[Number(bits(word, 15, 12))];
    if (take !== undefined) take(bits(word, 11, 0), word);
    else if (word === 0x9999n) reading.counts.paddingWords++;
    else reading.counts.reservedWords++;
  }
  return reading;
}

function readEvt4(bytes: Uint8Array): Reading {
  const reading = new Reading();
  const words = readWords(bytes, 4, reading);
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const type = Number(bits(word, 31, 28));
    const t = reading.time34(bits(word, 27, 22));
    const [x, y] = [bits(word, 21, 11), bits(word, 10, 0)];
    if (type === 0xa || type === 0xb) reading.event(t, x, y, type - 0xa);
    else if (type === 0xc || type === 0xd) {
      const mask = words[++at];
      if (mask === undefined) reading.counts.truncatedBytes += 4;
      else for (const bit of maskBits(mask)) reading.event(t, x + BigInt(bit), y, type - 0xc);
    } else if (type === 0xe) {
      reading.setHigh(bits(word, 27, 0), (from, to) => from - to >= 1n << 27n);
    } else if (type === 0x9) reading.trigger(t, bits(word, 12, 8), bits(word, 0, 0));
    else if (word === 0xffff_ffffn) reading.counts.paddingWords++;
    else if (type === 6 || type === 7) reading.counts.skippedWords++;
    else reading.counts.reservedWords++;
  }
  return reading;
}

function readDat(bytes: Uint8Array, dat: OracleDat): Reading {
  const reading = new Reading();
  for (const record of readWords(bytes, 8, reading)) {
    reading.setHigh(bits(record, 31, 0), (from, to) => from - to >= 1n << 31n);
    const t = (reading.loops << 32n) + reading.high!;
    const place = bits(record, 63, 32);
    if (dat.kind === 'triggers') reading.trigger(t, bits(place, 31, 26), bits(place, 3, 0));
    else if (dat.version === 1) reading.event(t, bits(place, 8, 0), bits(place, 16, 9), bits(place, 17, 17));
    else reading.event(t, bits(place, 13, 0), bits(place, 27, 14), bits(place, 31, 28) > 0n ? 1 : 0);
  }
  return reading;
}

/** Reads `bytes`, the data behind a header. */
export function readByOracle(
  format: WordFormat,
  bytes: Uint8Array,
  dat: OracleDat = { kind: 'events', version: 2 },
): OracleReading {
  switch (format) {
    case 'evt2':
      return readEvt2(bytes);
    case 'evt3':
      return readEvt3(bytes);
    case 'evt4':
      return readEvt4(bytes);
    case 'dat':
      return readDat(bytes, dat);
    default:
      return readEvt21(bytes, format === 'evt21-legacy');
  }
}
