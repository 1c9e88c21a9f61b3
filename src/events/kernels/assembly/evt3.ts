// EVT 3.0 in WebAssembly. The byte map stands in decode/evt3.ts, the twin of this file. The fast way keeps the state in
// registers, takes a whole 12-12-8 vector at once and spreads masks by a table; all else goes word by word.
import { polarityBytes, spread } from './spread';
import * as S from './state';
import { count, emit, emitMask, emitTrigger } from './word';

const TURN: i64 = 1 << 24;
const PADDING: u32 = 0x9999;
/** base, 12, 12, 8: a whole vector, as one load sees it. */
const VECTOR_TYPES: i64 = 0x5000_4000_4000_3000;
const TYPE_BITS: i64 = 0xf000_f000_f000_f000;

function timeOf(s: usize): i64 {
  return ((load<i32>(s, S.WRAPS) as i64) * TURN +
    ((load<u32>(s, S.TIME_HIGH) << 12) | load<u32>(s, S.TIME_LOW))) as i64;
}

function timeHigh(s: usize, high: u32): void {
  if (load<i32>(s, S.HAS_TIME) != 0) {
    const before = load<u32>(s, S.TIME_HIGH);
    if (before == high) return;
    if (before >= high + 0x800) {
      count(s, S.WRAPS);
      count(s, S.TIME_WRAPS);
    } else if (high < before) count(s, S.TIME_REVERSALS);
  }
  store<i32>(s, 1, S.HAS_TIME);
  store<u32>(s, high, S.TIME_HIGH);
  store<u32>(s, 0, S.TIME_LOW);
}

function vector(s: usize, mask: u32, bits: u32): bool {
  const base = load<u32>(s, S.BASE_X);
  if (load<i32>(s, S.HAS_TIME) == 0) count(s, S.EVENTS_BEFORE_TIME, popcnt(mask));
  else if (!emitMask(s, timeOf(s), base, load<u32>(s, S.ROW), load<u32>(s, S.VECTOR_POLARITY), mask))
    return false;
  store<u32>(s, (base + bits) & 0xffff, S.BASE_X);
  return true;
}

/** One word. @returns false when a slot is full and the word is still to be done */
function step(s: usize, word: u32): bool {
  switch (word >>> 12) {
    case 0x0:
      store<u32>(s, word & 0x7ff, S.ROW);
      return true;
    case 0x2:
      if (load<i32>(s, S.HAS_TIME) != 0)
        return emit(s, timeOf(s), word & 0x7ff, load<u32>(s, S.ROW), (word >>> 11) & 1);
      count(s, S.EVENTS_BEFORE_TIME);
      return true;
    case 0x3:
      store<u32>(s, word & 0x7ff, S.BASE_X);
      store<u32>(s, (word >>> 11) & 1, S.VECTOR_POLARITY);
      return true;
    case 0x4:
      return vector(s, word & 0xfff, 12);
    case 0x5:
      return vector(s, word & 0xff, 8);
    case 0x6:
      if (load<i32>(s, S.HAS_TIME) != 0) store<u32>(s, word & 0xfff, S.TIME_LOW);
      return true;
    case 0x8:
      timeHigh(s, word & 0xfff);
      return true;
    case 0xa:
      if (load<i32>(s, S.HAS_TIME) != 0) return emitTrigger(s, timeOf(s), (word >>> 8) & 0xf, word & 1);
      count(s, S.TRIGGERS_BEFORE_TIME);
      return true;
    case 0x7:
    case 0xd:
    case 0xe:
    case 0xf:
      count(s, S.SKIPPED);
      return true;
    default:
      count(s, word == PADDING ? S.PADDING : S.RESERVED);
      return true;
  }
}

/**
 * Decodes whole words until the input ends or a slot is full.
 * @returns bytes consumed
 */
export function decodeEvt3(s: usize, input: usize, bytes: i32): i32 {
  const end = input + (bytes & ~1);
  let at = input;
  while (at < end) {
    at = plainWords(s, at, end);
    if (at >= end || !step(s, load<u16>(at))) break;
    at += 2;
  }
  return (at - input) as i32;
}

/** Goes as far as words are plain and the slot has room for whole vectors. @returns the first word that is not */
function plainWords(s: usize, from: usize, end: usize): usize {
  if (load<i32>(s, S.HAS_TIME) == 0 || load<u32>(s, S.REST_MASK) != 0) return from;
  // A vector store may write up to eight events behind its last one.
  const room = load<i32>(s, S.CAPACITY) - 40;
  const t = load<u32>(s, S.T) as usize;
  const xs = load<u32>(s, S.X) as usize;
  const ys = load<u32>(s, S.Y) as usize;
  const ps = load<u32>(s, S.P) as usize;
  const width = load<u32>(s, S.WIDTH);
  const height = load<u32>(s, S.HEIGHT);
  const signed = load<u32>(s, S.SIGNED);
  const tables = load<u32>(s, S.TABLES) as usize;
  let n = load<i32>(s, S.LENGTH);
  let row = load<u32>(s, S.ROW);
  const high = (load<i32>(s, S.WRAPS) as i64) * TURN + ((load<u32>(s, S.TIME_HIGH) as i64) << 12);
  let low = load<u32>(s, S.TIME_LOW);
  let base = load<u32>(s, S.BASE_X);
  let polarity = load<u32>(s, S.VECTOR_POLARITY);
  let at = from;
  while (at + 8 <= end && n <= room) {
    const words = load<u64>(at);
    if ((words & TYPE_BITS) == VECTOR_TYPES) {
      const start = (words as u32) & 0x7ff;
      if (start + 32 > width || row >= height) break;
      base = start + 32;
      polarity = ((words as u32) >>> 11) & 1;
      const mask =
        ((words >>> 16) as u32 & 0xfff) |
        (((words >>> 32) as u32 & 0xfff) << 12) |
        (((words >>> 48) as u32) << 24);
      const tt = i64x2.splat(high + low);
      const yy = i16x8.splat(row as u16);
      const p8 = polarityBytes(polarity, signed);
      for (let byte: u32 = 0; byte < 4; byte++) {
        const bits = (mask >>> (byte << 3)) & 0xff;
        spread(n, t, xs, ys, ps, tt, yy, p8, start + (byte << 3), tables + (bits << 4));
        n += popcnt(bits);
      }
      at += 8;
      continue;
    }
    const word = words as u32 & 0xffff;
    const type = word >>> 12;
    if (type == 2) {
      const x = word & 0x7ff;
      if (x >= width || row >= height) break;
      const p = (word >>> 11) & 1;
      store<i64>(t + (n << 3), high + low);
      store<u16>(xs + (n << 1), x as u16);
      store<u16>(ys + (n << 1), row as u16);
      store<u8>(ps + n, (p + (p & signed) - signed) as u8);
      n++;
    } else if (type == 0) {
      row = word & 0x7ff;
    } else if (type == 6) {
      low = word & 0xfff;
    } else break;
    at += 2;
  }
  store<i32>(s, n, S.LENGTH);
  store<u32>(s, row, S.ROW);
  store<u32>(s, low, S.TIME_LOW);
  store<u32>(s, base, S.BASE_X);
  store<u32>(s, polarity, S.VECTOR_POLARITY);
  return at;
}
