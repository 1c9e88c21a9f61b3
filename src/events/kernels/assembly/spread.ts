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

/** Sixteen times, rows and polarities of one vector at `n`, however many of them will stay. */
export function fill16(n: i32, t: usize, ys: usize, ps: usize, time: i64, row: u32, p8: u64): void {
  const times = i64x2.splat(time);
  const rows = i16x8.splat(row as u16);
  const at = t + (n << 3);
  v128.store(at, times);
  v128.store(at, times, 16);
  v128.store(at, times, 32);
  v128.store(at, times, 48);
  v128.store(at, times, 64);
  v128.store(at, times, 80);
  v128.store(at, times, 96);
  v128.store(at, times, 112);
  v128.store(ys + (n << 1), rows);
  v128.store(ys + (n << 1), rows, 16);
  v128.store(ps + n, i64x2.splat(p8));
}

/** The columns of eight bits at `n`, packed. */
export function spreadX(xs: usize, n: i32, x: u32, bits: u32, tables: usize): void {
  v128.store(xs + (n << 1), i16x8.add(i16x8.splat(x as u16), v128.load(tables + (bits << 4))));
}
