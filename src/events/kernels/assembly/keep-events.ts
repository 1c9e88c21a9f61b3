// Filters that look at one event alone: eight at a time, what stays moves to the front of its columns. kernel-filter.ts
// writes the rules:
//
//    0 first x   4 columns − 1   8 first y  12 rows − 1  16 polarity: 0 any, 1 ON, 2 OFF  20 time matters
//   24 first t  32 first t not wanted  40 tables
import { orderOf, PAIRS } from './tables';

const X: usize = 0;
const COLUMNS: usize = 4;
const Y: usize = 8;
const ROWS: usize = 12;
const POLARITY: usize = 16;
const TIME: usize = 20;
const FROM: usize = 24;
const TO: usize = 32;
const TABLES: usize = 40;

/** Bits of the eight events at `t` that are inside of the time. */
function timeBits(t: usize, from: v128, to: v128): u32 {
  let bits: u32 = 0;
  for (let pair: u32 = 0; pair < 4; pair++) {
    const v = v128.load(t + (pair << 4));
    bits |= i64x2.bitmask(v128.and(i64x2.ge_s(v, from), i64x2.lt_s(v, to))) << (pair << 1);
  }
  return bits;
}

/** Keeps what the rules want of `length` events. @returns how many stay */
export function keepEvents(rules: usize, t: usize, x: usize, y: usize, p: usize, length: i32): i32 {
  const firstX = i16x8.splat(load<u16>(rules, X));
  const columns = i16x8.splat(load<u16>(rules, COLUMNS));
  const firstY = i16x8.splat(load<u16>(rules, Y));
  const rows = i16x8.splat(load<u16>(rules, ROWS));
  const polarity = load<u32>(rules, POLARITY);
  const any = i16x8.splat(polarity == 0 ? -1 : 0);
  const inverted = i16x8.splat(polarity == 2 ? -1 : 0);
  const zero = i16x8.splat(0);
  const hasTime = load<u32>(rules, TIME) != 0;
  const from = i64x2.splat(load<i64>(rules, FROM));
  const to = i64x2.splat(load<i64>(rules, TO));
  const tables = load<u32>(rules, TABLES) as usize;
  let n: i32 = 0;
  let at: i32 = 0;
  for (; at + 8 <= length; at += 8) {
    const xs = v128.load(x + (at << 1));
    const ys = v128.load(y + (at << 1));
    const ps = v128.load8x8_s(p + at);
    const inside = v128.and(
      i16x8.le_u(i16x8.sub(xs, firstX), columns),
      i16x8.le_u(i16x8.sub(ys, firstY), rows),
    );
    const isWanted = v128.or(any, v128.xor(i16x8.gt_s(ps, zero), inverted));
    let bits: u32 = i16x8.bitmask(v128.and(inside, isWanted));
    if (bits == 0) continue;
    if (hasTime) bits &= timeBits(t + (at << 3), from, to);
    const order = orderOf(tables + (bits << 4));
    v128.store(x + (n << 1), i8x16.swizzle(xs, order));
    v128.store(y + (n << 1), i8x16.swizzle(ys, order));
    const kept = i8x16.swizzle(ps, order);
    v128.store64_lane(p + n, i8x16.narrow_i16x8_s(kept, kept), 0);
    for (let pair: u32 = 0; pair < 4; pair++) {
      const two = (bits >>> (pair << 1)) & 3;
      const v = v128.load(t + (at << 3) + (pair << 4));
      v128.store(t + (n << 3), i8x16.swizzle(v, v128.load(tables + PAIRS + (two << 4))));
      n += popcnt(two);
    }
  }
  return keepRest(rules, t, x, y, p, n, at, length);
}

/** The last events, fewer than eight, one by one. */
function keepRest(
  rules: usize,
  t: usize,
  x: usize,
  y: usize,
  p: usize,
  kept: i32,
  from: i32,
  length: i32,
): i32 {
  const polarity = load<u32>(rules, POLARITY);
  let n = kept;
  for (let at = from; at < length; at++) {
    const xx = load<u16>(x + (at << 1));
    const yy = load<u16>(y + (at << 1));
    const pp = load<i8>(p + at);
    const tt = load<i64>(t + (at << 3));
    const inside =
      ((xx - load<u16>(rules, X)) as u16) <= load<u16>(rules, COLUMNS) &&
      ((yy - load<u16>(rules, Y)) as u16) <= load<u16>(rules, ROWS);
    const isTimely =
      load<u32>(rules, TIME) == 0 || (tt >= load<i64>(rules, FROM) && tt < load<i64>(rules, TO));
    if (!inside || !isTimely || (polarity != 0 && pp > 0 != (polarity == 1))) continue;
    store<u16>(x + (n << 1), xx);
    store<u16>(y + (n << 1), yy);
    store<i8>(p + n, pp);
    store<i64>(t + (n << 3), tt);
    n++;
  }
  return n;
}
