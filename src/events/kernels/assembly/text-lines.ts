// Lines of text in WebAssembly: those that hold plain numbers, which are nearly all; at any other the kernel stops, and
// text/decode-text.ts, the twin of this file, goes on. Eight digits are read at once.
//
//    0 columns  4 order, a byte a column: 0 t, 1 x, 2 y, 3 p, 4 passed over  12 digits that t gains by its unit
//   16 time of the last event  24 width  28 height  32 leave out what is outside  36 polarity: 0 unsigned, 1 signed, 2 native
//   40 t  44 x  48 y  52 p  56 capacity  60 length
//   64 lines  68 reversals  72 outside                        counted since the call began
//   80 values, an i64 a slot of the order  120 ten to the power of the digits that t gains

const COLUMNS: usize = 0;
const ORDER: usize = 4;
const SHIFT: usize = 12;
const LAST: usize = 16;
const WIDTH: usize = 24;
const HEIGHT: usize = 28;
const DROP_OUTSIDE: usize = 32;
const POLARITY: usize = 36;
const T: usize = 40;
const X: usize = 44;
const Y: usize = 48;
const P: usize = 52;
const CAPACITY: usize = 56;
const LENGTH: usize = 60;
const LINES: usize = 64;
const REVERSALS: usize = 68;
const OUTSIDE: usize = 72;
const VALUES: usize = 80;
const POWER: usize = 120;

const MOST_DIGITS: i32 = 15;
const ZEROS: u64 = 0x3030303030303030;

/** How many of the next eight bytes, from the first on, are digits. */
function countDigits(eight: u64): i32 {
  const digits = eight ^ ZEROS;
  const others = (digits | (digits + 0x0606060606060606)) & 0xf0f0f0f0f0f0f0f0;
  return (ctz(others) >>> 3) as i32;
}

/** The number that the first `count` digits of eight bytes are; `count` is 1 to 8. */
function valueOf(eight: u64, count: i32): i64 {
  // The digits move to the end, behind zeros: then pairs, fours and eights are put together.
  let digits = (eight ^ ZEROS) << ((8 - count) << 3);
  digits = digits * 10 + (digits >>> 8);
  const low = (digits & 0x000000ff000000ff) * 0x000f424000000064;
  const high = ((digits >>> 16) & 0x000000ff000000ff) * 0x0000271000000001;
  return ((low + high) >>> 32) as i64;
}

function powerOf(digits: i32): i64 {
  let power: i64 = 1;
  for (let i = 0; i < digits; i++) power *= 10;
  return power;
}

/** The number that up to 15 digits are. */
function numberOf(at: usize, count: i32): i64 {
  if (count <= 8) return valueOf(load<u64>(at), count);
  return valueOf(load<u64>(at), count - 8) * 100_000_000 + valueOf(load<u64>(at + count - 8), 8);
}

/** Bits of the 16 bytes at `at` that are no digits. */
function otherBytes(at: usize): u32 {
  return i8x16.bitmask(i8x16.gt_u(i8x16.sub(v128.load(at), i8x16.splat(0x30)), i8x16.splat(9)));
}

/**
 * Reads a line of at most 32 bytes without a sign, whose values are one byte apart: where they end is known at once.
 * @returns where the next line begins; 0 for any other line
 */
function readShortLine(s: usize, from: usize): usize {
  const last = load<u32>(s, COLUMNS) - 1;
  const shift = load<i32>(s, SHIFT);
  let others = otherBytes(from) | (otherBytes(from + 16) << 16);
  let start = from;
  for (let column: u32 = 0; ; column++) {
    let end = from + ctz(others);
    others &= others - 1;
    let count = (end - start) as i32;
    if (count <= 0 || count > MOST_DIGITS) return 0;
    const slot = load<u8>(s + column, ORDER) as usize;
    let value = numberOf(start, count);
    if (slot == 0) {
      if (count + shift > MOST_DIGITS) return 0;
      value *= load<i64>(s, POWER);
      if (load<u8>(end) == 0x2e) {
        start = end + 1;
        end = from + ctz(others);
        others &= others - 1;
        count = (end - start) as i32;
        if (count <= 0 || count > shift) return 0;
        value += numberOf(start, count) * powerOf(shift - count);
      }
    }
    store<i64>(s + VALUES + (slot << 3), value);
    const byte = load<u8>(end);
    if (column == last)
      return byte == 0x0a ? end + 1 : byte == 0x0d && load<u8>(end, 1) == 0x0a ? end + 2 : 0;
    if (byte != 0x20 && byte != 0x2c && byte != 0x09 && byte != 0x3b) return 0;
    start = end + 1;
  }
  return 0;
}

/** Reads one column, and writes its value. @returns where it ends; 0 when it is not plain */
function readColumn(s: usize, from: usize, slot: u32): usize {
  const isNegative = load<u8>(from) == 0x2d;
  const start = isNegative ? from + 1 : from;
  let eight = load<u64>(start);
  let count = countDigits(eight);
  if (count == 0) return 0;
  let value = valueOf(eight, count);
  let at = start + count;
  if (count == 8) {
    eight = load<u64>(at);
    count = countDigits(eight);
    if (count == 8) return 0;
    if (count > 0) value = value * powerOf(count) + valueOf(eight, count);
    at += count;
  }
  if (slot == 0) {
    const shift = load<i32>(s, SHIFT);
    if (((at - start) as i32) + shift > MOST_DIGITS) return 0;
    let left = shift;
    if (load<u8>(at) == 0x2e) {
      at++;
      eight = load<u64>(at);
      count = countDigits(eight);
      // More digits than the unit has are rounded, which is left to the twin.
      if (count > left || count == 8) return 0;
      if (count > 0) value = value * powerOf(count) + valueOf(eight, count);
      at += count;
      left -= count;
    }
    value *= powerOf(left);
  }
  store<i64>(s + VALUES + (slot << 3), isNegative ? -value : value);
  return at;
}

/** Reads a line's values. @returns where the next line begins; 0 when it is not plain */
function readLine(s: usize, from: usize): usize {
  const last = load<u32>(s, COLUMNS) - 1;
  let at = from;
  for (let column: u32 = 0; column < last; column++) {
    at = readColumn(s, at, load<u8>(s + column, ORDER));
    if (at == 0) return 0;
    const byte = load<u8>(at++);
    if (byte != 0x20 && byte != 0x2c && byte != 0x09 && byte != 0x3b) return 0;
    while (load<u8>(at) == 0x20) at++;
  }
  at = readColumn(s, at, load<u8>(s + last, ORDER));
  if (at == 0) return 0;
  if (load<u8>(at) == 0x0d) at++;
  return load<u8>(at) == 0x0a ? at + 1 : 0;
}

/** Appends the event whose values were read. @returns false when they are none */
function append(s: usize): bool {
  const x = load<i64>(s, VALUES + 8);
  const y = load<i64>(s, VALUES + 16);
  const p = load<i64>(s, VALUES + 24);
  if (((x | y) as u64) > 0xffff || ((p + 1) as u64) > 2) return false;
  const t = load<i64>(s, VALUES);
  if (t < load<i64>(s, LAST)) store<u32>(s, load<u32>(s, REVERSALS) + 1, REVERSALS);
  store<i64>(s, t, LAST);
  if ((x as u32) >= load<u32>(s, WIDTH) || (y as u32) >= load<u32>(s, HEIGHT)) {
    store<u32>(s, load<u32>(s, OUTSIDE) + 1, OUTSIDE);
    if (load<u32>(s, DROP_OUTSIDE) != 0) return true;
  }
  const n = load<u32>(s, LENGTH);
  const mode = load<u32>(s, POLARITY);
  const off: i64 = mode == 1 ? -1 : 0;
  store<i64>((load<u32>(s, T) as usize) + (n << 3), t);
  store<u16>((load<u32>(s, X) as usize) + (n << 1), x as u16);
  store<u16>((load<u32>(s, Y) as usize) + (n << 1), y as u16);
  store<i8>((load<u32>(s, P) as usize) + n, (mode == 2 || p > 0 ? p : off) as i8);
  store<u32>(s, n + 1, LENGTH);
  return true;
}

/**
 * Decodes whole lines, the last of which ends with the input, up to one that is not plain or a full slot. Up to 32
 * bytes behind the input may be read.
 * @returns bytes consumed
 */
export function decodeTextLines(s: usize, input: usize, bytes: i32): i32 {
  const end = input + bytes;
  let at = input;
  while (at < end && load<u32>(s, LENGTH) < load<u32>(s, CAPACITY)) {
    let next = readShortLine(s, at);
    if (next == 0) next = readLine(s, at);
    if (next == 0 || next > end || !append(s)) break;
    store<u32>(s, load<u32>(s, LINES) + 1, LINES);
    at = next;
  }
  return (at - input) as i32;
}
