// Words of EVT3 that are rows, low times and single events, eight at a time and without a branch on which is which.

/** The lanes of `v`, moved up by one, two or four; zeros come in. */
function up1(v: v128): v128 {
  return v128.shuffle<u8>(i64x2.splat(0), v, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
}

function up2(v: v128): v128 {
  return v128.shuffle<u8>(i64x2.splat(0), v, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27);
}

function up4(v: v128): v128 {
  return v128.shuffle<u8>(i64x2.splat(0), v, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
}

/** What holds in each lane: its own value where `isSet`, else that of the last lane before, else `before`. */
export function carry(values: v128, isSet: v128, before: v128): v128 {
  let v = v128.and(values, isSet);
  let m = isSet;
  v = v128.or(v, v128.andnot(up1(v), m));
  m = v128.or(m, up1(m));
  v = v128.or(v, v128.andnot(up2(v), m));
  m = v128.or(m, up2(m));
  v = v128.or(v, v128.andnot(up4(v), m));
  m = v128.or(m, up4(m));
  return v128.or(v, v128.andnot(before, m));
}

/** Byte numbers that copy lane `lane` into all lanes. */
export function copyOf(lane: i32): v128 {
  return i16x8.splat((lane * 0x0202 + 0x0100) as i16);
}

/** Writes the lanes that `order` names as events; the caller moves on by how many they are. */
export function writeSingles(
  n: i32,
  t: usize,
  xs: usize,
  ys: usize,
  ps: usize,
  high: v128,
  low: v128,
  x: v128,
  row: v128,
  polarity: v128,
  order: v128,
): void {
  v128.store(xs + (n << 1), i8x16.swizzle(x, order));
  v128.store(ys + (n << 1), i8x16.swizzle(row, order));
  const p = i8x16.swizzle(polarity, order);
  v128.store64_lane(ps + n, i8x16.narrow_i16x8_s(p, p), 0);
  const lows = i8x16.swizzle(low, order);
  const first = i32x4.extend_low_i16x8_u(lows);
  const second = i32x4.extend_high_i16x8_u(lows);
  const at = t + (n << 3);
  v128.store(at, i64x2.add(high, i64x2.extend_low_i32x4_u(first)));
  v128.store(at, i64x2.add(high, i64x2.extend_high_i32x4_u(first)), 16);
  v128.store(at, i64x2.add(high, i64x2.extend_low_i32x4_u(second)), 32);
  v128.store(at, i64x2.add(high, i64x2.extend_high_i32x4_u(second)), 48);
}
