// DAT in WebAssembly: records of eight bytes. The byte map stands in decode/dat.ts, the twin of this file.
import * as S from './state';
import { count, emit, emitTrigger } from './word';

const TURN: i64 = (1 as i64) << 32;
/** A fall by half the range is a turn of the clock. */
const FALL: u32 = 1 << 31;

/** The time of a record; the clock has moved on to it. */
function timeOf(s: usize, low: u32): i64 {
  const before = load<u32>(s, S.TIME_HIGH);
  let wraps = load<i32>(s, S.WRAPS);
  if (low < before && before - low >= FALL) wraps++;
  return (wraps as i64) * TURN + (low as i64);
}

function moveClock(s: usize, low: u32): void {
  const before = load<u32>(s, S.TIME_HIGH);
  if (low < before) {
    if (before - low >= FALL) {
      count(s, S.WRAPS);
      count(s, S.TIME_WRAPS);
    } else count(s, S.TIME_REVERSALS);
  }
  store<i32>(s, 1, S.HAS_TIME);
  store<u32>(s, low, S.TIME_HIGH);
}

/** One record. @returns false when a slot is full and the record is still to be done */
function step(s: usize, low: u32, word: u32): bool {
  const t = timeOf(s, low);
  let done: bool;
  if (load<i32>(s, S.DAT_TRIGGERS) != 0) done = emitTrigger(s, t, word >>> 26, word & 15);
  else if (load<i32>(s, S.DAT_VERSION) == 1)
    done = emit(s, t, word & 0x1ff, (word >>> 9) & 0xff, (word >>> 17) & 1);
  else done = emit(s, t, word & 0x3fff, (word >>> 14) & 0x3fff, (word >>> 28 != 0) as u32);
  if (done) moveClock(s, low);
  return done;
}

/** Records of version 2 whose time does not fall, inside of the geometry, four at a time. @returns the first other one */
function plainRecords(s: usize, from: usize, end: usize): usize {
  if (load<i32>(s, S.HAS_TIME) == 0 || load<i32>(s, S.DAT_TRIGGERS) != 0 || load<i32>(s, S.DAT_VERSION) == 1)
    return from;
  const room = load<i32>(s, S.CAPACITY) - 4;
  const xs = load<u32>(s, S.X) as usize;
  const ys = load<u32>(s, S.Y) as usize;
  const width = i16x8.splat(load<u16>(s, S.WIDTH));
  const height = i16x8.splat(load<u16>(s, S.HEIGHT));
  const signed = i16x8.splat(load<u16>(s, S.SIGNED));
  const base = i64x2.splat((load<i32>(s, S.WRAPS) as i64) * TURN);
  const ps = load<u32>(s, S.P) as usize;
  const one = i32x4.splat(1);
  const low14 = i32x4.splat(0x3fff);
  const ts = load<u32>(s, S.T) as usize;
  let before = i32x4.splat(load<i32>(s, S.TIME_HIGH));
  let n = load<i32>(s, S.LENGTH);
  let at = from;
  while (end - at >= 32 && n <= room) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const low = v128.shuffle<i32>(a, b, 0, 2, 4, 6);
    const word = v128.shuffle<i32>(a, b, 1, 3, 5, 7);
    const x32 = v128.and(word, low14);
    const y32 = v128.and(i32x4.shr_u(word, 14), low14);
    const x = i16x8.narrow_i32x4_s(x32, x32);
    const y = i16x8.narrow_i32x4_s(y32, y32);
    const out = v128.or(i16x8.ge_u(x, width), i16x8.ge_u(y, height));
    if (v128.any_true(v128.or(i32x4.lt_u(low, v128.shuffle<i32>(before, low, 3, 4, 5, 6)), out))) break;
    const tt = ts + (n << 3);
    v128.store(tt, i64x2.add(base, i64x2.extend_low_i32x4_u(low)));
    v128.store(tt, i64x2.add(base, i64x2.extend_high_i32x4_u(low)), 16);
    v128.store64_lane(xs + (n << 1), x, 0);
    v128.store64_lane(ys + (n << 1), y, 0);
    const bits = i32x4.min_u(i32x4.shr_u(word, 28), one);
    const p16 = i16x8.narrow_i32x4_s(bits, bits);
    const p = i16x8.sub(i16x8.add(p16, v128.and(p16, signed)), signed);
    v128.store32_lane(ps + n, i8x16.narrow_i16x8_s(p, p), 0);
    before = low;
    n += 4;
    at += 32;
  }
  store<u32>(s, i32x4.extract_lane(before, 3), S.TIME_HIGH);
  store<i32>(s, n, S.LENGTH);
  return at;
}

/**
 * Decodes whole records until the input ends or a slot is full.
 * @returns bytes consumed
 */
export function decodeDat(s: usize, input: usize, bytes: i32): i32 {
  const end = input + (bytes & ~7);
  let at = input;
  while (at < end) {
    at = plainRecords(s, at, end);
    if (at >= end || !step(s, load<u32>(at), load<u32>(at, 4))) break;
    at += 8;
  }
  return (at - input) as i32;
}
