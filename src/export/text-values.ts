// One value → its text in a buffer: whole numbers, floats at their shortest, times. What is expensive to
// spell and comes again (hashes, the time of a scan) is remembered by its bits.
import { joinHalves } from '../core/index.ts';
import { toWords } from './text-buffer.ts';
import type { TextBuffer, Words } from './text-buffer.ts';

const MINUS = 0x2d;
const POINT = 0x2e;
const COLON = 0x3a;
const ZULU = 0x5a;

/** A signed 64-bit integer, given as its two halves. */
export function writeInt64(out: TextBuffer, low: number, high: number): void {
  if (high === 0 && low >= 0) return out.digits(low);
  const value = joinHalves(low, high);
  if (Number.isSafeInteger(value)) writeInteger(out, value);
  else out.ascii(String(BigInt.asIntN(64, toBits(low, high))));
}

/** Text of an unsigned 64-bit integer. */
export function spellUint64(low: number, high: number): string {
  return String(toBits(low, high));
}

const toBits = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

/** A whole number that a double holds. */
export function writeInteger(out: TextBuffer, value: number): void {
  if (value < 0) out.byte(MINUS);
  out.digits(Math.abs(value));
}

/** Below this the text with all digits of a fraction of 1024 is the shortest one. */
const DYADIC_LIMIT = 2 ** 22;
const fractions1024 = Array.from({ length: 1024 }, (_, i) => toWords(fractionOf(i / 1024)));
const fractions1000 = Array.from({ length: 1000 }, (_, i) => toWords(fractionOf(i / 1000)));

/** `.5` of 0.5. Whole numbers keep their `.0`, so that readers see a column of floats. */
function fractionOf(value: number): string {
  return value === 0 ? '.0' : String(value).slice(1);
}

/**
 * The shortest text that reads back as the same finite double. KiB / 1024 and µs / 1000 are quick.
 * Takes the array and not the value: a number that is passed on is allocated.
 */
export function writeFloat64(out: TextBuffer, values: Float64Array, at: number): void {
  const value = values[at]!;
  const size = Math.abs(value);
  if (size < DYADIC_LIMIT) {
    const whole = size | 0;
    const part = (size - whole) * 1024;
    if (part === (part | 0)) return writeParts(out, isNegative(value), whole, fractions1024[part | 0]!);
    const thousandths = Math.round(size * 1000);
    if (thousandths / 1000 === size) {
      const units = (thousandths / 1000) | 0;
      const rest = (thousandths - units * 1000) | 0;
      return writeParts(out, isNegative(value), units, fractions1000[rest]!);
    }
  }
  out.ascii(spellFloat(value, String(value)));
}

/** -0 is negative too. */
const isNegative = (value: number): boolean => value < 0 || (value === 0 && 1 / value < 0);

function writeParts(out: TextBuffer, hasSign: boolean, whole: number, fraction: Words): void {
  if (hasSign) out.byte(MINUS);
  out.digits(whole);
  out.words(fraction);
}

/** Between these a float32 needs at most eight digits after the point. */
const PLAIN_MIN = 1e-3;
const PLAIN_MAX = 1e6;
const powersOf10 = Array.from({ length: 9 }, (_, exponent) => 10 ** exponent);

/** The shortest text that reads back as the same finite float32: 0.1, not 0.10000000149011612. */
export function writeFloat32(out: TextBuffer, values: Float32Array, at: number): void {
  const value = values[at]!;
  const size = Math.abs(value);
  if (size === 0 || (size >= PLAIN_MIN && size < PLAIN_MAX)) {
    for (let places = 1; places < powersOf10.length; places++) {
      const power = powersOf10[places]!;
      const scaled = Math.round(size * power);
      if (Math.fround(scaled / power) !== size) continue;
      const whole = (scaled / power) | 0;
      if (isNegative(value)) out.byte(MINUS);
      out.digits(whole);
      out.byte(POINT);
      out.padded((scaled - whole * power) | 0, places);
      return;
    }
  }
  out.ascii(spellFloat(value, shortestFloat32(value)));
}

function shortestFloat32(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}

/** With a point or an exponent, and at most 16 digits before the point. */
function spellFloat(value: number, shortest: string): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-5 || size >= 1e16)) return Number(shortest).toExponential();
  const text = Object.is(value, -0) ? '-0' : shortest;
  return text.includes('.') ? text : `${text}.0`;
}

const SLOT_BITS = 12;
const SLOT_WORDS = 8;

/** Texts by the 64 bits they spell. One slot a hash; the last one stays. */
export class TextCache {
  readonly #low = new Int32Array(2 ** SLOT_BITS);
  readonly #high = new Int32Array(2 ** SLOT_BITS);
  readonly #lengths = new Uint8Array(2 ** SLOT_BITS);
  readonly #texts = new Int32Array(2 ** SLOT_BITS * SLOT_WORDS);

  /** Writes the text of these bits, if it is known. */
  write(out: TextBuffer, low: number, high: number): boolean {
    const slot = slotOf(low, high);
    const length = this.#lengths[slot]!;
    if (length === 0 || this.#low[slot] !== low || this.#high[slot] !== high) return false;
    const from = slot * SLOT_WORDS;
    for (let i = 0; i * 4 < length; i++) out.view.setInt32(out.length + i * 4, this.#texts[from + i]!, true);
    out.length += length;
    return true;
  }

  /** Remembers a text of 1 to 32 ASCII characters. */
  add(low: number, high: number, text: string): void {
    const slot = slotOf(low, high);
    this.#low[slot] = low;
    this.#high[slot] = high;
    this.#lengths[slot] = text.length;
    this.#texts.set(toWords(text).words, slot * SLOT_WORDS);
  }
}

function slotOf(low: number, high: number): number {
  return Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b) >>> (32 - SLOT_BITS);
}

const DAY_MS = 86_400_000;
/** The years 0 to 9999; others have a sign and six digits. */
const FIRST_MS = -62_167_219_200_000;
const LAST_MS = 253_402_300_799_999;

/** Writes times in ms since the epoch as `2026-01-02T03:04:05.678Z`. */
export class TimeWriter {
  readonly #quote: Words;
  #low = 0;
  #high = 0;
  /** Text of the time before, with its quotes: the rows of one scan share it. */
  #last = toWords('');
  #day = Number.NaN;
  #date = toWords('');

  constructor(quote: string) {
    this.#quote = toWords(quote);
  }

  write(out: TextBuffer, low: number, high: number): void {
    if (low === this.#low && high === this.#high && this.#last.bytes > 0) return out.words(this.#last);
    const from = out.length;
    out.words(this.#quote);
    this.#writeTime(out, joinHalves(low, high));
    out.words(this.#quote);
    this.#low = low;
    this.#high = high;
    this.#last = out.copy(from);
  }

  #writeTime(out: TextBuffer, timeMs: number): void {
    if (timeMs < FIRST_MS || timeMs > LAST_MS) return out.ascii(new Date(timeMs).toISOString());
    const day = Math.floor(timeMs / DAY_MS);
    if (day !== this.#day) {
      this.#day = day;
      this.#date = toWords(new Date(day * DAY_MS).toISOString().slice(0, 'yyyy-mm-ddT'.length));
    }
    out.words(this.#date);
    writeTimeOfDay(out, timeMs - day * DAY_MS);
  }
}

function writeTimeOfDay(out: TextBuffer, ms: number): void {
  const seconds = (ms / 1000) | 0;
  const minutes = (seconds / 60) | 0;
  const hours = (minutes / 60) | 0;
  out.padded(hours, 2);
  out.byte(COLON);
  out.padded(minutes - hours * 60, 2);
  out.byte(COLON);
  out.padded(seconds - minutes * 60, 2);
  out.byte(POINT);
  out.padded(ms - seconds * 1000, 3);
  out.byte(ZULU);
}
