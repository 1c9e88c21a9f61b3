// Eight bits of a vector's mask as events: the same few stores whatever the bits are.

/** Writes up to eight events at `n`, and what the next ones overwrite; the caller moves on by the bits that are set. */
export function spread(
  n: i32,
  t: usize,
  xs: usize,
  ys: usize,
  ps: usize,
  tt: v128,
  yy: v128,
  p8: u64,
  x: u32,
  row: usize,
): void {
  const at = t + (n << 3);
  v128.store(at, tt);
  v128.store(at, tt, 16);
  v128.store(at, tt, 32);
  v128.store(at, tt, 48);
  v128.store(xs + (n << 1), i16x8.add(i16x8.splat(x as u16), v128.load(row)));
  v128.store(ys + (n << 1), yy);
  store<u64>(ps + n, p8);
}

/** Eight bytes of one polarity. */
export function polarityBytes(polarity: u32, signed: u32): u64 {
  return (((polarity + (polarity & signed) - signed) & 0xff) as u64) * 0x0101010101010101;
}
