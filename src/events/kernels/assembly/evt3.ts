// EVT 3.0 in WebAssembly. The byte map stands in decode/evt3.ts, the twin of this file. The fast way keeps the state in
// registers, takes a whole 12-12-8 vector at once and spreads masks by a table; all else goes word by word.
import { carry, copyOf, writeSingles } from './evt3-singles';
import { fill16, polarityBytes, spreadX } from './spread';
import * as S from './state';
import { orderOf } from './tables';
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
  // A vector may write 40 events from where it begins.
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
  let rows = i16x8.splat(load<u16>(s, S.ROW));
  let lows = i16x8.splat(load<u16>(s, S.TIME_LOW));
  const widths = i16x8.splat(width as u16);
  const heights = i16x8.splat(height as u16);
  const signs = i16x8.splat(signed as u16);
  const timeHigh = load<u32>(s, S.TIME_HIGH);
  const high = (load<i32>(s, S.WRAPS) as i64) * TURN + ((timeHigh as i64) << 12);
  const highs = i64x2.splat(high);
  let base = load<u32>(s, S.BASE_X);
  let polarity = load<u32>(s, S.VECTOR_POLARITY);
  let at = from;
  while (at + 16 <= end && n <= room) {
    const eight = v128.load(at);
    const types = i16x8.shr_u(eight, 12);
    const isRow = i16x8.eq(types, i16x8.splat(0));
    const isEvent = i16x8.eq(types, i16x8.splat(2));
    const isLow = i16x8.eq(types, i16x8.splat(6));
    const others = i16x8.bitmask(v128.not(v128.or(v128.or(isRow, isEvent), isLow))) | 0x100;
    const plain = ctz(others);
    if (plain > 0) {
      const x = v128.and(eight, i16x8.splat(0x7ff));
      const y = carry(x, isRow, rows);
      const low = carry(v128.and(eight, i16x8.splat(0xfff)), isLow, lows);
      const isOut = v128.or(i16x8.ge_u(x, widths), i16x8.ge_u(y, heights));
      const known = (1 << plain) - 1;
      if (i16x8.bitmask(v128.and(isEvent, isOut)) & known) break;
      const bits = i16x8.bitmask(isEvent) & known;
      const p = v128.and(i16x8.shr_u(eight, 11), i16x8.splat(1));
      const order = orderOf(tables + (bits << 4));
      const polarities = i16x8.sub(i16x8.add(p, v128.and(p, signs)), signs);
      writeSingles(n, t, xs, ys, ps, highs, low, x, y, polarities, order);
      const end8 = copyOf(plain - 1);
      rows = i8x16.swizzle(y, end8);
      lows = i8x16.swizzle(low, end8);
      n += popcnt(bits);
      if (plain == 8) {
        at += 16;
        continue;
      }
      at += plain << 1;
      if (at + 8 > end) break;
    }
    const row: u32 = i16x8.extract_lane_u(rows, 0);
    const words = load<u64>(at);
    const word = (words as u32) & 0xffff;
    const type = word >>> 12;
    if ((words & TYPE_BITS) == VECTOR_TYPES) {
      const start = word & 0x7ff;
      if (start + 32 > width || row >= height) break;
      base = start + 32;
      polarity = (word >>> 11) & 1;
      const mask =
        ((words >>> 16) as u32 & 0xfff) |
        (((words >>> 32) as u32 & 0xfff) << 12) |
        (((words >>> 48) as u32) << 24);
      const p8 = polarityBytes(polarity, signed);
      fill16(n, t, ys, ps, high + (i16x8.extract_lane_u(lows, 0) as i64), row, p8);
      const count = popcnt(mask);
      if (count > 16) fill16(n + 16, t, ys, ps, high + (i16x8.extract_lane_u(lows, 0) as i64), row, p8);
      const end8 = n + popcnt(mask & 0xff);
      const end16 = n + popcnt(mask & 0xffff);
      const end24 = n + popcnt(mask & 0xffffff);
      spreadX(xs, n, start, mask & 0xff, tables);
      spreadX(xs, end8, start + 8, (mask >>> 8) & 0xff, tables);
      spreadX(xs, end16, start + 16, (mask >>> 16) & 0xff, tables);
      spreadX(xs, end24, start + 24, mask >>> 24, tables);
      n += count;
      at += 8;
      continue;
    }
    if (type == 3) {
      base = word & 0x7ff;
      polarity = (word >>> 11) & 1;
    } else if (type == 4 || type == 5) {
      const mask = type == 4 ? word & 0xfff : word & 0xff;
      if (base + 12 > width || row >= height) break;
      fill16(
        n,
        t,
        ys,
        ps,
        high + (i16x8.extract_lane_u(lows, 0) as i64),
        row,
        polarityBytes(polarity, signed),
      );
      spreadX(xs, n, base, mask & 0xff, tables);
      spreadX(xs, n + popcnt(mask & 0xff), base + 8, mask >>> 8, tables);
      n += popcnt(mask);
      base += type == 4 ? 12 : 8;
    } else if (type != 8 || (word & 0xfff) != timeHigh) break;
    at += 2;
  }
  store<i32>(s, n, S.LENGTH);
  store<u32>(s, i16x8.extract_lane_u(rows, 0), S.ROW);
  store<u32>(s, i16x8.extract_lane_u(lows, 0), S.TIME_LOW);
  store<u32>(s, base, S.BASE_X);
  store<u32>(s, polarity, S.VECTOR_POLARITY);
  return at;
}
