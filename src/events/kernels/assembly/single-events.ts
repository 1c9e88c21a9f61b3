// Words of one event each (EVT2, EVT4), eight at a time: type 31:28, t[5:0] 27:22, x 21:11, y 10:0.
import * as S from './state';
import { count } from './word';

/** Microseconds that one turn of a 28-bit TIME_HIGH adds. */
export const TURN: i64 = (1 as i64) << 34;

/** The time that the low bits of a word are added to. */
export function timeBase(s: usize): i64 {
  return (load<i32>(s, S.WRAPS) as i64) * TURN + ((load<u32>(s, S.TIME_HIGH) as i64) << 6);
}

/** Takes a TIME_HIGH; a fall of at least `fall` is a turn of the clock. */
export function timeHigh28(s: usize, high: u32, fall: u32): void {
  const before = load<u32>(s, S.TIME_HIGH);
  if (load<i32>(s, S.HAS_TIME) != 0 && high < before) {
    if (before - high >= fall) {
      count(s, S.WRAPS);
      count(s, S.TIME_WRAPS);
    } else count(s, S.TIME_REVERSALS);
  }
  store<i32>(s, 1, S.HAS_TIME);
  store<u32>(s, high, S.TIME_HIGH);
}

/**
 * Decodes events of types `off` and `off + 1`, and TIME_HIGH words whose time does not fall.
 * @returns the first word that needs care, or stands too near to the end of input or slot
 */
export function plainEvents(s: usize, from: usize, end: usize, off: u16, high: u32): usize {
  if (load<i32>(s, S.HAS_TIME) == 0 || load<u32>(s, S.VECTOR_WORD) != 0) return from;
  const room = load<i32>(s, S.CAPACITY) - 8;
  const t = load<u32>(s, S.T) as usize;
  const xs = load<u32>(s, S.X) as usize;
  const ys = load<u32>(s, S.Y) as usize;
  const ps = load<u32>(s, S.P) as usize;
  const width = i16x8.splat(load<u16>(s, S.WIDTH));
  const height = i16x8.splat(load<u16>(s, S.HEIGHT));
  const signed = i16x8.splat(load<u16>(s, S.SIGNED));
  const careful = load<i32>(s, S.DROP_OUTSIDE) != 0 ? 0xff : 0;
  const low6 = i32x4.splat(63);
  const low11 = i32x4.splat(2047);
  const offs = i16x8.splat(off);
  const one = i16x8.splat(1);
  const turns = (load<i32>(s, S.WRAPS) as i64) * TURN;
  let timeHigh = load<u32>(s, S.TIME_HIGH);
  let n = load<i32>(s, S.LENGTH);
  let bases = i64x2.splat(timeBase(s));
  let outside: i32 = 0;
  let at = from;
  while (end - at >= 32 && n <= room) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const types = i16x8.sub(i16x8.narrow_i32x4_u(i32x4.shr_u(a, 28), i32x4.shr_u(b, 28)), offs);
    const la = v128.and(i32x4.shr_u(a, 22), low6);
    const lb = v128.and(i32x4.shr_u(b, 22), low6);
    const tt = t + (n << 3);
    v128.store(tt, i64x2.add(bases, i64x2.extend_low_i32x4_u(la)));
    v128.store(tt, i64x2.add(bases, i64x2.extend_high_i32x4_u(la)), 16);
    v128.store(tt, i64x2.add(bases, i64x2.extend_low_i32x4_u(lb)), 32);
    v128.store(tt, i64x2.add(bases, i64x2.extend_high_i32x4_u(lb)), 48);
    const x = i16x8.narrow_i32x4_s(v128.and(i32x4.shr_u(a, 11), low11), v128.and(i32x4.shr_u(b, 11), low11));
    const y = i16x8.narrow_i32x4_s(v128.and(a, low11), v128.and(b, low11));
    v128.store(xs + (n << 1), x);
    v128.store(ys + (n << 1), y);
    const p = i16x8.sub(i16x8.add(types, v128.and(types, signed)), signed);
    v128.store64_lane(ps + n, i8x16.narrow_i16x8_s(p, p), 0);
    const out = i16x8.bitmask(v128.or(i16x8.ge_u(x, width), i16x8.ge_u(y, height)));
    const other = i16x8.bitmask(i16x8.gt_u(types, one)) | (out & careful);
    // A branch, so that the next words need not wait for what this mask says.
    if (other == 0) {
      outside += popcnt(out);
      n += 8;
      at += 32;
      continue;
    }
    const plain = ctz(other);
    outside += popcnt(out & ((1 << plain) - 1));
    n += plain;
    at += plain << 2;
    const word = load<u32>(at);
    if (word >>> 28 != high || (word & 0xfffffff) < timeHigh) break;
    timeHigh = word & 0xfffffff;
    bases = i64x2.splat(turns + ((timeHigh as i64) << 6));
    at += 4;
  }
  store<u32>(s, timeHigh, S.TIME_HIGH);
  store<i32>(s, n, S.LENGTH);
  if (outside != 0) count(s, S.OUTSIDE, outside);
  return at;
}
