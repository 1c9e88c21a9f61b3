// EVT 2.1 in WebAssembly, both orders of the halves. The byte map stands in decode/evt21.ts, the twin of this file.
import { timeBase, timeHigh28 } from './single-events';
import { polarityBytes, spread } from './spread';
import * as S from './state';
import { count, emitMask, emitTrigger } from './word';

/** Only the largest TIME_HIGH followed by 0 is a turn of the clock. */
const FALL: u32 = 0xfffffff;

/** One word, as its halves. @returns false when a slot is full and the word is still to be done */
function step(s: usize, high: u32, low: u32): bool {
  const type = high >>> 28;
  const hasTime = load<i32>(s, S.HAS_TIME) != 0;
  const t = timeBase(s) + ((high >>> 22) & 63);
  if (type <= 1) {
    if (hasTime) return emitMask(s, t, (high >>> 11) & 0x7ff, high & 0x7ff, type, low);
    count(s, S.EVENTS_BEFORE_TIME, popcnt(low));
  } else if (type == 0x8) timeHigh28(s, high & 0xfffffff, FALL);
  else if (type == 0xa) {
    if (hasTime) return emitTrigger(s, t, (high >>> 8) & 31, high & 1);
    count(s, S.TRIGGERS_BEFORE_TIME);
  } else if (type >= 0xe) count(s, S.SKIPPED);
  else count(s, S.RESERVED);
  return true;
}

/** Vectors inside of the geometry, as long as there is room. @returns the first word that is none */
function plainVectors(s: usize, from: usize, end: usize, lowAt: usize): usize {
  if (load<i32>(s, S.HAS_TIME) == 0 || load<u32>(s, S.REST_MASK) != 0) return from;
  const room = load<i32>(s, S.CAPACITY) - 40;
  const width = load<u32>(s, S.WIDTH);
  const height = load<u32>(s, S.HEIGHT);
  const ts = load<u32>(s, S.T) as usize;
  const xs = load<u32>(s, S.X) as usize;
  const ys = load<u32>(s, S.Y) as usize;
  const tables = load<u32>(s, S.TABLES) as usize;
  const ps = load<u32>(s, S.P) as usize;
  const signed = load<u32>(s, S.SIGNED);
  const base = timeBase(s);
  let n = load<i32>(s, S.LENGTH);
  let at = from;
  for (; at < end && n <= room; at += 8) {
    const high = load<u32>(at + 4 - lowAt);
    const x = (high >>> 11) & 0x7ff;
    const y = high & 0x7ff;
    if (high >>> 28 > 1 || x + 32 > width || y >= height) break;
    let mask = load<u32>(at + lowAt);
    const t = i64x2.splat(base + ((high >>> 22) & 63));
    const rows = i16x8.splat(y as u16);
    const p8 = polarityBytes(high >>> 28, signed);
    for (let bit: u32 = 0; mask != 0; bit += 8) {
      const bits = mask & 0xff;
      spread(n, ts, xs, ys, ps, t, rows, p8, x + bit, tables + (bits << 4));
      n += popcnt(bits);
      mask >>>= 8;
    }
  }
  store<i32>(s, n, S.LENGTH);
  return at;
}

/**
 * Decodes whole words until the input ends or a slot is full.
 * @returns bytes consumed
 */
export function decodeEvt21(s: usize, input: usize, bytes: i32): i32 {
  const end = input + (bytes & ~7);
  const lowAt: usize = load<i32>(s, S.LEGACY) != 0 ? 4 : 0;
  let at = input;
  while (at < end) {
    at = plainVectors(s, at, end, lowAt);
    if (at >= end || !step(s, load<u32>(at + 4 - lowAt), load<u32>(at + lowAt))) break;
    at += 8;
  }
  return (at - input) as i32;
}
